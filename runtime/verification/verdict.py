"""Whether an artifact's outputs pass: every check with its value and its limit, and one status over all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..contract import ModelContract
from ..errors import BadDocument
from ..tensors import TensorSpec
from .drift import Drift, measure, violations
from .metrics import Status, TaskVerdict, judge_task
from .tolerance import CLASS_KINDS, Tolerance

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Check:
    """One comparison of a measured value with its limit.

    Attributes:
        name: What was measured.
        value: What was found, as text.
        limit: What passes, as text.
        passed: Whether it does.
    """

    name: str
    value: str
    limit: str
    passed: bool


@dataclass(frozen=True)
class OutputVerdict:
    """The checks of one output.

    Attributes:
        output: Its name.
        checks: All of them, the failed ones too.
        drift: The figures; None where there was nothing to compare.
    """

    output: str
    checks: tuple[Check, ...]
    drift: Drift | None = None

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)


@dataclass(frozen=True)
class Verdict:
    """The verdict on one artifact.

    Attributes:
        artifact: Its name.
        engine: The engine and its version; drift depends on both.
        outputs: The verdict on each output of the contract, and on each that should not be there.
        task: The verdict on the task's metric; None without labelled samples or metric.
    """

    artifact: str
    engine: str
    outputs: tuple[OutputVerdict, ...]
    task: TaskVerdict | None

    @property
    def status(self) -> Status:
        """Failed if anything failed, undecided if the metric is, else passed."""
        if not self.outputs or not all(output.passed for output in self.outputs):
            return "failed"
        return "passed" if self.task is None else self.task.status

    @property
    def passed(self) -> bool:
        """Whether the status is passed."""
        return self.status == "passed"

    @property
    def worst(self) -> OutputVerdict:
        """The output that failed, else the one with the least signal to noise."""
        return min(
            self.outputs,
            key=lambda output: (output.passed, output.drift.sqnr_db if output.drift else float("-inf")),
        )

    @property
    def reason(self) -> str:
        """In one line, why it did not pass; empty when it did."""
        failed = [
            f"{output.output}: {check.name} {check.value}, limit {check.limit}"
            for output in self.outputs
            for check in output.checks
            if not check.passed
        ]
        if self.task is not None and self.task.status == "failed":
            failed.append(f"{self.task.metric} drop {self.task.drop:.2%}, limit {self.task.max_drop:.2%}")
        if self.task is not None and self.task.status == "undecided":
            needed = (
                "no number of samples" if self.task.more_samples is None else f"{self.task.more_samples} more samples"
            )
            failed.append(
                f"{self.task.metric} drop up to {self.task.high:.2%}, limit {self.task.max_drop:.2%}: {needed} needed"
            )
        return "; ".join(failed) if self.outputs else "no output was compared"


def judge(
    *,
    artifact: str,
    engine: str,
    contract: ModelContract,
    references: Mapping[str, Array],
    outputs: Mapping[str, Array],
    targets: Array | None,
    tolerances: Mapping[str, Tolerance],
    steps: Mapping[str, float],
) -> Verdict:
    """Judge an artifact's outputs against the full-precision model's.

    Args:
        artifact: The artifact's name.
        engine: The engine and its version.
        contract: What the model promises.
        references: By output name, the full-precision model's values, (samples, ...).
        outputs: By output name, the artifact's values in real units, (samples, ...).
        targets: The right answers, (samples,); None without labels.
        tolerances: By output name.
        steps: By output name, the size of one quantization step.

    Returns:
        The verdict. A missing or unexpected output, another shape or dtype, values that are not finite and zero
        samples each fail by themselves.
    """
    verdicts = [
        _judge_output(
            spec,
            references.get(spec.name),
            outputs.get(spec.name),
            tolerances.get(spec.name),
            steps.get(spec.name),
        )
        for spec in contract.outputs
    ]
    unexpected = sorted(outputs.keys() - {spec.name for spec in contract.outputs})
    verdicts += [
        OutputVerdict(name, (Check("output", "unexpected", "only the contract's outputs", passed=False),))
        for name in unexpected
    ]
    return Verdict(artifact, engine, tuple(verdicts), _judge_metric(contract, references, outputs, targets))


def _judge_output(
    spec: TensorSpec,
    reference: Array | None,
    output: Array | None,
    tolerance: Tolerance | None,
    step: float | None,
) -> OutputVerdict:
    present = [
        Check(name, "missing", "present", passed=False)
        for name, thing in (("reference", reference), ("output", output), ("tolerance", tolerance))
        if thing is None
    ]
    if present:
        return OutputVerdict(spec.name, tuple(present))
    assert reference is not None
    assert output is not None
    assert tolerance is not None
    comparable = _comparable(spec, reference, output)
    if not all(check.passed for check in comparable):
        return OutputVerdict(spec.name, comparable)
    drift = measure(reference, output, step=step, classes=spec.kind in CLASS_KINDS)
    return OutputVerdict(spec.name, comparable + _within(reference, output, drift, tolerance), drift)


def _comparable(spec: TensorSpec, reference: Array, output: Array) -> tuple[Check, ...]:
    finite = int(output.size - np.isfinite(output).sum())
    broken = int(reference.size - np.isfinite(reference).sum())
    return (
        Check("samples", str(len(output)), "at least 1", passed=output.size > 0 and len(output) > 0),
        Check("shape", str(output.shape), str(reference.shape), passed=output.shape == reference.shape),
        Check("dtype", str(output.dtype), spec.dtype, passed=str(output.dtype) == spec.dtype),
        Check("values not finite", str(finite), "0", passed=finite == 0),
        Check("reference values not finite", str(broken), "0", passed=broken == 0),
    )


def _within(reference: Array, output: Array, drift: Drift, tolerance: Tolerance) -> tuple[Check, ...]:
    outside = violations(reference, output, atol=tolerance.atol, rtol=tolerance.rtol)
    bound = f"|a - b| <= {tolerance.atol:.3g} + {tolerance.rtol:.3g} |ref|"
    checks = [
        Check(
            "values outside",
            f"{outside} of {output.size} (max {drift.max_abs:.3g})",
            bound,
            passed=outside == 0,
        ),
        Check(
            "SQNR",
            f"{drift.sqnr_db:.1f} dB",
            f">= {tolerance.min_sqnr_db:g} dB",
            passed=drift.sqnr_db >= tolerance.min_sqnr_db,
        ),
    ]
    if tolerance.min_top1_agreement is not None:
        agreement = drift.top1_agreement
        passed = agreement is not None and agreement >= tolerance.min_top1_agreement
        value = "not measured" if agreement is None else f"{agreement:.2%}"
        checks.append(Check("top-1 agreement", value, f">= {tolerance.min_top1_agreement:.2%}", passed=passed))
    return tuple(checks)


def _judge_metric(
    contract: ModelContract,
    references: Mapping[str, Array],
    outputs: Mapping[str, Array],
    targets: Array | None,
) -> TaskVerdict | None:
    """The task's verdict on the first output with classes, where it can be computed at all."""
    scores = next((spec.name for spec in contract.outputs if spec.kind in CLASS_KINDS), None)
    if contract.metric is None or targets is None or scores is None:
        return None
    reference, output = references.get(scores), outputs.get(scores)
    if reference is None or output is None or reference.shape != output.shape or len(output) == 0:
        return None  # the output's own verdict has failed already
    if targets.shape != reference.shape[:-1] or targets.dtype.kind not in "iu":
        raise BadDocument(
            "The golden targets are not a class for each sample",
            got=f"{targets.dtype}{list(targets.shape)}",
            expected=f"integers{list(reference.shape[:-1])}",
        )
    return judge_task(contract.metric, reference, output, targets)
