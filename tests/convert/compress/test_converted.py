"""Compressed models to bundles, as users make them: by options, by recipe, from Python, and after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from litefoot.convert import Compression, Conversion, Prune, TrainingData, convert
from litefoot.convert.report.report import REPORT, Report
from litefoot.runtime import Bundle
from litefoot.runtime.storage.codec import read_document

pytestmark = pytest.mark.slow

SAMPLE = Path(__file__).parents[3] / "samples" / "compress.toml"
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory, trained_digits: Path, litefoot: Command) -> Path:
    """The digits by the sample's three steps."""
    out = tmp_path_factory.mktemp("compressed") / "digits"
    variants = ("--variants", "int8.tflite", "int8.onnx")
    done = litefoot("convert", trained_digits, "--compress", SAMPLE, "--epochs", 2, "--out", out, *variants)
    assert done.returncode in (0, 1), done.stderr
    assert "prune, epoch" in done.stderr
    assert "compressed: prune 50%, cluster 16, quantization-aware training" in done.stdout
    return out


@pytest.fixture(scope="module")
def report(digits: Path) -> Report:
    return read_document(Report, digits / REPORT)


def test_every_file_agrees_with_the_compressed_model(report: Report) -> None:
    for artifact in report.artifacts:
        assert all(output.passed for output in artifact.verdict.outputs), f"{artifact.name}: {artifact.reason}"
        assert artifact.verdict.compressed


def test_the_metric_is_that_of_the_model_before_and_of_the_file(report: Report, trained_digits: Path) -> None:
    task = report.artifacts[0].verdict.task
    assert task is not None
    assert task.reference > 0.97, "the trained model, not the compressed one"
    assert task.artifact > 0.8


def test_zeros_and_clusters_are_in_the_int8_files(report: Report) -> None:
    assert report.audit is not None
    for file in report.audit.files:
        assert file.zeros > 0.4, file.name
    assert not [kept for kept in report.audit.lost if "int8" in kept.file], report.audit.lost


def test_the_bundle_says_on_a_board_what_it_said_here(digits: Path, report: Report) -> None:
    from litefoot.runtime import load

    for artifact in report.artifacts:
        assert load(digits, artifact=artifact.name).selftest().status == artifact.status


def test_nothing_is_left_beside_the_bundle_and_no_path_in_it(digits: Path) -> None:
    assert [path.name for path in digits.parent.iterdir()] == ["digits"]
    assert "again" not in Bundle(digits).manifest.provenance["trained"]


def arms(folder: Path, own: Path, **options: Any) -> Conversion:
    random = np.random.default_rng(0)
    inputs = {name: random.normal(size=(40, 2)).astype(np.float32) for name in ("left", "right")}
    targets = {name: random.normal(size=(40, 2)).astype(np.float32) for name in ("gap", "total")}
    data = TrainingData(inputs, targets, "mean_squared_error")
    compression = Compression(prune=Prune(), epochs=2)
    variants = ["fp32.tflite"]
    return convert(own / "arms.keras", out=folder, compression=compression, training=data, variants=variants, **options)


def test_dicts_and_a_shared_layer_of_an_inner_model_come_through_and_without_a_metric_nothing_passes(
    tmp_path: Path, own: Path
) -> None:
    before = (own / "arms.keras").read_bytes()
    conversion = arms(tmp_path / "out", own)
    (artifact,) = conversion.report.artifacts
    assert artifact.status == "undecided"
    assert "compression has cost" in artifact.reason
    assert all(output.passed for output in artifact.verdict.outputs)
    assert {output.output for output in artifact.verdict.outputs} == {"gap", "total"}
    assert (own / "arms.keras").read_bytes() == before


def row(own: Path, folder: Path, *more: object) -> list[str]:
    random = np.random.default_rng(0)
    x = random.normal(size=(200, 3)).astype(np.float32)
    np.savez(folder / "row.npz", x=x, labels=x[:, :2])
    return [
        *("convert", str(own / "sequential.keras"), "--training-data", str(folder / "row.npz")),
        *("--prune", "0.5", "--cluster", "3", "--kind", "plus=regression", "--variants", "fp32.tflite"),
        *map(str, more),
    ]


def test_after_a_kill_the_same_command_goes_on_and_gives_the_same_file(
    tmp_path: Path, own: Path, litefoot: Command
) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    order = row(own, tmp_path, "--epochs", 60)
    assert litefoot(*order, "--out", whole).returncode == 1, "undecided: there is no metric"
    command = [sys.executable, "-m", "litefoot.cli.main", *order, "--out", str(killed)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    state = tmp_path / "killed.compressing"
    deadline = time.monotonic() + 200
    while not (state / "cluster.npz").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert (state / "prune.json").is_file()
    assert not killed.exists()
    other = litefoot(*order, "--loss", "mean_absolute_error", "--out", killed)
    assert other.returncode == 2
    assert "was interrupted" in other.stderr
    done = litefoot(*order, "--out", killed)
    assert "went on where it had been interrupted" in done.stdout
    assert (killed / "models/fp32.tflite").read_bytes() == (whole / "models/fp32.tflite").read_bytes()
    assert not state.exists()


@pytest.mark.parametrize(
    ("model", "options", "said"),
    [
        ("sequential.keras", ("--prune", "0.5"), "--training-data"),
        ("subclassed.keras", ("--prune", "0.5", "--training-data", "DATA"), "cannot be compressed"),
        ("sequential.keras", ("--prune", "0.5", "--training-data", "DATA", "--loss", "anger"), "no such loss"),
        ("sequential.keras", ("--epochs", "3"), "--prune, --cluster"),
        ("sequential.keras", ("--prune", "all"), "no way to prune"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_way_out(
    tmp_path: Path, own: Path, command: Any, model: str, options: tuple[str, ...], said: str
) -> None:
    row(own, tmp_path)
    given = [str(tmp_path / "row.npz") if option == "DATA" else option for option in options]
    more = ["--custom-objects", "my_objects:EVERYTHING"] if model == "subclassed.keras" else []
    code, _, errors = command("convert", own / model, "--out", tmp_path / "out", *given, *more)
    assert code in (2, 4), errors
    assert said in errors
