"""What tensors are known by, in files that name them otherwise; and where that is kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

RANGES = "ranges.json"
SAMPLES = "samples.npz"


def mark_of(values: npt.NDArray[Any]) -> list[float]:
    """What a tensor is known by, whatever the order of its axes: size, smallest, largest, sum, sum of squares.

    Args:
        values: Of any shape, not empty.

    Returns:
        Five numbers.
    """
    wide = values.astype(np.float64)
    return [float(wide.size), float(wide.min()), float(wide.max()), float(wide.sum()), float(np.square(wide).sum())]
