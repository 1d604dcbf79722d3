"""Whole processes: start to first answer, peak memory, the time of ``--help``, and what is installed on a board."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .harness import Pair, show

ROUNDS = 21
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


def run(bundle: Path) -> bool:
    """Measure them.

    Args:
        bundle: Of the digits.

    Returns:
        Whether the targets were met.
    """
    file = str(bundle / "models" / "fp32.tflite")
    rows = [
        _start("start to first answer, one file", [OURS, file], [BARE, file]),
        _start("start to first answer, a bundle", [OURS, str(bundle), "artifact=fp32.tflite"], [BARE, file]),
        _help(),
    ]
    show("Whole processes", rows)
    memory = [
        ("peak memory, one file", _peak_mb([OURS, file]), _peak_mb([BARE, file])),
        ("peak memory, a bundle", _peak_mb([OURS, str(bundle), "artifact=fp32.tflite"]), _peak_mb([BARE, file])),
    ]
    fits = True
    for what, ours, peer in memory:
        met = ours - peer <= MEMORY_MB
        fits &= met
        print(f"{what:44} {ours:>9.1f} MB {peer:>9.1f} MB  + <= {MEMORY_MB:g} MB ({ours - peer:+.1f}): {_word(met)}")
    size = _installed_kb()
    small = size <= INSTALLED_KB
    print(f"{'installed files, all rooms, no bytecode':44} {size:>9.0f} kB  <= {INSTALLED_KB:g} kB: {_word(small)}")
    return all(row.met for row in rows) and fits and small


def _start(what: str, ours: Sequence[str], peer: Sequence[str]) -> Pair:
    a, b = _alternate(_python(ours), _python(peer))
    target = f"ratio <= {START_RATIO} ({a / 1e3:.0f} ms to {b / 1e3:.0f} ms)"
    return Pair(what, a, b, target, a <= START_RATIO * b, BARE.strip())


def _help() -> Pair:
    a, b = _alternate([sys.executable, "-m", "litefoot.cli.main", "--help"], [sys.executable, "-c", "pass"])
    added = (a - b) / 1e3
    return Pair("litefoot --help", a, b, f"+ <= {HELP_MS:g} ms ({added:+.0f})", added <= HELP_MS, "python -c pass")


def _python(script: Sequence[str]) -> list[str]:
    return [sys.executable, "-c", *script]


def _alternate(ours: Sequence[str], peer: Sequence[str]) -> tuple[float, float]:
    """Median microseconds of two programs, run in turn."""
    times: dict[int, list[float]] = {0: [], 1: []}
    for number in range(ROUNDS + 1):
        for index, command in enumerate((ours, peer)):
            begin = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            if number:  # the first round fills the file system's cache
                times[index].append((time.perf_counter() - begin) * 1e6)
    return float(np.median(times[0])), float(np.median(times[1]))


def _peak_mb(script: Sequence[str]) -> float:
    """Median megabytes of five processes."""
    command = _python([script[0] + PEAK, *script[1:]])
    outputs = [subprocess.run(command, check=True, capture_output=True, text=True).stdout for _ in range(5)]
    return float(np.median([int(output.split()[-1]) for output in outputs])) / 1e3


def _installed_kb() -> float:
    """What the wheel holds; the bytecode that Python keeps beside it is a cache and not counted."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, "."]
        subprocess.run(command, check=True, capture_output=True)
        files = [path for path in Path(folder).rglob("*") if path.is_file() and path.suffix != ".pyc"]
        return sum(path.stat().st_size for path in files) / 1e3


def _word(met: bool) -> str:
    return "met" if met else "MISSED"
