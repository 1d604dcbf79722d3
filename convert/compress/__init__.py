"""Smaller weights by fine-tuning: pruning, clustering and quantization-aware training, alone and one after another.

The steps run in a worker's process, on copies of the Keras 2 form of a model; tensorflow-model-optimization does the
wrapping and is imported when a step begins, not before.
"""

from .recipe import PATTERNS, Cluster, Compression, Prune, QuantizeAware, choose_compression, read_compression
from .training_data import TrainingData
from .working import CompressionReport, Working, take_training

__all__ = [
    "PATTERNS",
    "Cluster",
    "Compression",
    "CompressionReport",
    "Prune",
    "QuantizeAware",
    "TrainingData",
    "Working",
    "choose_compression",
    "read_compression",
    "take_training",
]
