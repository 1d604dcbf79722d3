"""Conversions in child processes: the pool that deals out jobs, and the program that carries them out."""
