"""Whole processes: start to first answer, peak memory, the time of ``--help``, and what is installed on a board."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .harness import Row, microseconds

ROUNDS = 61
START_RATIO = 1.10
MEMORY_MB = 3.0
HELP_MS = 60.0
INSTALLED_KB = 300.0

BARE = """
import sys, numpy as np
from ai_edge_litert.interpreter import Interpreter
interpreter = Interpreter(sys.argv[1], num_threads=1)
interpreter.allocate_tensors()
given, returned = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
interpreter.set_tensor(given["index"], np.zeros(given["shape"], given["dtype"]))
interpreter.invoke()
print(interpreter.get_tensor(returned["index"]))
"""
OURS = """
import sys, numpy as np
from litefoot.runtime import load
model = load(sys.argv[1], **dict(argument.split("=") for argument in sys.argv[2:]))
print(model(np.zeros(model.inputs[0].shape, np.float32)))
"""
PEAK = "\nprint(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1])"


def run(bundle: Path) -> list[Row]:
    """Measure them.

    Args:
        bundle: Of the digits.

    Returns:
        The comparisons.
    """
    file = str(bundle.resolve() / "models" / "fp32.tflite")
    bare = [BARE, file]
    ways = (("one file", [OURS, file]), ("a bundle", [OURS, str(bundle.resolve()), "artifact=fp32.tflite"]))
    with tempfile.TemporaryDirectory() as folder:  # as pip leaves it on a board: not editable, compiled to bytecode
        _install(folder)
        starts = [_start(f"process start to first answer, {name}", ours, bare, folder) for name, ours in ways]
        peaks = [_peak(f"peak memory, {name}", ours, bare, folder) for name, ours in ways]
        return [*starts, *peaks, _help(folder), _installed(folder)]


def _install(folder: str, *options: str) -> None:
    shutil.rmtree("build/lib", ignore_errors=True)  # setuptools packs what it finds there, modules long gone included
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, *options, "."]
    subprocess.run(command, check=True, capture_output=True)


def _start(what: str, ours: Sequence[str], bare: Sequence[str], folder: str) -> Row:
    a, b, ratio = _alternate(["-c", *ours], ["-c", *bare], folder)
    target = f"ratio <= {START_RATIO} ({ratio:.2f})"
    return Row(what, microseconds(a), microseconds(b), target, ratio <= START_RATIO, BARE.strip())


def _peak(what: str, ours: Sequence[str], bare: Sequence[str], folder: str) -> Row:
    a, b = _peak_mb(ours, folder), _peak_mb(bare, folder)
    return Row(what, f"{a:.1f} MB", f"{b:.1f} MB", f"+ <= {MEMORY_MB:g} MB ({a - b:+.1f})", a - b <= MEMORY_MB)


def _help(folder: str) -> Row:
    a, b, _ = _alternate(["-m", "litefoot.cli.main", "--help"], ["-c", "pass"], folder)
    target = f"+ <= {HELP_MS:g} ms ({(a - b) / 1e3:+.0f})"
    return Row("litefoot --help, python -c pass", microseconds(a), microseconds(b), target, a - b <= HELP_MS * 1e3)


def _installed(compiled: str) -> Row:
    """What the wheel holds; the bytecode that Python keeps beside it is a cache, named and not counted."""
    with tempfile.TemporaryDirectory() as folder:
        _install(folder, "--no-compile")
        size = _kilobytes(Path(folder))
    target = f"<= {INSTALLED_KB:g} kB (with bytecode {_kilobytes(Path(compiled)):.0f} kB)"
    return Row("installed files beside numpy and engine", f"{size:.0f} kB", "", target, size <= INSTALLED_KB)


def _kilobytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e3


def _run(arguments: Sequence[str], folder: str) -> str:
    """Run Python in an empty place, with only that folder added to what is installed."""
    command = [sys.executable, *arguments]
    environment = {**os.environ, "PYTHONPATH": folder}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment, cwd=folder).stdout


def _alternate(ours: Sequence[str], peer: Sequence[str], folder: str) -> tuple[float, float, float]:
    """Median microseconds of two programs, run in turn, and the median of the ratios of neighbours."""
    times: dict[int, list[float]] = {0: [], 1: []}
    for number in range(ROUNDS + 1):
        order = ((0, ours), (1, peer)) if number % 2 else ((1, peer), (0, ours))
        for index, arguments in order:
            begin = time.perf_counter()
            _run(arguments, folder)
            if number:  # the first round fills the file system's cache
                times[index].append((time.perf_counter() - begin) * 1e6)
    ratios = np.divide(times[0], times[1])
    return float(np.median(times[0])), float(np.median(times[1])), float(np.median(ratios))


def _peak_mb(script: Sequence[str], folder: str) -> float:
    """Median megabytes of five processes."""
    outputs = [_run(["-c", script[0] + PEAK, *script[1:]], folder) for _ in range(5)]
    return float(np.median([int(output.split()[-1]) for output in outputs])) / 1e3
