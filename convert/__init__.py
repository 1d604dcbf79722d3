"""Convert Keras models and SavedModels to verified TFLite and ONNX files."""

from .budgets import Budgets
from .budgets.searching import convert_within
from .compress import Cluster, Compression, Prune, QuantizeAware, TrainingData, read_compression
from .contracts import Promises, read_promises
from .pipeline import Conversion, convert
from .source import Reading
from .variants import VARIANTS, Variant
from .whole import WholeReport, convert_whole

__all__ = [
    "VARIANTS",
    "Budgets",
    "Cluster",
    "Compression",
    "Conversion",
    "Promises",
    "Prune",
    "QuantizeAware",
    "Reading",
    "TrainingData",
    "Variant",
    "WholeReport",
    "convert",
    "convert_whole",
    "convert_within",
    "read_compression",
    "read_promises",
]
