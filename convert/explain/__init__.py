"""Where a quantized file loses its accuracy: layer by layer, against the float file that it was made from."""

from .explaining import explain_layers
from .layers import LayerError, TensorRange, worst

__all__ = ["LayerError", "TensorRange", "explain_layers", "worst"]
