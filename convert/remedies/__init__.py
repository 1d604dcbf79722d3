"""What makes a float file easier to quantize, and other ways to choose activation ranges. Each is kept if it helps."""

from .equalisation import equalise_activations, equalise_weights
from .masks import clamp_masks
from .remedy import Apply, Remedy

REMEDIES = (
    Remedy("clamped masks", clamp_masks),
    Remedy("equalised weights", equalise_weights),
    Remedy("equalised activations", equalise_activations),
)
"""In the order in which they are worth trying."""

__all__ = ["REMEDIES", "Apply", "Remedy"]
