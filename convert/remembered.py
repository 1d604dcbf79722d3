"""What was computed from a file, for as long as the file is as it was."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")

_SETTLED_NS = 2_000_000_000
"""A file may be written twice within one tick of the clock that dates it; one that is this old has not been."""


def remembered(compute: Callable[[Path], Result]) -> Callable[[Path], Result]:
    """Compute once for each file, and again where it was written since.

    Args:
        compute: Reads a file.

    Returns:
        The same, from memory where the file has the place, size and date that it had.
    """

    @functools.lru_cache(maxsize=256)
    def known(path: Path, *_: int) -> Result:
        return compute(path)

    def look(path: Path) -> Result:
        found = path.stat()
        if time.time_ns() - found.st_mtime_ns < _SETTLED_NS:
            return compute(path)
        return known(path.resolve(), found.st_ino, found.st_size, found.st_mtime_ns)

    return look
