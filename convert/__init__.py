"""Convert Keras models and SavedModels to verified TFLite and ONNX files."""

from .contracts import Promises, read_promises
from .pipeline import Conversion, convert
from .source import Reading
from .variants import VARIANTS, Variant
from .whole import WholeReport, convert_whole

__all__ = [
    "VARIANTS",
    "Conversion",
    "Promises",
    "Reading",
    "Variant",
    "WholeReport",
    "convert",
    "convert_whole",
    "read_promises",
]
