"""Arrays on their way from one process to another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


def hand_over(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write arrays to a file that does not last: compressing them takes longer than all else that is done with it.

    Args:
        path: The ``.npz`` file.
        arrays: The arrays by name.
    """
    np.savez(path, allow_pickle=False, **dict(arrays))
