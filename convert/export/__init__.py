"""Inside a worker: writing model files, and the reference outputs that they are judged by."""
