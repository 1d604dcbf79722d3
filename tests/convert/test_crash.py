"""The real thing: a GRU in int8 is refused by one quantizer, TensorFlow's dies of it, and everything else stands."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from litefoot.cli.main import main
from litefoot.convert.report.report import Report
from litefoot.runtime import Bundle, load
from litefoot.runtime.storage.codec import read_document

pytestmark = pytest.mark.slow

STANDING = ("fp32.tflite", "fp16.tflite", "fp32.onnx", "int8.onnx")  # too small for weights in fewer bits
LOST = ("int8.tflite", "int8-io.tflite")


@pytest.fixture(scope="module")
def converted(
    tiny_trained: Path, own: Path, litefoot: Callable[..., subprocess.CompletedProcess[str]]
) -> subprocess.CompletedProcess[str]:
    """The conversion, over a bundle that was there before."""
    before = tiny_trained / "crashed"
    before.mkdir()
    (before / "manifest.json").write_text("what was there before")
    (before / "left-over").write_text("of another bundle")
    samples = tiny_trained / "steps.npz"
    np.savez(samples, steps=np.random.default_rng(0).uniform(-1, 1, (50, 6, 4)).astype(np.float32))
    return litefoot("convert", own / "gru.keras", "--calibration", samples, "--out", before, "--force")


def test_the_crash_is_a_failed_stage_with_a_message_for_people(converted: subprocess.CompletedProcess[str]) -> None:
    assert converted.returncode == 5
    assert "Traceback" not in converted.stdout + converted.stderr
    told = converted.stdout.partition("int8.tflite was not made: ")[2]
    for words in ("The converter crashed", "signal SIGSEGV", "calibrat", "dynamic variant", "recommended: "):
        assert words in told


def test_what_the_first_quantizer_said_is_told_too_and_tensorflow_is_not_asked_to_die_twice(
    converted: subprocess.CompletedProcess[str],
) -> None:
    first = converted.stdout.partition("int8.tflite was not made: ")[2].partition("int8-io.tflite was not made: ")[0]
    second = converted.stdout.partition("int8-io.tflite was not made: ")[2]
    assert "before:" in first
    assert "a loop (GRU, RNN, or an LSTM that is not fused) cannot be quantized statically" in first
    assert "int8.tflite, which failed" in second
    assert "SIGSEGV" not in second


def test_the_other_variants_stand_in_a_bundle_that_loads(
    converted: subprocess.CompletedProcess[str], tiny_trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = Bundle(tiny_trained / "crashed")
    bundle.check()
    assert tuple(artifact.name for artifact in bundle.artifacts) == STANDING
    assert sorted(path.name for path in (bundle.path / "models").iterdir()) == sorted(STANDING)
    for name in STANDING:
        assert load(bundle.path, artifact=name).selftest().passed
    assert main(["verify", str(bundle.path)]) == 0
    assert "int8.tflite" not in capsys.readouterr().out


def test_the_report_names_what_was_not_made(converted: subprocess.CompletedProcess[str], tiny_trained: Path) -> None:
    report = read_document(Report, tiny_trained / "crashed" / "report.json")
    assert report.status == "failed"
    failures = [(failure.name, failure.error) for failure in report.failures]
    assert failures == list(zip(LOST, ("ConversionCrashed", "ConversionFailed"), strict=True))
    assert "SIGSEGV" in report.failures[0].message
    assert "SIGSEGV" in (tiny_trained / "crashed" / "report.html").read_text()


def test_force_replaces_the_bundle_that_was_there_whole(
    converted: subprocess.CompletedProcess[str], tiny_trained: Path
) -> None:
    assert not (tiny_trained / "crashed" / "left-over").exists()
    assert [path.name for path in tiny_trained.glob(".*")] == []
