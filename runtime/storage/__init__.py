"""What is on disk: bundles, trained models, and the files that they are made of."""
