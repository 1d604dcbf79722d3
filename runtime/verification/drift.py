"""The arithmetic of drift between a reference and an output of the same shape.

Nothing is repaired before it is compared: values that are not finite are counted and fail by themselves, and
every figure below is over the finite pairs only when all pairs are finite; otherwise it is NaN.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..tensors import Kind
from .kinds import FIGURES, figures, figures_for

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Drift:
    """How far one output is from its reference, over all samples.

    Attributes:
        samples: Number of samples compared.
        not_finite: Values of the output that are NaN or infinite.
        max_abs: Largest ``|output - reference|``, in the output's real units.
        mean_abs: Mean of it.
        rmse: Root of the mean square of it.
        sqnr_db: Signal to quantization noise, ``10 log10(sum ref^2 / sum (out - ref)^2)``, in dB; infinite when equal.
        cosine: ``sum(ref * out) / (|ref| |out|)`` over all values, in -1..1.
        max_steps: `max_abs` in steps of the output's quantization; None where the output has none.
        of_kind: What suits the kind of the output, by the names of `FIGURES`.
    """

    samples: int
    not_finite: int
    max_abs: float
    mean_abs: float
    rmse: float
    sqnr_db: float
    cosine: float
    max_steps: float | None
    of_kind: dict[str, float] = field(default_factory=dict)

    @property
    def of_kind_shown(self) -> str:
        """What suits the kind, for tables."""
        texts = [(FIGURES[name], value) for name, value in self.of_kind.items()]
        return ", ".join(f"{figure.name} {value:{figure.format}}{figure.unit}" for figure, value in texts)


def measure(
    reference: Array, output: Array, *, step: float | None = None, kind: Kind | None = None, stepwise: bool = False
) -> Drift:
    """Measure the drift of one output.

    Args:
        reference: The full-precision model's values, (samples, ...).
        output: The artifact's values, same shape, real units.
        step: Size of one quantization step of the output, in real units.
        kind: What the values mean.
        stepwise: Whether the second axis is one of steps.

    Returns:
        The drift. With no values to compare every figure is NaN.
    """
    assert reference.shape == output.shape, "shapes are compared before values"
    ref = reference.astype(np.float64)
    out = output.astype(np.float64)
    not_finite = int(out.size - np.isfinite(out).sum())
    if out.size == 0 or not_finite or not np.isfinite(ref).all():
        names = figures_for(kind, ref, stepwise=stepwise)
        return _undefined(len(ref), not_finite, step, dict.fromkeys(names, math.nan))
    error = np.abs(out - ref)
    max_abs = float(error.max())
    return Drift(
        samples=len(ref),
        not_finite=0,
        max_abs=max_abs,
        mean_abs=float(error.mean()),
        rmse=math.sqrt(_power(error) / error.size),
        sqnr_db=sqnr_db(ref, out),
        cosine=cosine(ref, out),
        max_steps=None if step is None else max_abs / step,
        of_kind=figures(kind, ref, out, stepwise=stepwise),
    )


def sqnr_db(reference: Array, output: Array) -> float:
    """Signal to quantization noise ratio, ``10 log10(sum ref^2 / sum (out - ref)^2)``.

    Args:
        reference: The signal, any shape, finite.
        output: The signal with its noise, same shape, finite.

    Returns:
        Decibels; infinite when the two are equal, minus infinite when only the signal is zero.
    """
    scale = float(np.abs(reference).max(initial=0.0)) or 1.0  # keeps the squares inside the range of float64
    noise, signal = _power((output - reference) / scale), _power(reference / scale)
    if noise == 0.0:
        return math.inf
    return 10.0 * math.log10(signal / noise) if signal else -math.inf


def cosine(reference: Array, output: Array) -> float:
    """Cosine of the angle between two tensors taken as vectors, ``a . b / (|a| |b|)``.

    Args:
        reference: Any shape, finite.
        output: Same shape, finite.

    Returns:
        A number in -1..1; 1.0 when both are zero, 0.0 when one is.
    """
    a, b = _unit(reference), _unit(output)
    if not a.any() or not b.any():
        return float(a.any() == b.any())
    return float(np.clip(np.vdot(a, b), -1.0, 1.0))


def violations(reference: Array, output: Array, *, atol: float, rtol: float) -> int:
    """Count the values outside ``|output - reference| <= atol + rtol * |reference|``; NaN is outside.

    Args:
        reference: Any shape.
        output: Same shape.
        atol: Absolute tolerance, in real units.
        rtol: Relative tolerance.

    Returns:
        How many values are outside.
    """
    ref = reference.astype(np.float64)
    with np.errstate(invalid="ignore"):  # infinity minus infinity is NaN and counts as outside
        inside = np.abs(output.astype(np.float64) - ref) <= atol + rtol * np.abs(ref)
    return int(inside.size - inside.sum())


def _unit(values: Array) -> Array:
    scaled: Array = values / (float(np.abs(values).max(initial=0.0)) or 1.0)
    scaled /= math.sqrt(_power(scaled)) or 1.0
    return scaled


def _power(values: Array) -> float:
    """The sum of the squares."""
    return float(np.vdot(values, values))


def _undefined(samples: int, not_finite: int, step: float | None, of_kind: dict[str, float]) -> Drift:
    nan = math.nan
    return Drift(samples, not_finite, nan, nan, nan, nan, nan, None if step is None else nan, of_kind)
