"""A folder to work in: ONNX Runtime's quantizers leave files of large models wherever they stand."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def inside(folder: str) -> Iterator[None]:
    """Work inside a folder.

    Args:
        folder: It.

    Yields:
        Nothing; relative paths are in it until the end.
    """
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
