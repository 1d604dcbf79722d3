"""How fast a model file is and how much memory it takes, on this machine.

As a program it is the fresh process in which one artifact is measured: ``python -m litefoot.runtime.bench FILE ...``.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .codec import decode, encode
from .errors import LitefootError, MissingDependency, UnreadableModel, UsageError
from .model import Model, load

Array = npt.NDArray[Any]

_CHILD_SECONDS = 120
_WARM_UP = 20
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
        throughput_per_s: Inferences a second, one after another.
        peak_rss_bytes: Largest resident memory of the process.
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


def benchmark(
    path: Path, artifacts: Sequence[str | None], *, threads: int = 1, seconds: float = 0.3, rounds: int = 3
) -> list[BenchmarkResult]:
    """Measure artifacts in fresh processes, in turn, round by round, so that a slow moment hits all of them alike.

    Args:
        path: A bundle folder, or a single model file.
        artifacts: Names of a bundle's artifacts; ``[None]`` for a single file.
        threads: Threads inside one inference.
        seconds: How long to time inferences in each process.
        rounds: How many processes for each artifact.

    Returns:
        One result for each artifact, in their order.

    Raises:
        UsageError: There is nothing to measure: no artifact, round, thread or time.
        UnreadableModel: An artifact does not load or run; the message holds its process's last words.
        MissingDependency: No engine for an artifact is installed.
    """
    if not artifacts or rounds < 1 or threads < 1 or not 0 < seconds <= _CHILD_SECONDS:
        raise UsageError(
            "There is nothing to measure",
            where=path,
            got=f"{len(artifacts)} artifacts, {rounds} rounds, {threads} threads, {seconds:g} seconds",
            expected=f"at least one of each, and at most {_CHILD_SECONDS} seconds",
        )
    measured: list[list[BenchmarkResult]] = [[] for _ in artifacts]
    for _ in range(rounds):
        for artifact, results in zip(artifacts, measured, strict=True):
            results.append(_in_fresh_process(path, artifact, threads, seconds))
    return [_median(results) for results in measured]


def latencies(models: Sequence[Model], inputs: Mapping[str, Array], *, seconds: float = 1.0) -> list[float]:
    """Median time of one inference for each of several models, measured in turn in this process.

    Args:
        models: Models that take the same inputs.
        inputs: One sample, by input name.
        seconds: How long to measure in all.

    Returns:
        Milliseconds, in the order of the models.
    """
    times: list[list[float]] = [[] for _ in models]
    for model in models:
        _time(model, inputs, _WARM_UP)
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline or not times[0]:
        for model, collected in zip(models, times, strict=True):
            collected += _time(model, inputs, 10)
    return [float(np.median(collected)) * 1e3 for collected in times]


def sample_inputs(model: Model) -> dict[str, Array]:
    """Inputs that fit a model of which nothing but its file is known: seeded values in 0..1, zeros for integers.

    Args:
        model: The model.

    Returns:
        One sample, by input name; free dimensions are 1.
    """
    generator = np.random.default_rng(0)
    shapes = {spec: tuple(size or 1 for size in spec.shape) for spec in model.inputs}
    return {
        spec.name: generator.random(shape, dtype=np.float32)
        if spec.quantization is not None or spec.dtype.startswith("float")
        else np.zeros(shape, spec.dtype)
        for spec, shape in shapes.items()
    }


def cpu_name() -> str:
    """The board's or the processor's name, as Linux tells it; the architecture elsewhere."""
    board = Path("/proc/device-tree/model")
    if board.is_file():
        return board.read_text(errors="replace").strip("\0 \n")
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(errors="replace").splitlines() if cpuinfo.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _in_fresh_process(path: Path, artifact: str | None, threads: int, seconds: float) -> BenchmarkResult:
    """Start a process, note when its first answer arrives, and read its figures."""
    command = [
        sys.executable,
        "-m",
        __name__,
        str(path),
        str(threads),
        str(seconds),
        *([artifact] if artifact else []),
    ]
    begin = time.perf_counter()
    # Without a buffer: `communicate` would not see what `readline` read ahead.
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0) as child:
        assert child.stdout is not None
        child.stdout.readline()
        cold_start_ms = (time.perf_counter() - begin) * 1e3
        try:
            ends = child.communicate(timeout=_CHILD_SECONDS + seconds)
        except subprocess.TimeoutExpired as error:
            child.kill()
            raise UnreadableModel(
                "The benchmark of this model did not end", where=artifact or path, got=f"{_CHILD_SECONDS} s"
            ) from error
    figures, complaints = (end.decode(errors="replace") for end in ends)
    if child.returncode != 0:
        known = _ERRORS.get(child.returncode)
        words = figures.strip() if known else "\n".join(complaints.splitlines()[-4:])
        raise (known or UnreadableModel)("This model does not run here", where=artifact or path, got=words)
    return decode(BenchmarkResult, {**json.loads(figures), "cold_start_ms": cold_start_ms}, "benchmark")


def _measure_here(path: Path, artifact: str | None, threads: int, seconds: float) -> None:
    """The fresh process: load, answer once and say so, then time inferences and print the figures."""
    begin = time.perf_counter()
    model = load(path, artifact=artifact, threads=threads)
    loaded = time.perf_counter()
    inputs = sample_inputs(model)
    prepared = time.perf_counter()
    model.run(inputs)
    answered = time.perf_counter()
    print("answered", flush=True)  # noqa: T201 - the parent waits for this line
    _time(model, inputs, _WARM_UP)
    times: list[float] = []
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline or len(times) < 10:
        times += _time(model, inputs, 10)
    p50, p95, p99 = (float(value) * 1e3 for value in np.percentile(times, [50, 95, 99]))
    result = BenchmarkResult(
        artifact=model.name,
        engine=model.engine,
        cpu=cpu_name(),
        threads=threads,
        rounds=1,
        runs=len(times),
        cold_start_ms=0.0,
        load_ms=(loaded - begin) * 1e3,
        first_ms=(answered - prepared) * 1e3,
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
        throughput_per_s=len(times) / sum(times),
        peak_rss_bytes=_peak_rss_bytes(),
    )
    print(json.dumps(encode(result)))  # noqa: T201 - the parent reads this line


def _time(model: Model, inputs: Mapping[str, Array], runs: int) -> list[float]:
    """Seconds of each of some inferences."""
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        model.run(inputs)
        times.append(time.perf_counter() - begin)
    return times


def _peak_rss_bytes() -> int:
    """VmHWM of this process. ``getrusage`` would do, but on Linux it remembers the process that started this one."""
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _median(results: Sequence[BenchmarkResult]) -> BenchmarkResult:
    first = results[0]
    figures = {
        name: float(np.median([getattr(result, name) for result in results]))
        for name, kind in BenchmarkResult.__annotations__.items()
        if kind == "float"
    }
    peak = int(np.median([result.peak_rss_bytes for result in results]))
    runs = int(np.median([result.runs for result in results]))
    return BenchmarkResult(
        first.artifact,
        first.engine,
        first.cpu,
        first.threads,
        len(results),
        runs,
        **figures,
        peak_rss_bytes=peak,
    )


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m litefoot.runtime.bench")
    parser.add_argument("path", type=Path)
    parser.add_argument("threads", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("artifact", nargs="?")
    arguments = parser.parse_args()
    try:
        _measure_here(arguments.path, arguments.artifact, arguments.threads, arguments.seconds)
    except LitefootError as error:
        print(f"\n{error}")  # noqa: T201 - where the parent expects "answered" and the figures
        sys.exit(error.exit_code)


if __name__ == "__main__":
    _main()
