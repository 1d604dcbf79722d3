"""`litefoot convert`, verification included, beside a script that makes the same files and checks nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from litefoot.runtime import load
from litefoot.runtime.verification.drift import measure

from .harness import Row
from .models import CONVERTED, FOLDER

ROUNDS = 5
RATIO = 0.7
COMPARED = ("fp16.tflite", "dynamic.tflite", "int8.tflite", "fp16.onnx", "dynamic.onnx")
PLAIN = Path(__file__).with_name("plain_conversion.py")


def run() -> list[Row]:
    """Measure whole processes, in turn, and the drift of the files that came out.

    Returns:
        The comparisons.
    """
    return [row for name in CONVERTED for row in _compare(name)]


def _compare(name: str) -> list[Row]:
    model, calibration, evaluation = (
        FOLDER / f"{name}{end}" for end in (".keras", "-calibration.npz", "-evaluation.npz")
    )
    ours, plain = FOLDER / f"{name}-ours", FOLDER / f"{name}-plain"
    data = ["--calibration", str(calibration), "--evaluation", str(evaluation)]
    convert = [sys.executable, "-m", "litefoot.cli.main", "convert", str(model), *data, "--out", str(ours), "--force"]
    script = [sys.executable, str(PLAIN), str(model), str(calibration), str(plain)]
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS):
        order = ((0, convert), (1, script)) if number % 2 else ((1, script), (0, convert))
        for index, command in order:
            if command is script:
                shutil.rmtree(plain, ignore_errors=True)
                plain.mkdir()
            times[index].append(_seconds(command, passed=(0, 1) if index == 0 else (0,)))
    ratio = float(np.median(np.divide(*times)))
    medians = [float(np.median(series)) for series in times]
    target = f"ratio <= {RATIO} ({ratio:.2f})"
    what = f"convert {name}, nine files, ours verified"
    return [
        Row(what, f"{medians[0]:.1f} s", f"{medians[1]:.1f} s", target, ratio <= RATIO),
        *(_drift(name, file, ours, plain, evaluation) for file in COMPARED),
    ]


def _drift(name: str, file: str, ours: Path, plain: Path, evaluation: Path) -> Row:
    """SQNR against the Keras model, of the file that was quantized from the float file and of the bare converter's."""
    with np.load(ours / "golden.npz") as golden:
        reference = next(golden[key] for key in golden.files if key.startswith("reference/"))
    with np.load(evaluation) as arrays:
        samples = next(array for key, array in arrays.items() if key != "labels")[: len(reference)]
    found = []
    for path in (ours / "models" / file, plain / file):
        outputs = load(path).predict(samples)
        assert isinstance(outputs, np.ndarray)
        found.append(measure(reference, outputs).sqnr_db)
    what = f"{name} {file}, SQNR"
    met = found[0] >= found[1] - 1.0
    return Row(what, f"{found[0]:.1f} dB", f"{found[1]:.1f} dB", "not 1 dB worse than the bare converter's", met)


def _seconds(command: Sequence[str], passed: tuple[int, ...]) -> float:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    seconds = time.perf_counter() - begin
    if done.returncode not in passed:
        raise RuntimeError(f"{command[1:4]} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return seconds
