"""The checks are checked: whatever is wrong with an answer, the verdict says no, and says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.tensors import TensorSpec
from litefoot.runtime.verification.tolerance import Tolerance
from litefoot.runtime.verification.verdict import Check, OutputVerdict, Verdict, judge

SAMPLES = 400
_GENERATOR = np.random.default_rng(11)
CLASSES = _GENERATOR.integers(0, 3, SAMPLES)
REFERENCES = {
    "scores": np.eye(3, dtype=np.float32)[CLASSES] * 4 + _GENERATOR.random((SAMPLES, 3), np.float32),
    "size": _GENERATOR.random((SAMPLES, 3), np.float32) * 10,
}
OUTPUTS = {name: (array + np.float32(0.001)).astype(np.float32) for name, array in REFERENCES.items()}
CASE: dict[str, Any] = {
    "artifact": "int8.tflite",
    "engine": "engine 1.0",
    "contract": ModelContract(
        inputs=(TensorSpec("x", (None, 2), "float32"),),
        outputs=(
            TensorSpec("scores", (None, 3), "float32", kind="logits"),
            TensorSpec("size", (None, 3), "float32", kind="regression"),
        ),
        task="a task",
        metric=Metric("accuracy", 0.02),
    ),
    "references": REFERENCES,
    "outputs": OUTPUTS,
    "targets": CLASSES,
    "tolerances": {"scores": Tolerance(0.01, 0.0, 40.0, {"top1_agreement": 0.99}), "size": Tolerance(0.01, 0.0, 40.0)},
    "steps": {"scores": 0.002},
}


def with_output(name: str, change: Callable[[Any], Any]) -> dict[str, Any]:
    return {"outputs": {**OUTPUTS, name: change(OUTPUTS[name].copy())}}


def with_reference(name: str, change: Callable[[Any], Any]) -> dict[str, Any]:
    return {"references": {**REFERENCES, name: change(REFERENCES[name].copy())}}


def put(value: float) -> Callable[[Any], Any]:
    def change(array: Any) -> Any:
        array[17, 1] = value
        return array

    return change


def test_a_good_answer_passes_with_every_check_shown() -> None:
    verdict = judge(**CASE)
    assert (verdict.status, verdict.passed, verdict.reason) == ("passed", True, "")
    assert [output.output for output in verdict.outputs] == ["scores", "size"]
    names = ["samples", "shape", "dtype", "values not finite", "reference values not finite", "values outside", "SQNR"]
    assert [check.name for check in verdict.outputs[0].checks] == [*names, "top-1 agreement"]
    assert [check.name for check in verdict.outputs[1].checks] == names
    drift = verdict.outputs[0].drift
    assert drift is not None
    assert drift.max_steps == pytest.approx(drift.max_abs / 0.002)
    assert drift.of_kind == {"top1_agreement": 1.0}
    assert verdict.outputs[1].drift is not None
    assert verdict.outputs[1].drift.max_steps is None


WRONG = {
    "one value beyond tolerance": (with_output("size", put(5.0)), "size: values outside 1 of 1200"),
    "one value beyond tolerance in the first output": (with_output("scores", put(9.0)), "scores: values outside"),
    "swapped outputs": ({"outputs": {"scores": OUTPUTS["size"], "size": OUTPUTS["scores"]}}, "scores: values outside"),
    "swapped columns": (with_output("size", lambda array: array[:, ::-1]), "size: values outside"),
    "samples in another order": (with_output("size", lambda array: np.roll(array, 1, axis=0)), "size: values outside"),
    "zeros": (with_output("size", np.zeros_like), "size: values outside"),
    "a NaN": (with_output("size", put(np.nan)), "size: values not finite 1"),
    "an infinite value": (with_output("scores", put(np.inf)), "scores: values not finite 1"),
    "a negative infinite value": (with_output("scores", put(-np.inf)), "scores: values not finite 1"),
    "a missing output": ({"outputs": {"scores": OUTPUTS["scores"]}}, "size: output missing"),
    "no outputs": ({"outputs": {}}, "scores: output missing"),
    "an extra output": ({"outputs": {**OUTPUTS, "more": OUTPUTS["size"]}}, "more: output unexpected"),
    "a renamed output": (
        {"outputs": {"scores": OUTPUTS["scores"], "Size": OUTPUTS["size"]}},
        "Size: output unexpected",
    ),
    "another shape": (with_output("size", lambda array: array.reshape(SAMPLES, 1, 3)), "size: shape (400, 1, 3)"),
    "a shape that would broadcast": (with_output("size", lambda array: array[:, :1]), "size: shape (400, 1)"),
    "one sample too few": (with_output("size", lambda array: array[:-1]), "size: shape (399, 3)"),
    "another dtype": (with_output("size", lambda array: array.astype(np.float64)), "size: dtype float64"),
    "no samples": (
        {
            "references": {name: array[:0] for name, array in REFERENCES.items()},
            "outputs": {name: array[:0] for name, array in OUTPUTS.items()},
            "targets": CLASSES[:0],
        },
        "scores: samples 0",
    ),
    "samples without values": (
        {"references": {**REFERENCES, "size": np.zeros((SAMPLES, 0), np.float32)}}
        | with_output("size", lambda array: array[:, :0]),
        "size: samples",
    ),
    "a reference that is not finite": (with_reference("size", put(np.nan)), "size: reference values not finite 1"),
    "an infinite reference met exactly": (
        with_reference("size", put(np.inf)) | with_output("size", put(np.inf)),
        "size: reference values not finite 1",
    ),
    "a missing reference": ({"references": {"scores": REFERENCES["scores"]}}, "size: reference missing"),
    "no tolerance": ({"tolerances": {"scores": CASE["tolerances"]["scores"]}}, "size: tolerance missing"),
    "a tolerance that is no number": (
        {"tolerances": {**CASE["tolerances"], "size": Tolerance(float("nan"), 0.0, 40.0)}},
        "size: values outside",
    ),
    "noise within tolerance but over the ratio": (
        {"tolerances": {**CASE["tolerances"], "size": Tolerance(0.01, 0.0, 90.0)}},
        "size: SQNR",
    ),
    "a ratio that is no number": (
        {"tolerances": {**CASE["tolerances"], "size": Tolerance(0.01, 0.0, float("nan"))}},
        "size: SQNR",
    ),
    "agreement asked where there are no classes": (
        {"tolerances": {**CASE["tolerances"], "size": Tolerance(0.01, 0.0, 40.0, {"top1_agreement": 0.5})}},
        "size: top-1 agreement not measured",
    ),
    "a contract without outputs": (
        {"contract": replace(CASE["contract"], outputs=()), "outputs": {}},
        "no output was compared",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_answer_fails_and_the_reason_names_it(wrong: str) -> None:
    change, reason = WRONG[wrong]
    verdict = judge(**{**CASE, **change})
    assert verdict.status == "failed"
    assert not verdict.passed
    assert reason in verdict.reason


def test_too_little_agreement_fails_by_itself() -> None:
    swapped = OUTPUTS["scores"].copy()
    swapped[:8] = np.roll(swapped[:8], 1, axis=1)
    loose = {**CASE["tolerances"], "scores": Tolerance(100.0, 0.0, -100.0, {"top1_agreement": 0.99})}
    verdict = judge(**{**CASE, "outputs": {**OUTPUTS, "scores": swapped}, "tolerances": loose, "targets": None})
    failed = [check.name for check in verdict.outputs[0].checks if not check.passed]
    assert failed == ["top-1 agreement"]
    assert "98.00%" in verdict.reason


@pytest.mark.parametrize("name", ["scores", "size"])
def test_the_output_that_failed_is_the_worst(name: str) -> None:
    assert judge(**{**CASE, **with_output(name, put(7.5))}).worst.output == name
    missing = {other: array for other, array in OUTPUTS.items() if other != name}
    assert judge(**{**CASE, "outputs": missing}).worst.output == name


def test_the_noisiest_output_is_the_worst_of_those_that_passed() -> None:
    verdict = judge(**CASE)
    ratios = {output.output: output.drift.sqnr_db for output in verdict.outputs if output.drift}
    assert verdict.worst.output == min(ratios, key=lambda name: ratios[name])
    assert len(set(ratios.values())) == 2


LOOSE = {"scores": Tolerance(100.0, 0.0, -100.0), "size": Tolerance(0.01, 0.0, 40.0)}


@pytest.mark.parametrize(
    ("wrong", "samples", "status", "reason"),
    [
        (0, 400, "passed", ""),
        (60, 400, "failed", "accuracy drop 15.00%, limit 2.00%"),
        (0, 40, "undecided", "more samples needed"),
        (8, 400, "undecided", "no number of samples needed"),
    ],
)
def test_the_task_decides_where_every_output_is_within_tolerance(
    wrong: int, samples: int, status: str, reason: str
) -> None:
    scores = OUTPUTS["scores"].copy()
    scores[:wrong] = np.roll(scores[:wrong], 1, axis=1)
    outputs = {"scores": scores[:samples], "size": OUTPUTS["size"][:samples]}
    references = {name: array[:samples] for name, array in REFERENCES.items()}
    case = {"outputs": outputs, "references": references, "targets": CLASSES[:samples], "tolerances": LOOSE}
    verdict = judge(**{**CASE, **case})
    assert all(output.passed for output in verdict.outputs)
    assert verdict.status == status
    assert reason in verdict.reason
    assert verdict.passed == (status == "passed") == (verdict.reason == "")


def test_a_failed_output_stands_however_well_the_task_does() -> None:
    verdict = judge(**{**CASE, **with_output("size", put(5.0))})
    assert verdict.task is not None
    assert (verdict.task.status, verdict.status) == ("passed", "failed")


@pytest.mark.parametrize(
    "change",
    [{"targets": None}, {"contract": replace(CASE["contract"], metric=None)}],
    ids=["no labels", "no metric"],
)
def test_without_labels_or_metric_the_outputs_alone_decide(change: dict[str, Any]) -> None:
    verdict = judge(**{**CASE, **change})
    assert verdict.task is None
    assert verdict.passed


def test_a_verdict_without_outputs_or_with_one_failed_check_is_no_pass() -> None:
    assert not Verdict("a", "e", (), None).passed
    good, bad = (Check("check", "1", "1", passed=passed) for passed in (True, False))
    assert OutputVerdict("y", (good, good)).passed
    assert not OutputVerdict("y", (good, bad, good)).passed


@pytest.mark.parametrize(("outside", "passed"), [(0, True), (2, True), (3, False)])
def test_as_many_values_as_the_tolerance_allows_may_lie_outside(outside: int, passed: bool) -> None:
    reference = np.linspace(0.0, 1.0, 200, dtype=np.float32).reshape(100, 2)
    output = reference.copy()
    output.ravel()[:outside] += 0.5
    spec = TensorSpec("y", (None, 2), "float32")
    verdict = judge(
        artifact="a", engine="e", contract=ModelContract((), (spec,), ""), references={"y": reference},
        outputs={"y": output}, targets=None, tolerances={"y": Tolerance(0.1, 0.0, 0.0, max_outside=0.01)}, steps={},
    )  # fmt: skip
    assert verdict.passed == passed
