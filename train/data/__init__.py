"""Data sets: loaded from the shapes that users have them in, split with a seed, preprocessed by their contract."""
