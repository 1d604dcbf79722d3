"""Whether an artifact's outputs pass: every check with its value and its limit, and one status over all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..contract import ModelContract
from ..errors import BadDocument
from ..sequences import visible
from ..tensors import TensorSpec
from .drift import Drift, measure, violations
from .kinds import FIGURES, is_stepwise
from .metrics import METRICS
from .task import Status, TaskVerdict, judge_task, targets_misfit, unmeasurable
from .tolerance import Tolerance

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]


_NO_METRIC = (
    "the file agrees with the compressed model, but no metric on labelled samples tells what the compression has cost"
)


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
        from_original: The same against the model before compression, which nothing is checked by; None without one.
    """

    output: str
    checks: tuple[Check, ...]
    drift: Drift | None = None
    from_original: Drift | None = None

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
        compressed: Whether the model was compressed. Then outputs are compared with those of the compressed model in
            float, and only the metric can tell what the compression itself has cost.
    """

    artifact: str
    engine: str
    outputs: tuple[OutputVerdict, ...]
    task: TaskVerdict | None
    compressed: bool = False

    @property
    def status(self) -> Status:
        """Failed if anything failed, undecided if the metric is, or a compressed model has none, else passed."""
        if not self.outputs or not all(output.passed for output in self.outputs):
            return "failed"
        if self.task is None:
            return "undecided" if self.compressed else "passed"
        return self.task.status

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
        if self.task is not None and self.task.reason:
            failed.append(self.task.reason)
        if self.task is None and self.compressed:
            failed.append(_NO_METRIC)
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
    compressed: Mapping[str, Array] | None = None,
) -> Verdict:
    """Judge an artifact's outputs against the full-precision model's.

    Args:
        artifact: The artifact's name.
        engine: The engine and its version.
        contract: What the model promises.
        references: By output name, the full-precision model's values, (samples, ...); of a model that takes one step,
            (samples, steps, ...), without its state.
        outputs: By output name, the artifact's values in real units, same shapes.
        targets: The right answers, (samples, ...); None without labels.
        tolerances: By output name.
        steps: By output name, the size of one quantization step.
        compressed: By output name, the values of the compressed model in float; empty or None where none was.

    Returns:
        The verdict. A missing or unexpected output, another shape or dtype, values that are not finite and zero
        samples each fail by themselves.

    Raises:
        BadDocument: The metric cannot be measured on these outputs, or the targets are none for it.
    """
    shown = visible({spec.name: spec for spec in contract.outputs}, contract.state)
    verdicts = [
        _judge_output(
            spec,
            (compressed or references).get(spec.name),
            outputs.get(spec.name),
            tolerances.get(spec.name),
            steps.get(spec.name),
        )
        for spec in shown.values()
    ]
    if compressed:
        verdicts = [_with_original(verdict, shown[verdict.output], references, outputs) for verdict in verdicts]
    unexpected = sorted(outputs.keys() - shown.keys())
    verdicts += [
        OutputVerdict(name, (Check("output", "unexpected", "only the contract's outputs", passed=False),))
        for name in unexpected
    ]
    task = _judge_metric(contract, references, outputs, targets)
    return Verdict(artifact, engine, tuple(verdicts), task, bool(compressed))


def _with_original(
    verdict: OutputVerdict, spec: TensorSpec, references: Mapping[str, Array], outputs: Mapping[str, Array]
) -> OutputVerdict:
    """The drift from the model before compression too, where it can be told."""
    reference, output = references.get(spec.name), outputs.get(spec.name)
    if reference is None or output is None or verdict.drift is None or reference.shape != output.shape:
        return verdict
    stepwise = is_stepwise(spec, reference)
    return replace(verdict, from_original=measure(reference, output, step=None, kind=spec.kind, stepwise=stepwise))


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
    drift = measure(reference, output, step=step, kind=spec.kind, stepwise=is_stepwise(spec, reference))
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
    checks = []
    if tolerance.atol is not None:
        outside = violations(reference, output, atol=tolerance.atol, rtol=tolerance.rtol)
        value = f"{outside} of {output.size} (max {drift.max_abs:.3g})"
        bound = f"|a - b| <= {tolerance.atol:.3g} + {tolerance.rtol:.3g} |ref|"
        bound += f" but for {tolerance.max_outside:.1%}" if tolerance.max_outside else ""
        checks.append(Check("values outside", value, bound, passed=outside <= tolerance.max_outside * output.size))
    if tolerance.min_sqnr_db is not None:
        value, bound = f"{drift.sqnr_db:.1f} dB", f">= {tolerance.min_sqnr_db:g} dB"
        checks.append(Check("SQNR", value, bound, passed=drift.sqnr_db >= tolerance.min_sqnr_db))
    checks += [_within_kind(name, drift.of_kind.get(name), limit) for name, limit in tolerance.of_kind.items()]
    return tuple(checks) or (Check("limits", "none", "at least one", passed=False),)


def _within_kind(name: str, value: float | None, limit: float) -> Check:
    figure = FIGURES.get(name)
    if figure is None or value is None:
        return Check(figure.name if figure else name, "not measured", f"{limit:g}", passed=False)
    passed = value >= limit if figure.larger_is_better else value <= limit
    sign = ">=" if figure.larger_is_better else "<="
    texts = [f"{number:{figure.format}}{figure.unit}" for number in (value, limit)]
    return Check(figure.name, texts[0], f"{sign} {texts[1]}", passed=passed)


def _judge_metric(
    contract: ModelContract,
    references: Mapping[str, Array],
    outputs: Mapping[str, Array],
    targets: Array | None,
) -> TaskVerdict | None:
    """The task's verdict, where it can be computed at all."""
    if contract.metric is None or targets is None or not contract.outputs:  # which has failed already
        return None
    if found := unmeasurable(contract):
        raise BadDocument(
            f"The contract's metric {contract.metric.name} has no output", got=found.got, expected=found.expected
        )
    for spec in METRICS[contract.metric.name].outputs(contract):
        reference, output = references.get(spec.name), outputs.get(spec.name)
        if reference is None or output is None or reference.shape != output.shape or output.size == 0:
            return None  # the output's own verdict has failed already
        if not np.isfinite(reference).all() or not np.isfinite(output).all():
            return None
    found = targets_misfit(contract, targets, len(targets), references)
    if found is not None and not found.nothing:  # a bundle may hold the first of the samples only
        raise BadDocument(
            f"The golden targets are none for the metric {contract.metric.name}", got=found.got, expected=found.expected
        )
    return judge_task(contract, references, outputs, targets)
