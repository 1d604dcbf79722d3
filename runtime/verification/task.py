"""The task's metric on labelled samples, and the loss of it as a paired confidence interval."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..contract import ModelContract
from ..errors import SampleError
from .intervals import bootstrap_interval, more_for_proportions, more_for_width, paired_interval
from .metrics import METRICS, Misfit, Scores, shown

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

Status = Literal["passed", "failed", "undecided"]


@dataclass(frozen=True)
class TaskVerdict:
    """Whether an artifact keeps the task's metric.

    Attributes:
        metric: Its name.
        samples: Number of labelled samples.
        reference: The metric of the full-precision model, in the metric's units.
        artifact: The metric of the artifact on the same samples.
        drop: How much worse the artifact is: ``reference - artifact`` where larger is better, else
            ``artifact - reference``; negative where the artifact is better.
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

    @property
    def reason(self) -> str:
        """In one line, why it did not pass; empty when it did."""
        limit = f"limit {shown(self.metric, self.max_drop)}"
        if self.status == "failed":
            return f"{self.metric} drop {shown(self.metric, self.drop)}, {limit}"
        if self.status == "undecided":
            needed = "no number of samples" if self.more_samples is None else f"{self.more_samples} more samples"
            return f"{self.metric} drop up to {shown(self.metric, self.high)}, {limit}: {needed} needed"
        return ""

    @property
    def interval(self) -> str:
        """The drop with its interval, for tables."""
        drop, low, high = (shown(self.metric, value, "+") for value in (self.drop, self.low, self.high))
        return f"{drop} [{low}, {high}]"


def unmeasurable(contract: ModelContract) -> Misfit | None:
    """Why a contract's metric can be measured on no samples at all.

    Args:
        contract: Of the model.

    Returns:
        The reason; None where it can, or where there is no metric.
    """
    if contract.metric is None or METRICS[contract.metric.name].outputs(contract):
        return None
    kinds = ", ".join(f"{spec.name}: {spec.kind}" for spec in contract.outputs)
    return Misfit(kinds, METRICS[contract.metric.name].wanted())


def targets_misfit(
    contract: ModelContract, targets: Array, samples: int, outputs: Mapping[str, Array] | None = None
) -> Misfit | None:
    """Why right answers cannot be those of a contract's metric.

    Args:
        contract: Of the model, with a metric that can be measured.
        targets: The right answers.
        samples: How many there should be.
        outputs: The answers by output name, where they are known, for sizes that the contract leaves open.

    Returns:
        The reason; None where they fit.
    """
    assert contract.metric is not None
    measured = METRICS[contract.metric.name]
    steps = (None,) if contract.state else ()
    specs = [
        spec._replace(shape=outputs[spec.name].shape if outputs else (samples, *steps, *spec.shape[1:]))
        for spec in measured.outputs(contract)
    ]
    return measured.misfit(specs, targets)


def score_of(contract: ModelContract, outputs: Mapping[str, Array], targets: Array | None) -> float | None:
    """The contract's metric of a model's answers.

    Args:
        contract: Of the model.
        outputs: By output name, real values, (samples, ...), at least those that the metric needs.
        targets: The right answers; docs/verification.md says in what form for each metric.

    Returns:
        The metric; None without one, or without targets.

    Raises:
        SampleError: The targets or the outputs are none for this metric.
    """
    if contract.metric is None or targets is None:
        return None
    found = unmeasurable(contract) or targets_misfit(contract, targets, len(targets), outputs)
    if found is not None:
        what = f"The metric {contract.metric.name} cannot be measured"
        raise SampleError(what, got=found.got, expected=found.expected)
    scores = METRICS[contract.metric.name](contract, outputs, targets)
    return float(scores.score(np.ones(len(scores))))


def judge_task(
    contract: ModelContract, references: Mapping[str, Array], outputs: Mapping[str, Array], targets: Array
) -> TaskVerdict:
    """Judge the loss of the task's metric between two models on the same samples.

    Args:
        contract: Of the model, with its metric and the largest acceptable drop of it.
        references: The full-precision model's answers by output name, finite real values, (samples, ...).
        outputs: The artifact's, same shapes.
        targets: The right answers, which fit by `targets_misfit`; at least one.

    Returns:
        The verdict.
    """
    assert contract.metric is not None
    assert len(targets) > 0, "counted before"
    measured = METRICS[contract.metric.name]
    before, after = (measured(contract, answers, targets) for answers in (references, outputs))
    if before.right is not None and after.right is not None:
        return _judge_shares(contract.metric.name, before.right, after.right, contract.metric.max_drop)
    return _judge_resampled(contract.metric.name, before, after, contract.metric.max_drop)


def _judge_shares(metric: str, before: Array, after: Array, max_drop: float) -> TaskVerdict:
    lost, won, n = int((before & ~after).sum()), int((~before & after).sum()), len(before)
    low, high = paired_interval(lost, won, n)
    status = _status(low, high, max_drop)
    more = more_for_proportions(lost, won, n, max_drop) if status == "undecided" else None
    reference, artifact = float(before.mean()), float(after.mean())
    return TaskVerdict(metric, n, reference, artifact, (lost - won) / n, low, high, max_drop, status, more)


def _judge_resampled(metric: str, before: Scores, after: Scores, max_drop: float) -> TaskVerdict:
    sign, n = (1.0 if before.larger_is_better else -1.0), len(before)

    def drop_of(weights: Array) -> Array:
        first, second = before.score(weights), after.score(weights)
        with np.errstate(invalid="ignore"):  # infinity minus infinity, which is put right
            return np.where(first == second, 0.0, sign * (first - second))

    reference, artifact = float(before.score(np.ones(n))), float(after.score(np.ones(n)))
    drop = float(drop_of(np.ones(n)))
    if n < 2:
        return TaskVerdict(metric, n, reference, artifact, drop, -math.inf, math.inf, max_drop, "undecided", 2 - n)
    low, high = bootstrap_interval(drop_of, n)
    low, high = min(low, drop), max(high, drop)
    status = _status(low, high, max_drop)
    more = more_for_width(drop, low, high, n, max_drop) if status == "undecided" else None
    return TaskVerdict(metric, n, reference, artifact, drop, low, high, max_drop, status, more)


def _status(low: float, high: float, max_drop: float) -> Status:
    return "passed" if high <= max_drop else "failed" if low > max_drop else "undecided"
