"""This machine: what it is, which engines work on it, and how fast a model is here."""
