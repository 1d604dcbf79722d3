"""The fastest number of threads for a model on this processor, measured once and remembered."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from ..engines import EngineChoice, start
from ..storage.files import sha256
from .board import cpu_name, usable_cores

_SECONDS = 0.1
_WARM_UP = 5


def fastest_threads(path: Path, choice: EngineChoice) -> int:
    """Find the number of threads at which one inference is fastest.

    Args:
        path: The model file.
        choice: The engine.

    Returns:
        A number from 1 to the cores that this process may use.
    """
    cores = usable_cores()
    key = f"{sha256(path)} {choice.name} {cpu_name()} {cores}"
    remembered = _read()
    if key not in remembered:
        times = {threads: _seconds(path, choice, threads) for threads in _candidates(cores)}
        remembered = {**_read(), key: min(times, key=times.__getitem__)}
        _write(remembered)
    return remembered[key]


def cache_folder() -> Path:
    """Where this machine's measurements are kept, by the custom of its system.

    Returns:
        ``$LITEFOOT_CACHE``, else the user's cache folder with ``litefoot`` in it.
    """
    if given := os.environ.get("LITEFOOT_CACHE"):
        return Path(given)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "litefoot"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "litefoot"


def _candidates(cores: int) -> list[int]:
    """1, 2, 4, ... and all."""
    return sorted({*(2**i for i in range(cores.bit_length()) if 2**i <= cores), cores})


def _seconds(path: Path, choice: EngineChoice, threads: int) -> float:
    """Median time of one inference."""
    import statistics
    import time

    from .fresh import sample_inputs

    engine = start(choice, path, threads)
    inputs = list(sample_inputs(engine.inputs, stored=True).values())
    times: list[float] = []
    end = time.perf_counter() + _SECONDS
    while time.perf_counter() < end or len(times) < 2 * _WARM_UP:
        begin = time.perf_counter()
        engine.run(inputs)
        times.append(time.perf_counter() - begin)
    return statistics.median(times[_WARM_UP:])


def _read() -> dict[str, int]:
    """What was remembered; nothing where the file is missing or damaged, since it can be measured again."""
    try:
        stored = json.loads((cache_folder() / "threads.json").read_text(encoding="utf-8"))
        return {key: value for key, value in stored.items() if isinstance(value, int) and value > 0}
    except (OSError, ValueError, AttributeError):
        return {}


def _write(remembered: dict[str, int]) -> None:
    """Replace the file as a whole; a cache that cannot be written is only measured again next time."""
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8") as file:
            json.dump(remembered, file, indent=1)
        Path(file.name).replace(folder / "threads.json")
    except OSError:
        return
