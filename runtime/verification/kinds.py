"""The figures of drift that suit what an output holds: classes, pictures, steps, tokens, boxes, masks, embeddings."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..tensors import Kind, TensorSpec
from .metrics.classes import by_class, count_classes, mean_where_defined, two_columns
from .metrics.pictures import ssim
from .metrics.scores import ratio
from .metrics.texts import equal_tokens

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]


class Shown(NamedTuple):
    """How a figure is written.

    Attributes:
        name: For people.
        format: Of its value.
        unit: Behind it.
        larger_is_better: Whether it is.
    """

    name: str
    format: str
    unit: str = ""
    larger_is_better: bool = True


FIGURES: dict[str, Shown] = {
    "top1_agreement": Shown("top-1 agreement", ".2%"),
    "psnr_db": Shown("PSNR", ".1f", " dB"),
    "ssim": Shown("SSIM", ".4f"),
    "worst_step_sqnr_db": Shown("SQNR of the worst step", ".1f", " dB"),
    "error_growth": Shown("growth of the error over the steps", ".2f", larger_is_better=False),
    "equal_tokens": Shown("equal tokens", ".2%"),
    "mean_iou": Shown("mean IoU", ".4f"),
    "min_cosine": Shown("smallest cosine", ".5f"),
}
_SUM_OF_PROBABILITIES = 1e-4
_ROUNDING = 2.0**-24
"""Half a step of float32, relative: an error below it is none of the model's."""


def figures_for(kind: Kind | None, reference: Array, *, stepwise: bool) -> tuple[str, ...]:
    """Which figures suit an output.

    Args:
        kind: What it holds.
        reference: The full-precision model's values, (samples, ...).
        stepwise: Whether its second axis is one of steps.

    Returns:
        Their names.
    """
    steps: tuple[str, ...] = ("worst_step_sqnr_db", "error_growth") if stepwise and reference.ndim > 1 else ()
    if kind in ("probabilities", "logits"):
        return "top1_agreement", *steps
    if kind == "image":
        pictures = reference.ndim - stepwise >= 3
        return ("psnr_db", "ssim", *steps) if pictures else ("psnr_db", *steps)
    if kind == "tokens":
        return ("equal_tokens",)
    if kind == "mask" or (kind == "boxes" and are_boxes(reference)):
        return "mean_iou", *steps
    return ("min_cosine", *steps) if kind == "embedding" else steps


def is_stepwise(spec: TensorSpec, reference: Array) -> bool:
    """Whether an output's second axis is one of steps.

    Args:
        spec: Of the output, as the model returns it.
        reference: Its values; for a model that takes one step, with an axis more.

    Returns:
        Whether it is.
    """
    return reference.ndim > len(spec.shape) or (spec.kind == "sequence" and reference.ndim > 1)


def figures(kind: Kind | None, reference: Array, output: Array, *, stepwise: bool) -> dict[str, float]:
    """The figures that suit an output.

    Args:
        kind: What it holds.
        reference: The full-precision model's values, (samples, ...), finite, at least one.
        output: The artifact's, same shape, finite.
        stepwise: Whether its second axis is one of steps.

    Returns:
        By the names of `figures_for`.
    """
    names = figures_for(kind, reference, stepwise=stepwise)
    found: dict[str, float] = {}
    if "top1_agreement" in names:
        first, second = (two_columns(values, kind).argmax(-1) for values in (reference, output))
        found["top1_agreement"] = float((first == second).mean())
    if kind == "image":
        found |= _pictures(reference, output, with_ssim="ssim" in names)
    if "equal_tokens" in names:
        equal, places = (counts.sum() for counts in equal_tokens(*(_rows(values) for values in (reference, output))))
        found["equal_tokens"] = float(equal / places) if places else 1.0
    if "mean_iou" in names:
        found["mean_iou"] = _boxes(reference, output) if kind == "boxes" else _masks(reference, output)
    if "min_cosine" in names:
        found["min_cosine"] = float(_cosines(_rows(reference), _rows(output)).min())
    if "error_growth" in names:
        found |= _steps(reference, output)
    return found


def are_boxes(values: Array) -> bool:
    """Whether values are top, left, bottom, right of boxes, and not offsets that are still to be decoded.

    Args:
        values: Any shape.

    Returns:
        Whether the last axis has four values and every box ends where it begins or behind.
    """
    return bool(values.ndim > 1 and values.shape[-1] == 4 and (values[..., 2:] >= values[..., :2]).all())


def are_probabilities(values: Array) -> bool:
    """Whether every last row sums to one and nothing is negative: what a softmax returns and little else does.

    Args:
        values: (samples, ..., classes).

    Returns:
        Whether it is so.
    """
    if values.dtype.kind != "f" or values.ndim < 2 or values.shape[-1] < 2 or not np.isfinite(values).all():
        return False
    return bool((values >= 0).all() and np.abs(values.sum(axis=-1) - 1).max(initial=0.0) < _SUM_OF_PROBABILITIES)


def _rows(values: Array) -> Array:
    return values.reshape(len(values), -1)


def _pictures(reference: Array, output: Array, *, with_ssim: bool) -> dict[str, float]:
    """The span is that of the reference: nobody said what values its pictures could have."""
    span = float(reference.max() - reference.min()) or 1.0
    noise = float(np.square((output - reference) / span).mean())
    found = {"psnr_db": -10.0 * math.log10(noise) if noise else math.inf}
    return found | {"ssim": float(ssim(reference, output, span).mean())} if with_ssim else found


def _masks(reference: Array, output: Array) -> float:
    """Mean over the reference's classes of the intersection over union of its pixels and the output's."""
    first, second = (_rows(two_columns(values, "mask").argmax(-1)) for values in (reference, output))
    hits, found, there = by_class(count_classes(second, first, max(reference.shape[-1], 2)).sum(0).reshape(-1))
    return float(mean_where_defined(np.where(there > 0, ratio(hits, found + there - hits), np.nan)))


def _boxes(reference: Array, output: Array) -> float:
    """Mean intersection over union of boxes at the same place; an empty box is met by the same one alone."""
    shared = np.minimum(reference[..., 2:], output[..., 2:]) - np.maximum(reference[..., :2], output[..., :2])
    areas = [np.prod((boxes[..., 2:] - boxes[..., :2]).clip(0), axis=-1) for boxes in (reference, output)]
    common = np.prod(shared.clip(0), axis=-1)
    overlaps = ratio(common, areas[0] + areas[1] - common)
    return float(np.where(np.isnan(overlaps), (reference == output).all(-1), overlaps).mean())


def _cosines(reference: Array, output: Array) -> Array:
    """Of each sample; 1 where both are zero, 0 where one is."""
    lengths = []
    units = []
    for rows in (reference, output):
        scaled = rows / np.maximum(np.abs(rows).max(1, initial=0.0, keepdims=True), np.finfo(np.float64).tiny)
        lengths.append(np.linalg.norm(scaled, axis=1))
        units.append(scaled / np.maximum(lengths[-1], np.finfo(np.float64).tiny)[:, np.newaxis])
    cosines = (units[0] * units[1]).sum(1).clip(-1, 1)
    neither = (lengths[0] == 0) & (lengths[1] == 0)
    return np.where(neither, 1.0, cosines)


def _steps(reference: Array, output: Array) -> dict[str, float]:
    """The noise of the worst step against the signal of all, and the error of the later half over the earlier one's."""
    scale = float(np.abs(reference).max(initial=0.0)) or 1.0
    by_step = (0, *range(2, reference.ndim))
    noise = np.square((output - reference) / scale).mean(axis=by_step)
    signal = float(np.square(reference / scale).mean())
    worst = float(noise.max())
    half = len(noise) // 2
    floor = _ROUNDING**2 * signal
    parts = (noise[:half], noise[len(noise) - half :]) if half else (noise, noise)
    earlier, later = (float(part.mean()) + floor for part in parts)
    return {
        "worst_step_sqnr_db": math.inf if not worst else 10 * math.log10(signal / worst) if signal else -math.inf,
        "error_growth": math.sqrt(later / earlier) if earlier else 1.0 if not later else math.inf,
    }
