"""The task's metric on labelled samples, and the loss of it as a paired confidence interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..contract import Metric

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

Status = Literal["passed", "failed", "undecided"]

Z_95 = 1.959963984540054
"""Two-sided 95 % quantile of the standard normal distribution."""


@dataclass(frozen=True)
class TaskVerdict:
    """Whether an artifact keeps the task's metric.

    Attributes:
        metric: Its name.
        samples: Number of labelled samples.
        reference: The metric of the full-precision model, in 0..1.
        artifact: The metric of the artifact on the same samples.
        drop: ``reference - artifact``; negative where the artifact is better.
        low: Lower end of the 95 % confidence interval of the drop.
        high: Upper end of it.
        max_drop: The largest drop that passes.
        status: passed when the whole interval is within `max_drop`, failed when none of it is, else undecided.
        more_samples: How many further samples an undecided verdict needs, at the rates seen so far; None when decided,
            or when no number of samples would decide it.
    """

    metric: str
    samples: int
    reference: float
    artifact: float
    drop: float
    low: float
    high: float
    max_drop: float
    status: Status
    more_samples: int | None


def judge_task(metric: Metric, reference: Array, output: Array, targets: Array) -> TaskVerdict:
    """Judge the loss of the task's metric between two models on the same samples.

    Args:
        metric: Which metric, and its largest acceptable drop.
        reference: The full-precision model's scores per class, (samples, classes).
        output: The artifact's, same shape.
        targets: The right class of each sample, (samples,), integers.

    Returns:
        The verdict; at least one sample.
    """
    assert len(targets) == len(reference) == len(output) > 0, "counted before"
    right_before = reference.argmax(-1) == targets
    right_after = output.argmax(-1) == targets
    lost = int((right_before & ~right_after).sum())
    won = int((~right_before & right_after).sum())
    n = len(targets)
    low, high = paired_interval(lost, won, n)
    status: Status = "passed" if high <= metric.max_drop else "failed" if low > metric.max_drop else "undecided"
    return TaskVerdict(
        metric=metric.name,
        samples=n,
        reference=float(right_before.mean()),
        artifact=float(right_after.mean()),
        drop=(lost - won) / n,
        low=low,
        high=high,
        max_drop=metric.max_drop,
        status=status,
        more_samples=_more_samples(lost, won, n, metric.max_drop) if status == "undecided" else None,
    )


def paired_interval(lost: float, won: float, n: int) -> tuple[float, float]:
    """95 % confidence interval of a difference of two proportions measured on the same samples.

    The Laplace-adjusted Wald interval of Bonett and Price, "Adjusted Wald Confidence Interval for a Difference of
    Binomial Proportions Based on Paired Data", Journal of Educational and Behavioral Statistics 37(4), 2012:
    ``p12 - p21 ± z sqrt((p12 + p21 - (p12 - p21)^2) / (n + 2))`` with ``p = (count + 1) / (n + 2)``.

    Args:
        lost: Samples right before and wrong after.
        won: Samples wrong before and right after.
        n: All samples.

    Returns:
        Lower and upper end of the drop, in -1..1.
    """
    drop, variance = _adjusted(lost, won, n)
    half = Z_95 * math.sqrt(variance / (n + 2))
    return max(drop - half, -1.0), min(drop + half, 1.0)


def _adjusted(lost: float, won: float, n: int) -> tuple[float, float]:
    p_lost, p_won = (lost + 1) / (n + 2), (won + 1) / (n + 2)
    drop = p_lost - p_won
    return drop, p_lost + p_won - drop * drop


def _more_samples(lost: int, won: int, n: int, max_drop: float) -> int | None:
    """Further samples until the interval leaves `max_drop` on one side, if the rates stay as they are."""
    if math.isclose((lost - won) / n, max_drop, abs_tol=1e-9):
        return None

    def decided(samples: int) -> bool:
        low, high = paired_interval(lost * samples / n, won * samples / n, samples)
        return high <= max_drop or low > max_drop

    undecided, enough = n, 2 * n
    while not decided(enough):
        undecided, enough = enough, 2 * enough
    while enough - undecided > 1:
        middle = (undecided + enough) // 2
        undecided, enough = (undecided, middle) if decided(middle) else (middle, enough)
    return enough - n


def accuracy(scores: Array, targets: Array) -> float:
    """Share of samples whose largest score is at the right class.

    Args:
        scores: (samples, classes).
        targets: (samples,), integers.

    Returns:
        A number in 0..1.
    """
    return float(np.mean(scores.argmax(-1) == targets))
