"""Calibration samples in the form that quantizers take them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy.typing as npt


def one_by_one(arrays: Mapping[str, npt.NDArray[Any]], batch: int = 1) -> Iterator[dict[str, npt.NDArray[Any]]]:
    """Batches of a fixed size, in order; what is left over at the end is not used.

    Args:
        arrays: By input name, (samples, ...).
        batch: Samples that the model takes at once.

    Yields:
        By input name, (batch, ...).
    """
    count = min(len(array) for array in arrays.values())
    for begin in range(0, count - batch + 1, batch):
        yield {name: array[begin : begin + batch] for name, array in arrays.items()}
