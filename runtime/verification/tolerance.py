"""How far an output may be from the full-precision model: the limits, and the defaults with their reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy.typing as npt


@dataclass(frozen=True)
class Tolerance:
    """The limits of one output.

    Attributes:
        atol: Absolute part of ``|output - reference| <= atol + rtol * |reference|``, in the output's real units.
        rtol: Relative part of it.
        min_sqnr_db: Smallest signal to quantization noise ratio, in dB.
        min_top1_agreement: Smallest share of samples with the same top class; None where there are no classes.
    """

    atol: float
    rtol: float
    min_sqnr_db: float
    min_top1_agreement: float | None = None


# For outputs that span 0..1; `default_tolerance` widens atol to the span of other outputs.
# fp32:    the same arithmetic in another order: 1e-5 is about a hundred float32 roundings, and what Polygraphy allows.
# fp16:    weights rounded to 11 bits (2^-11 = 5e-4 relative), amplified by the layers that follow.
# dynamic: weights in 8 bits; healthy files measured 39 to 50 dB.
# int8:    weights and activations in 8 bits; healthy files measured 24 to 40 dB, collapsed ones under 10 dB. A single
#          undecided sample may move far while the rest stands still, so atol is wide and the noise ratio and the
#          agreement carry the verdict.
_DEFAULTS = {
    "fp32": Tolerance(atol=1e-5, rtol=1e-5, min_sqnr_db=100.0, min_top1_agreement=0.999),
    "fp16": Tolerance(atol=2e-2, rtol=1e-2, min_sqnr_db=45.0, min_top1_agreement=0.995),
    "dynamic": Tolerance(atol=0.1, rtol=0.0, min_sqnr_db=30.0, min_top1_agreement=0.99),
    "int8": Tolerance(atol=0.25, rtol=0.0, min_sqnr_db=20.0, min_top1_agreement=0.98),
}
PRECISIONS = tuple(_DEFAULTS)
CLASS_KINDS = ("probabilities", "logits")


def default_tolerance(precision: str, kind: str | None, reference: npt.NDArray[Any]) -> Tolerance:
    """The tolerance that applies where nobody gave another.

    Args:
        precision: One of `PRECISIONS`.
        kind: What the output's values mean.
        reference: The full-precision model's values on real samples; their span scales the absolute tolerance of
            outputs that do not live in 0..1.

    Returns:
        The tolerance, as numbers.
    """
    base = _DEFAULTS[precision]
    span = 1.0
    if kind not in ("probabilities", "mask") and reference.size:
        span = float(reference.max() - reference.min()) or 1.0
    agreement = base.min_top1_agreement if kind in CLASS_KINDS else None
    return Tolerance(base.atol * span, base.rtol, base.min_sqnr_db, agreement)
