"""The real thing: TensorFlow's converter dies on a GRU in int8, and the rest of the conversion stands."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from litefoot.cli.main import main
from litefoot.convert.report.report import Report
from litefoot.runtime import Bundle, load
from litefoot.runtime.storage.codec import read_document

pytestmark = pytest.mark.slow

STANDING = ("fp32.tflite", "fp32.onnx")


@pytest.fixture(scope="module")
def converted(
    tiny_trained: Path, litefoot: Callable[..., subprocess.CompletedProcess[str]]
) -> subprocess.CompletedProcess[str]:
    """The conversion, over a bundle that was there before."""
    before = tiny_trained / "crashed"
    before.mkdir()
    (before / "manifest.json").write_text("what was there before")
    (before / "left-over").write_text("of another bundle")
    source = tiny_trained / "recurrent"
    return litefoot("convert", source, "--out", before, "--variants", "int8.tflite", *STANDING, "--force")


def test_the_crash_is_a_failed_stage_with_a_message_for_people(converted: subprocess.CompletedProcess[str]) -> None:
    assert converted.returncode == 5
    assert "Traceback" not in converted.stdout + converted.stderr
    told = converted.stdout.partition("int8.tflite was not made: ")[2]
    for words in ("The converter crashed", "signal SIGSEGV", "calibrat", "dynamic variant", "recommended: fp32.onnx"):
        assert words in told


def test_the_other_variants_stand_in_a_bundle_that_loads(
    converted: subprocess.CompletedProcess[str], tiny_trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = Bundle(tiny_trained / "crashed")
    bundle.check()
    assert tuple(artifact.name for artifact in bundle.artifacts) == STANDING
    assert not (bundle.path / "models" / "int8.tflite").exists()
    for name in STANDING:
        assert load(bundle.path, artifact=name).selftest().passed
    assert main(["verify", str(bundle.path)]) == 0
    assert "int8" not in capsys.readouterr().out


def test_the_report_names_what_was_not_made(converted: subprocess.CompletedProcess[str], tiny_trained: Path) -> None:
    report = read_document(Report, tiny_trained / "crashed" / "report.json")
    assert report.status == "failed"
    assert [(failure.name, failure.error) for failure in report.failures] == [("int8.tflite", "ConversionCrashed")]
    assert "SIGSEGV" in report.failures[0].message
    assert "SIGSEGV" in (tiny_trained / "crashed" / "report.html").read_text()


def test_force_replaces_the_bundle_that_was_there_whole(
    converted: subprocess.CompletedProcess[str], tiny_trained: Path
) -> None:
    assert not (tiny_trained / "crashed" / "left-over").exists()
    assert [path.name for path in tiny_trained.glob(".*")] == []
