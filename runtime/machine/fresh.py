"""The fresh process in which one model is measured: ``python -m litefoot.runtime.machine.fresh MODEL THREADS SECONDS``.

It imports what a program on the board would, and nothing else, until its memory has been read. It prints a line at its
first answer, whose arrival the parent times, and its figures at the end.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import LitefootError
from ..model import Model, load
from ..tensors import TensorSpec

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]


_WARM_UP = 20
_WARM_UP_SECONDS = 1.0
_LEAST_RUNS = 3
_LEAST_BATCH = 4
_PREDICT_BYTES = 64 * 1024 * 1024


def time_calls(model: Model, inputs: Mapping[str, Array], runs: int) -> list[float]:
    """Time single inferences, called as a program would.

    Args:
        model: The model.
        inputs: One sample, by input name.
        runs: How many.

    Returns:
        Seconds of each.
    """
    given: Any = next(iter(inputs.values())) if len(inputs) == 1 else inputs
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        model(given)
        times.append(time.perf_counter() - begin)
    return times


def warm_up(model: Model, inputs: Mapping[str, Array]) -> float:
    """Run some inferences that do not count: fewer where one takes long, at least one.

    Args:
        model: The model.
        inputs: One sample, by input name.

    Returns:
        Seconds of the last.
    """
    deadline = time.perf_counter() + _WARM_UP_SECONDS
    last = 0.0
    for _ in range(_WARM_UP):
        (last,) = time_calls(model, inputs, 1)
        if time.perf_counter() > deadline:
            break
    return last


def sample_inputs(specs: Sequence[TensorSpec], *, stored: bool = False) -> dict[str, Array]:
    """Inputs that fit a model of which nothing but its file is known: seeded values in 0..1, zeros for integers.

    Args:
        specs: What the model takes; free dimensions become 1.
        stored: In the file's own types, instead of real values.

    Returns:
        One sample, by input name.
    """
    generator = np.random.default_rng(0)
    inputs: dict[str, Array] = {}
    for spec in specs:
        shape = tuple(size or 1 for size in spec.shape)
        if spec.dtype.startswith("float") or (spec.quantization is not None and not stored):
            inputs[spec.name] = generator.random(shape, dtype=np.float32)
        else:
            inputs[spec.name] = np.zeros(shape, spec.dtype)
        if stored:
            inputs[spec.name] = inputs[spec.name].astype(spec.dtype)
    return inputs


def measure(path: str, threads: int, seconds: float, artifact: str | None) -> dict[str, Any]:
    """Load a model, answer once and say so, then time it.

    Args:
        path: A bundle folder or a model file.
        threads: Threads inside one inference.
        seconds: How long to time.
        artifact: Which artifact of a bundle.

    Returns:
        The fields of a `BenchmarkResult` that this process can know.
    """
    begin = time.perf_counter()
    model = load(path, artifact=artifact, threads=threads)
    loaded = time.perf_counter()
    inputs = sample_inputs(model.inputs)
    first = time_calls(model, inputs, 1)[0]
    print("answered", flush=True)  # noqa: T201 - the parent waits for this line
    warm_up(model, inputs)
    times: list[float] = []
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline or len(times) < _LEAST_RUNS:
        times += time_calls(model, inputs, 1)
    peak_rss_bytes = _peak_rss_bytes()

    from . import board

    p50, p95, p99 = (float(value) for value in np.percentile(times, [50, 95, 99]))
    return {
        "artifact": model.name,
        "engine": model.engine,
        "threads": threads,
        "runs": len(times),
        "load_ms": (loaded - begin) * 1e3,
        "first_ms": first * 1e3,
        "p50_ms": p50 * 1e3,
        "p95_ms": p95 * 1e3,
        "p99_ms": p99 * 1e3,
        "throughput_per_s": _throughput_per_s(model, inputs, p50, seconds),
        "peak_rss_bytes": peak_rss_bytes,
        "temperature_celsius": board.temperature_celsius(),
        "throttled": board.throttled(),
    }


def _throughput_per_s(model: Model, inputs: Mapping[str, Array], each_s: float, seconds: float) -> float:
    """Samples a second by `predict`, the second time: the first loads the engines. Of sequences, steps a second."""
    if not inputs or any(array.ndim == 0 or len(array) != 1 for array in inputs.values()):
        return 1.0 / each_s  # the file's first dimension is not a batch of one
    sample_bytes = sum(array.nbytes for array in inputs.values())
    count = max(int(min(seconds / each_s, _PREDICT_BYTES / sample_bytes)), _LEAST_BATCH)
    state = model.contract.state if model.contract else {}
    given = {name: array[:, np.newaxis] if state else array for name, array in inputs.items() if name not in state}
    batch = {name: np.repeat(array, count, axis=0) for name, array in given.items()}
    model.predict(batch)
    begin = time.perf_counter()
    model.predict(batch)
    return count / (time.perf_counter() - begin)


def _peak_rss_bytes() -> int:
    """VmHWM of this process. ``getrusage`` would do, but on Linux it remembers the process that started this one."""
    try:
        with Path("/proc/self/status").open() as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    import json

    try:
        figures = measure(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4] if sys.argv[4:] else None)
    except LitefootError as error:
        print(f"\n{error}")  # noqa: T201 - where the parent expects "answered" and the figures
        sys.exit(error.exit_code)
    print(json.dumps(figures))  # noqa: T201
