"""`litefoot bench` measures each artifact in fresh processes of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from litefoot.runtime import Bundle
from litefoot.runtime.machine.bench import BenchmarkResult
from litefoot.runtime.storage.codec import decode

pytestmark = pytest.mark.slow

SHORT = ("--rounds", "1", "--seconds", "0.02")


def test_a_bundle_gives_one_row_for_each_artifact(digits_bundle: Path, command: Callable[..., Any]) -> None:
    done = command("bench", digits_bundle, *SHORT)
    assert done.code == 0
    names = [artifact.name for artifact in Bundle(digits_bundle).artifacts]
    lines = [line.split() for line in done.out.splitlines()]
    rows = [cells for cells in lines if cells[0:] and cells[0] in names and cells[1].isdigit()]
    assert [row[0] for row in rows] == names
    assert all(float(figure.replace(",", "")) > 0 for row in rows for figure in row[1:-1])


@pytest.mark.parametrize("name", ["int8.tflite", "int8.onnx"])
def test_json_of_a_file_is_one_result_whose_figures_hold_together(
    digits_bundle: Path, command: Callable[..., Any], name: str
) -> None:
    done = command("bench", digits_bundle / "models" / name, *SHORT, "--threads", "2", "--json")
    (result,) = (decode(BenchmarkResult, entry, "stdout") for entry in json.loads(done.out))
    assert (result.artifact, result.threads, result.rounds) == (name, 2, 1)
    assert 0 < result.p50_ms <= result.p95_ms <= result.p99_ms
    assert result.cold_start_ms > result.load_ms + result.first_ms
    assert result.runs >= 10


@pytest.mark.parametrize("options", [("--rounds", "0"), ("--threads", "0"), ("--seconds", "0"), ("--seconds", "nan")])
def test_nothing_to_measure_is_refused(digits_bundle: Path, refused: Callable[..., str], options: tuple[str]) -> None:
    assert "nothing to measure" in refused(2, "bench", digits_bundle, *options)
