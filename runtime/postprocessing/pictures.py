"""Answers that are pictures, written to files."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import OutputExists, UsageError, require

if TYPE_CHECKING:
    import numpy.typing as npt

_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")


def check_picture_path(path: Path, *, force: bool) -> None:
    """Refuse a place for a picture before any work begins.

    Args:
        path: The file to be written.
        force: Whether a file that is there may be replaced.

    Raises:
        OutputExists: There is one and `force` is false.
        UsageError: The suffix is not that of a picture, or a folder is there.
    """
    if path.suffix.lower() not in _SUFFIXES:
        raise UsageError("This is not the name of a picture", where=path, expected=", ".join(_SUFFIXES))
    if path.is_dir() or (path.exists() and not force):
        raise OutputExists("The output is there already", where=path, fix="give --force, or another --output")


def write_picture(path: Path, pixels: npt.NDArray[Any], *, force: bool = False) -> None:
    """Write a picture; whoever sees the file sees all of it.

    Args:
        path: The file; its suffix says the format.
        pixels: (height, width) or (height, width, 1 or 3) uint8.
        force: Replace a file that is there.

    Raises:
        OutputExists: There is one and `force` is false.
        UsageError: It cannot be written.
        MissingDependency: Pictures need the extra ``images``.
    """
    check_picture_path(path, force=force)
    image = require("PIL.Image", "images")
    plain = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder:
            partial = Path(folder) / path.name
            image.fromarray(plain).save(partial)
            partial.replace(path)
    except OSError as error:
        raise UsageError("The picture cannot be written", where=path, got=error.strerror) from error
