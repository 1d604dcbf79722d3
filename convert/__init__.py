"""Convert a trained model to verified TFLite and ONNX files."""

from .pipeline import Conversion, convert
from .variants import VARIANTS, Variant

__all__ = ["VARIANTS", "Conversion", "Variant", "convert"]
