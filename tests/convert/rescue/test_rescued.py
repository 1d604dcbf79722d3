"""A model that 8 bits ruin, through the real converters: what is given back, what that costs, and that it is judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from litefoot.convert.report.report import Report
from litefoot.runtime import Bundle, load
from litefoot.runtime.graph import read_graph
from litefoot.runtime.storage.codec import read_document

pytestmark = pytest.mark.slow

MIXED = ["mixed.tflite", "mixed.onnx"]


@pytest.fixture(scope="module")
def report(rescued: Path) -> Report:
    return read_document(Report, rescued / "report.json")


def test_8_bits_fail_and_what_is_mixed_passes(report: Report) -> None:
    statuses = {artifact.name: artifact.status for artifact in report.artifacts}
    assert {name: statuses[name] for name in ("int8.tflite", "int8.onnx")} == {
        "int8.tflite": "failed",
        "int8.onnx": "failed",
    }
    assert {statuses[name] for name in MIXED} == {"passed"}
    assert report.recommended[0] in MIXED


@pytest.mark.parametrize("name", MIXED)
def test_the_layers_that_hurt_are_named_and_their_price(report: Report, name: str) -> None:
    (rescue,) = (rescue for rescue in report.rescues if rescue.name == name)
    sizes = {artifact.name: artifact.bytes for artifact in report.artifacts}
    suffix = name.partition(".")[2]
    assert any("wide" in layer for layer in rescue.in_float)
    assert rescue.held_out == 25
    assert rescue.bytes_to_int8 == pytest.approx(sizes[name] / sizes[f"int8.{suffix}"])
    assert rescue.bytes_to_float == pytest.approx(sizes[name] / sizes[f"fp32.{suffix}"])
    assert rescue.bytes_to_float < 0.8


@pytest.mark.parametrize("name", MIXED)
def test_every_trial_is_in_the_report_and_the_kept_one_is_the_file(report: Report, name: str) -> None:
    trials = [trial for trial in report.trials if trial.name == name]
    assert trials[0].what == "everything in 8 bits"
    assert not trials[0].passed
    kept = [trial for trial in trials if trial.kept]
    assert kept[-1].passed
    assert kept[-1].bytes == next(artifact.bytes for artifact in report.artifacts if artifact.name == name)
    assert all(trial.seconds >= 0 and (trial.passed or trial.reason) for trial in trials)


@pytest.mark.parametrize("name", MIXED)
def test_some_of_it_computes_in_float_and_weights_stay_in_8_bits(rescued: Path, name: str) -> None:
    bundle = Bundle(rescued)
    graph = read_graph(bundle.model_path(bundle.artifact(name)))
    weights = graph.weight_bytes
    assert weights["int8"] > 0.8 * 64 * 64
    assert weights.get("float32", 0) < 64 * 64
    assert {operator.arithmetic for operator in graph.operators} & {"float", "hybrid"}


@pytest.mark.parametrize("name", MIXED)
def test_the_bundle_carries_it_and_proves_it_again(rescued: Path, name: str) -> None:
    bundle = Bundle(rescued)
    bundle.check()
    assert bundle.artifact(name).precision == "mixed"
    assert load(bundle.path, artifact=name).selftest().passed


def test_the_command_says_what_was_done(rescued: Path) -> None:
    said = rescued.with_name("said").read_text()
    for name in MIXED:
        (line,) = (line for line in said.splitlines() if line.startswith(f"{name} rescued: "))
        assert "wide" in line
        assert "25 held-out samples" in line
