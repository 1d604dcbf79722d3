"""Inside a worker: opening what the user gave, as functions that TensorFlow can trace."""
