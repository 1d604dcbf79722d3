"""How long inferences of several files take side by side, in the process that judges them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.machine.fresh import time_calls, warm_up
from litefoot.runtime.model import Model

Array = npt.NDArray[Any]

_TURN_SECONDS = 0.005
_LONGEST_TURN = 10


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
    turns = [max(min(int(_TURN_SECONDS / warm_up(model, inputs)), _LONGEST_TURN), 1) for model in models]
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline or not times[0]:
        for model, turn, collected in zip(models, turns, times, strict=True):
            collected += time_calls(model, inputs, turn)
    return [float(np.median(collected)) * 1e3 for collected in times]
