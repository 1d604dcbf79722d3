"""A rescue whose process is killed in the middle: what was tried is taken as it was, and nothing changes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from litefoot.convert.report.report import Report
from litefoot.convert.rescue import Trial
from litefoot.runtime.storage.codec import read_document

pytestmark = pytest.mark.slow

ENOUGH, PATIENCE_S = 5, 240
TAKEN = " [taken from what was kept]"


def failed_trials(folder: Path) -> list[Path]:
    """The answers of workers that are about a file which did not pass."""
    kept = [(path, json.loads(path.read_text())) for path in sorted(folder.glob("*.json"))]
    return [path for path, answer in kept if isinstance(answer, dict) and answer["reason"]]


def killed_in_mid_search(command: list[str], trials: Path) -> None:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + PATIENCE_S
    while not trials.is_dir() or len(failed_trials(trials)) < ENOUGH:
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    process.wait()


def test_finished_trials_are_not_repeated_and_the_result_is_the_same(
    wild: Path, rescued: Path, tmp_path: Path, litefoot: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    out = tmp_path / "bundle"
    trials = out.with_name("bundle.trials")
    arguments = ["convert", str(wild), "--out", str(out), "--variants", "int8.tflite", "mixed.tflite", "mixed.onnx"]
    killed_in_mid_search([sys.executable, "-m", "litefoot.cli.main", *arguments], trials)
    assert not out.exists()
    finished = failed_trials(trials)
    for path in finished:  # a mark that only what is taken from here can have
        answer = json.loads(path.read_text())
        path.write_text(json.dumps({**answer, "reason": answer["reason"] + TAKEN}))

    done = litefoot(*arguments)
    assert done.returncode == 1, done.stderr
    assert not trials.exists()
    report, whole = (read_document(Report, folder / "report.json") for folder in (out, rescued))
    assert sum(trial.reason.endswith(TAKEN) for trial in report.trials) == len(finished) >= ENOUGH
    assert list(map(plain, report.trials)) == list(map(plain, whole.trials))
    assert report.rescues == whole.rescues
    for name in ("mixed.tflite", "mixed.onnx"):
        assert (out / "models" / name).read_bytes() == (rescued / "models" / name).read_bytes()


def plain(trial: Trial) -> Trial:
    return replace(trial, seconds=0.0, reason=trial.reason.removesuffix(TAKEN))
