"""Calibration samples in the form that quantizers take them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt


def one_by_one(arrays: Mapping[str, npt.NDArray[Any]], batch: int = 1) -> Iterator[dict[str, npt.NDArray[Any]]]:
    """Batches of a fixed size, in order; the last is filled up with the first samples, which move no range.

    Args:
        arrays: By input name, (samples, ...).
        batch: Samples that the model takes at once.

    Yields:
        By input name, (batch, ...).
    """
    count = min(len(array) for array in arrays.values())
    for begin in range(0, count, batch):
        rows = slice(begin, begin + batch) if begin + batch <= count else np.arange(begin, begin + batch) % count
        yield {name: array[rows] for name, array in arrays.items()}
