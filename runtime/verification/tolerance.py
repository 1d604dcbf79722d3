"""How far an output may be from the full-precision model: the limits, and the defaults with their reasons."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..tensors import TensorSpec

if TYPE_CHECKING:
    import numpy.typing as npt


@dataclass(frozen=True)
class Tolerance:
    """The limits of one output.

    Attributes:
        atol: Absolute part of ``|output - reference| <= atol + rtol * |reference|``, in the output's real units; None
            where the values are no measure, as the numbers of tokens are none.
        rtol: Relative part of it.
        min_sqnr_db: Smallest signal to quantization noise ratio, in dB; None likewise.
        of_kind: The limits of the figures that suit the kind of the output, by their names: the smallest value that
            passes, or the largest where smaller is better.
        max_outside: The share of values that may lie outside the first limit.
    """

    atol: float | None
    rtol: float
    min_sqnr_db: float | None
    of_kind: dict[str, float] = field(default_factory=dict)
    max_outside: float = 0.0


# For outputs that span 0..1; `default_tolerance` widens atol to the span of other outputs.
# fp32:    the same arithmetic in another order: 1e-5 is about a hundred float32 roundings, and what Polygraphy allows.
# fp16:    weights rounded to 11 bits (2^-11 = 5e-4 relative), amplified by the layers that follow.
# int16x8: weights in 8 bits, activations in 16, which add next to nothing.
# dynamic: weights in 8 bits; healthy files measured 39 to 50 dB.
# int8:    weights and activations in 8 bits; healthy files measured 24 to 40 dB, collapsed ones under 10 dB.
# Under 8 bits a single undecided sample, or pixel on a border, may move far while the rest stands still, and among
# more values there are more such: one in a thousand may lie outside, so that more evidence does not fail a sound file.
# Sound files had 2 of 3,342 outside (messages), 1 of 200,704 (generated pictures), 13 of 5.4 million (a U-Net's mask).
_DEFAULTS = {
    "fp32": Tolerance(atol=1e-5, rtol=1e-5, min_sqnr_db=100.0),
    "fp16": Tolerance(atol=2e-2, rtol=1e-2, min_sqnr_db=45.0),
    "int16x8": Tolerance(atol=0.1, rtol=0.0, min_sqnr_db=30.0, max_outside=1e-3),
    "dynamic": Tolerance(atol=0.1, rtol=0.0, min_sqnr_db=30.0, max_outside=1e-3),
    "int8": Tolerance(atol=0.25, rtol=0.0, min_sqnr_db=20.0, max_outside=1e-3),
}
# mixed:   what is used like a file in 8 bits may lose what that may, however many of its layers are in float.
_LIKE = {"mixed": "int8"}
PRECISIONS = (*_DEFAULTS, *_LIKE)
CLASS_KINDS = ("probabilities", "logits")

# For fp32, fp16, int16x8, dynamic, int8. What one of 8 bits may lose is what it is used for: small enough to ship
# unseen.
# agreement: one answer in fifty may change under 8 bits; published int8 classifiers lose 0.5 to 1 point of accuracy.
# PSNR:      a picture over -1..1 has it at least 6 dB above its SQNR, so that the limits are 10 dB above those of the
#            SQNR, to say something of their own; 30 dB is where lossy coding of pictures usually begins. A healthy
#            generator of digits measured 137, 87, 54 and 47 dB, and in SSIM 0.9997 (dynamic) and 0.9987 (int8).
# SSIM:      noise at that PSNR weighs most where a picture is flat: at 30 dB a flat patch has 0.47, one whose values
#            spread by a quarter of the span 0.99.
# step:      a step may have four times the noise of the mean step (6 dB), no more: one that broke down has it all.
#            Healthy GRUs and LSTMs measured 1 to 4 dB.
# tokens:    each is a choice among classes, and one that changes may change those that follow.
# boxes:     an edge that moves by one step of 8 bits (1/255) costs a box of a fifth of the picture 2 % of its overlap,
#            four edges 8 %.
# masks:     pixels that agree by a share a overlap by a / (2 - a), of which the border of small objects has the most.
# cosine:    LiteRT's accuracy debugger asks for 0.99; 20 dB of SQNR are 0.995, and here the worst sample counts.
#            The encoder of a Transformer measured 0.9996 under int8.
# The growth of the error has no limit of its own: the worst step bounds it, and a beginning without any error (padding)
# makes it as large as one likes.
_OF_KIND: dict[str, dict[str, tuple[float, ...]]] = {
    "classes": {"top1_agreement": (0.999, 0.995, 0.99, 0.99, 0.98)},
    "image": {"psnr_db": (110.0, 55.0, 40.0, 40.0, 30.0), "ssim": (0.9999, 0.995, 0.97, 0.97, 0.9)},
    "tokens": {"equal_tokens": (0.999, 0.99, 0.97, 0.97, 0.95)},
    "boxes": {"mean_iou": (0.9999, 0.98, 0.92, 0.92, 0.85)},
    "mask": {"mean_iou": (0.998, 0.99, 0.95, 0.95, 0.9)},
    "embedding": {"min_cosine": (0.99999, 0.9995, 0.995, 0.995, 0.99)},
    "steps": {"worst_step_sqnr_db": (94.0, 39.0, 24.0, 24.0, 14.0)},
}


def default_tolerance(precision: str, spec: TensorSpec, reference: npt.NDArray[Any]) -> Tolerance:
    """The tolerance that applies where nobody gave another.

    Args:
        precision: One of `PRECISIONS`.
        spec: Of the output; its kind is what counts.
        reference: The full-precision model's values on real samples; their span scales the absolute tolerance of
            outputs that do not live in 0..1.

    Returns:
        The tolerance, as numbers.
    """
    from .kinds import figures_for, is_stepwise

    base = _DEFAULTS[_LIKE.get(precision, precision)]
    names = figures_for(spec.kind, reference, stepwise=is_stepwise(spec, reference))
    limits = usual_limits(precision, spec.kind)
    of_kind = {name: limits[name] for name in names if name in limits}
    if spec.kind == "tokens":
        return Tolerance(None, 0.0, None, of_kind)
    assert base.atol is not None
    span = 1.0
    if spec.kind not in ("probabilities", "mask") and reference.size:
        span = float(reference.max() - reference.min()) or 1.0
    return Tolerance(base.atol * span, base.rtol, base.min_sqnr_db, of_kind, base.max_outside)


def usual_limits(precision: str, kind: str | None) -> dict[str, float]:
    """The limits of the figures that can suit a kind.

    Args:
        precision: One of `PRECISIONS`.
        kind: What an output holds.

    Returns:
        By the figure's name, those of the steps too.
    """
    group = "classes" if kind in CLASS_KINDS else kind or ""
    place = PRECISIONS.index(_LIKE.get(precision, precision))
    return {name: values[place] for name, values in {**_OF_KIND.get(group, {}), **_OF_KIND["steps"]}.items()}


def tolerance_for(
    given: dict[str, dict[str, Tolerance]], precision: str, spec: TensorSpec, reference: npt.NDArray[Any]
) -> Tolerance:
    """The tolerance of an output: the contract's own for its precision or for what that is like, else the default.

    Args:
        given: The contract's, by output name and precision.
        precision: One of `PRECISIONS`.
        spec: Of the output.
        reference: The full-precision model's values, as for `default_tolerance`.

    Returns:
        The tolerance, as numbers.
    """
    own = given.get(spec.name, {})
    found = own.get(precision) or own.get(_LIKE.get(precision, precision))
    return found or default_tolerance(precision, spec, reference)
