"""How fast a model file is and how much memory it takes, on this machine."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import MissingDependency, UnreadableModel, UsageError
from ..storage.codec import decode
from . import board

_CHILD_SECONDS = 120
_FRESH = "litefoot.runtime.machine.fresh"
_ERRORS = {error.exit_code: error for error in (UsageError, MissingDependency, UnreadableModel)}
"""What a fresh process that ends with this exit code has raised; its message is on the standard output."""


@dataclass(frozen=True)
class BenchmarkResult:
    """One artifact on one machine. Times are wall-clock; every figure is the median over the rounds.

    Attributes:
        artifact: The artifact's or file's name.
        engine: The engine and its version.
        cpu: The processor.
        threads: Threads inside one inference.
        rounds: Fresh processes measured.
        runs: Inferences timed in each.
        cold_start_ms: From starting a Python process to its first answer.
        load_ms: Importing the engine and loading the file.
        first_ms: The first inference.
        p50_ms: Median inference.
        p95_ms: 95th percentile.
        p99_ms: 99th percentile.
        throughput_per_s: Samples a second by `Model.predict`, on all cores.
        peak_rss_bytes: Largest resident memory of the process before `predict` loads more engines.
        temperature_celsius: The processor's, after the last round; None where the board does not tell.
        throttled: Whether the board slowed its processor down after a round; None where it does not tell.
    """

    artifact: str
    engine: str
    cpu: str
    threads: int
    rounds: int
    runs: int
    cold_start_ms: float
    load_ms: float
    first_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    throughput_per_s: float
    peak_rss_bytes: int
    temperature_celsius: float | None
    throttled: bool | None


def benchmark(
    path: Path,
    subjects: Sequence[tuple[str | None, int]],
    *,
    seconds: float = 0.3,
    rounds: int = 3,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[BenchmarkResult]:
    """Measure artifacts in fresh processes, in turn, round by round, so that a slow moment hits all of them alike.

    Args:
        path: A bundle folder, or a single model file.
        subjects: Names of a bundle's artifacts (None for a single file), each with a number of threads.
        seconds: How long to time inferences in each process.
        rounds: How many processes for each subject.
        progress: Called with what was measured, the processes done and all processes.

    Returns:
        One result for each subject, in their order.

    Raises:
        UsageError: There is nothing to measure: no artifact, round, thread or time.
        UnreadableModel: An artifact does not load or run; the message holds its process's last words.
        MissingDependency: No engine for an artifact is installed.
    """
    if not subjects or rounds < 1 or any(threads < 1 for _, threads in subjects) or not 0 < seconds <= _CHILD_SECONDS:
        raise UsageError(
            "There is nothing to measure",
            where=path,
            got=f"{len(subjects)} artifacts, {rounds} rounds, threads {[n for _, n in subjects]}, {seconds:g} seconds",
            expected=f"at least one of each, and at most {_CHILD_SECONDS} seconds",
        )
    measured: list[list[BenchmarkResult]] = [[] for _ in subjects]
    for turn in range(rounds):
        for number, ((artifact, threads), results) in enumerate(zip(subjects, measured, strict=True)):
            results.append(_in_fresh_process(path, artifact, threads, seconds))
            if progress is not None:
                progress(results[-1].artifact, turn * len(subjects) + number + 1, rounds * len(subjects))
    return [_median(results) for results in measured]


def _in_fresh_process(path: Path, artifact: str | None, threads: int, seconds: float) -> BenchmarkResult:
    """Start a process, note when its first answer arrives, and read its figures."""
    command = [sys.executable, "-m", _FRESH, str(path), str(threads), str(seconds), *([artifact] if artifact else [])]
    with tempfile.TemporaryFile() as log:
        begin = time.perf_counter()
        # Without a buffer: `communicate` would not see what `readline` read ahead.
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, bufsize=0) as child:
            watchdog = threading.Timer(_CHILD_SECONDS + 10 * seconds, child.kill)
            watchdog.start()
            assert child.stdout is not None
            try:
                child.stdout.readline()
                cold_start_ms = (time.perf_counter() - begin) * 1e3
                figures = child.communicate()[0].decode(errors="replace")
            finally:
                watchdog.cancel()
                child.kill()  # after an interrupt: this process would wait for both
        log.seek(0)
        complaints = log.read().decode(errors="replace")
    if child.returncode != 0:
        if child.returncode == -signal.SIGKILL:
            complaints = f"killed: no end after {_CHILD_SECONDS + 10 * seconds:g} s, or no memory left"
        if known := _ERRORS.get(child.returncode):
            raise known(figures.strip())
        words = "\n".join(complaints.splitlines()[-4:])
        raise UnreadableModel("This model does not run here", where=artifact or path, got=words)
    measured = {**json.loads(figures), "cpu": board.cpu_name(), "cold_start_ms": cold_start_ms, "rounds": 1}
    return decode(BenchmarkResult, measured, "benchmark")


def _median(results: Sequence[BenchmarkResult]) -> BenchmarkResult:
    """One result over the rounds: medians of the figures, the last temperature, throttled if it ever was."""

    def median(name: str) -> float:
        return float(np.median([getattr(result, name) for result in results]))

    times = ("cold_start_ms", "load_ms", "first_ms", "p50_ms", "p95_ms", "p99_ms", "throughput_per_s")
    throttled = [result.throttled for result in results if result.throttled is not None]
    figures: dict[str, Any] = {name: median(name) for name in times}
    return replace(
        results[-1],
        rounds=len(results),
        runs=int(median("runs")),
        peak_rss_bytes=int(median("peak_rss_bytes")),
        throttled=any(throttled) if throttled else None,
        **figures,
    )
