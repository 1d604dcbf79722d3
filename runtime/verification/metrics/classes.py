"""Metrics of classes: for whole samples, for each step of a sequence, for each pixel."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...contract import ModelContract
from ...tensors import Kind, TensorSpec
from .scores import Additive, Misfit, Scores, range_misfit, ratio, shape_misfit

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

SMALLEST_PROBABILITY = 1e-7
"""As in Keras's cross-entropy: a class to which 8 bits gave zero is very improbable, not impossible."""

_NOT_COUNTED = ", or -1 for what is not counted"


class _OfClasses(Additive):
    kinds: ClassVar[tuple[Kind, ...]] = ("probabilities", "logits")

    @classmethod
    def misfit(cls, specs: Sequence[TensorSpec], targets: Array) -> Misfit | None:
        """Why these targets are no classes; see `Scores.misfit`."""
        *shape, classes = specs[0].shape
        shapes = [tuple(shape), *([(shape[0],)] if len(shape) == 2 else [])]
        if found := shape_misfit(targets, "iu", shapes):
            return found
        largest = math.inf if classes is None else max(classes, 2) - 1
        if found := range_misfit(targets, -1, largest):
            return Misfit(found.got, f"0 to {largest:g}{_NOT_COUNTED}")
        return None if (targets >= 0).any() else Misfit("-1 everywhere", f"a class from 0 to {largest:g}", nothing=True)


class Accuracy(_OfClasses):
    """The share of answers whose most probable class is the right one."""

    shown = ".2%"

    def __init__(self, contract: ModelContract, outputs: Mapping[str, Array], targets: Array) -> None:
        scores, answers = aligned(self, contract, outputs, targets)
        counted = answers >= 0
        right = (scores.argmax(-1) == answers) & counted
        self.statistics = np.stack([right.sum(1), counted.sum(1)], axis=1).astype(np.float64)
        if answers.shape[1] == 1:
            self.right = right[counted]

    @staticmethod
    def formula(sums: Array) -> Array:
        """Right answers in all; see `Additive.formula`."""
        return ratio(sums[..., 0], sums[..., 1])


class _Counts(_OfClasses):
    """From how often each class was found rightly, was found, and is there."""

    def __init__(self, contract: ModelContract, outputs: Mapping[str, Array], targets: Array) -> None:
        scores, answers = aligned(self, contract, outputs, targets)
        counts = count_classes(scores.argmax(-1), answers, scores.shape[-1])
        self.statistics = counts[:, self._measured(counts)].reshape(len(counts), -1)

    def _measured(self, counts: Array) -> Array:
        """The classes that there are; what is found and is not there is missing elsewhere."""
        there: Array = counts[:, :, 2].sum(0) > 0
        return there


class F1(_Counts):
    """``2 hits / (found + there)``: of class 1 where there are two, else the mean over the classes that there are.

    van Rijsbergen, "Information Retrieval", 2nd edition, 1979, chapter 7, with precision and recall alike; the mean
    over classes is that of Sokolova and Lapalme, Information Processing & Management 45(4), 2009, for classes that
    occur.
    """

    def _measured(self, counts: Array) -> Array:
        there = super()._measured(counts)
        return np.arange(2) == 1 if len(there) == 2 else there

    @staticmethod
    def formula(sums: Array) -> Array:
        """The mean over classes; see `Additive.formula`."""
        hits, found, there = by_class(sums)
        return mean_where_defined(ratio(2 * hits, found + there))

    @classmethod
    def misfit(cls, specs: Sequence[TensorSpec], targets: Array) -> Misfit | None:
        """Why these targets are no classes; see `Scores.misfit`."""
        two = specs[0].shape[-1] in (1, 2)
        found = super().misfit(specs, targets)
        if found is None and two and not (targets == 1).any():
            return Misfit("none of class 1", "at least one", nothing=True)
        return found


class MeanIou(_Counts):
    """Mean over the classes that there are of ``hits / (found + there - hits)``, over the pixels of all samples.

    Everingham et al., "The PASCAL Visual Object Classes (VOC) Challenge", International Journal of Computer Vision
    88(2), 2010, on segmentation.
    """

    kinds = ("mask",)
    usual_drop = 0.02

    @staticmethod
    def formula(sums: Array) -> Array:
        """The mean over classes; see `Additive.formula`."""
        hits, found, there = by_class(sums)
        return mean_where_defined(ratio(hits, found + there - hits))


class Perplexity(_OfClasses):
    """``exp(-mean(log p))`` of the probabilities given to the right answers, natural logarithm.

    Jelinek et al., "Perplexity: a measure of the difficulty of speech recognition tasks", Journal of the Acoustical
    Society of America 62(S1), 1977.
    """

    larger_is_better = False
    most = math.inf
    usual_drop = None

    def __init__(self, contract: ModelContract, outputs: Mapping[str, Array], targets: Array) -> None:
        scores, answers = aligned(self, contract, outputs, targets)
        counted = answers >= 0
        chosen = np.take_along_axis(_log_probabilities(self, contract, scores), answers.clip(0)[..., np.newaxis], -1)
        losses = np.where(counted, -chosen[..., 0], 0.0)
        self.statistics = np.stack([losses.sum(1), counted.sum(1)], axis=1)

    @staticmethod
    def formula(sums: Array) -> Array:
        """The exponential of the mean loss; see `Additive.formula`."""
        with np.errstate(over="ignore"):  # an infinite perplexity is one
            perplexity: Array = np.exp(ratio(sums[..., 0], sums[..., 1]))
        return perplexity


def aligned(
    metric: Scores, contract: ModelContract, outputs: Mapping[str, Array], targets: Array
) -> tuple[Array, Array]:
    """Scores and right classes side by side.

    Args:
        metric: Which says on what output.
        contract: Of the model.
        outputs: By name; (samples, ..., classes), or (samples, ..., 1) of the second of two classes.
        targets: (samples, ...) integers; (samples,) for the last step of (samples, steps, classes).

    Returns:
        Scores (samples, positions, classes), at least two classes, and classes (samples, positions).
    """
    spec = metric.outputs(contract)[0]
    scores = outputs[spec.name]
    if scores.ndim == targets.ndim + 2:
        scores = scores[:, -1]
    return (
        two_columns(scores, spec.kind).reshape(len(scores), -1, max(scores.shape[-1], 2)),
        targets.reshape(len(targets), -1),
    )


def two_columns(scores: Array, kind: str | None) -> Array:
    """A single score as the scores of two classes.

    Args:
        scores: (..., classes).
        kind: Of the output; ``logits`` puts the border between the classes at 0, anything else at 0.5.

    Returns:
        The scores; for a single one (..., 2).
    """
    if scores.shape[-1] != 1:
        return scores
    first = np.zeros_like(scores) if kind == "logits" else 1 - scores
    return np.concatenate([first, scores], axis=-1)


def count_classes(predicted: Array, answers: Array, classes: int) -> Array:
    """How often each class was found rightly, was found, and is there.

    Args:
        predicted: (samples, positions) integers.
        answers: Same shape; -1 for what is not counted.
        classes: Their number.

    Returns:
        (samples, classes, 3) float64.
    """
    samples = len(answers)
    rows = np.broadcast_to(np.arange(samples)[:, np.newaxis] * classes, answers.shape)
    counted, right = answers >= 0, answers == predicted
    tallies = [
        np.bincount((rows + what)[where].ravel(), minlength=samples * classes).reshape(samples, classes)
        for what, where in ((answers, counted & right), (predicted, counted), (answers, counted))
    ]
    return np.stack(tallies, axis=-1).astype(np.float64)


def by_class(sums: Array) -> tuple[Array, Array, Array]:
    """Sums of `count_classes` apart.

    Args:
        sums: (..., classes * 3).

    Returns:
        Hits, found, there, each (..., classes).
    """
    counts = sums.reshape(*sums.shape[:-1], -1, 3)
    return counts[..., 0], counts[..., 1], counts[..., 2]


def mean_where_defined(values: Array) -> Array:
    """Mean over the last axis of what is not NaN.

    Args:
        values: (..., n).

    Returns:
        (...); NaN where nothing is defined.
    """
    defined = ~np.isnan(values)
    return ratio(np.where(defined, values, 0.0).sum(-1), defined.sum(-1))


def _log_probabilities(metric: Scores, contract: ModelContract, scores: Array) -> Array:
    values = scores.astype(np.float64)
    if metric.outputs(contract)[0].kind == "probabilities":
        return np.asarray(np.log(values.clip(SMALLEST_PROBABILITY)))
    values -= values.max(-1, keepdims=True)
    return np.asarray(values - np.log(np.exp(values).sum(-1, keepdims=True)))
