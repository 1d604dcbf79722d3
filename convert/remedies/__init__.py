"""What makes a float file easier to quantize, and other ways to choose activation ranges. Each is kept if it helps."""

from .biases import correct_biases, restore_biases
from .calibration import CALIBRATIONS, Calibration
from .equalisation import equalise_activations, equalise_weights
from .masks import clamp_masks
from .remedy import Apply, Remedy

BIASES = "corrected biases"
REMEDIES = (
    Remedy("clamped masks", clamp_masks),
    Remedy("equalised weights", equalise_weights),
    Remedy("equalised activations", equalise_activations),
    Remedy(BIASES, correct_biases),
)
"""In the order in which they are worth trying: each may be given the file that the one before it wrote."""

__all__ = ["BIASES", "CALIBRATIONS", "REMEDIES", "Apply", "Calibration", "Remedy", "correct_biases", "restore_biases"]
