"""What one layer of a quantized file loses, and which layer loses most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class TensorRange:
    """The range that calibration gave to a tensor, against the values that the float file computes there.

    Attributes:
        low: Smallest real value that the tensor can store.
        high: Largest.
        seen_low: Smallest value of the float file on the samples.
        seen_high: Largest.
        usual_low: The value that one in a thousand of them is below.
        usual_high: The value that one in a thousand of them is above.
        clipped: Share of the float file's values outside the range by more than half a step; 0..1.
        dead: Share of the range that no value of the float file reaches; 0..1.
        counts: How many values fall into each of equal bins, from the smaller of the two lows to the larger high.
    """

    low: float
    high: float
    seen_low: float
    seen_high: float
    usual_low: float
    usual_high: float
    clipped: float
    dead: float
    counts: tuple[int, ...]


@dataclass(frozen=True)
class LayerError:
    """What one operator's output is in a quantized file, against the same tensor of the float file.

    Attributes:
        layer: The Keras layer's name; empty where the file does not tell.
        operator: Its type in the format's own words, for example ``CONV_2D``; ``INPUT`` for an input of the model.
        tensor: The name in the quantized file.
        float_tensor: The name in the float file.
        stored: The element type that the quantized file stores, for example ``int8``.
        sqnr_db: Signal to noise with all the errors of the layers before it; infinite without any error.
        own_sqnr_db: Signal to noise of what this layer adds: the float layer is given the very values that the
            quantized layer was given.
        noise_share: Share of the noise at the model's outputs that comes from this layer: the float file is run with
            this layer's own error alone, and the noise at its outputs divided by the sum over all layers; 0..1.
        max_error_steps: Largest error, in steps of the tensor's quantization; None where it is stored as float.
        mean_error_steps: Mean absolute error, likewise.
        range: What calibration saw against what the samples hold; None where it is stored as float.
    """

    layer: str
    operator: str
    tensor: str
    float_tensor: str
    stored: str
    sqnr_db: float
    own_sqnr_db: float
    noise_share: float
    max_error_steps: float | None
    mean_error_steps: float | None
    range: TensorRange | None


def worst(layers: Sequence[LayerError]) -> tuple[LayerError, ...]:
    """Rank layers by what giving each of them back to float would gain.

    Noise that a layer passes on is not its own fault, and noise that the layers behind it swallow hurts nobody: what
    counts is the share of the noise at the model's outputs. It is the sensitivity of Dong et al. 2019 (HAWQ,
    arXiv:1905.03696), measured with the layer's own error in place of estimated by curvature.

    Args:
        layers: What `explain_layers` returned.

    Returns:
        The worst first; equal shares by their own noise, then in execution order.
    """
    return tuple(sorted(layers, key=lambda layer: (-layer.noise_share, layer.own_sqnr_db)))
