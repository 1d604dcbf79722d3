"""Fitting a model: the loop, its state on disk, the devices it runs on, and its picture."""
