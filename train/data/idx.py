"""Files in the idx format, in which MNIST and its relatives are handed out.

Y. LeCun, C. Cortes and C. Burges, "The MNIST database of handwritten digits": two zero bytes, the element type, the
number of dimensions, each dimension as a big-endian integer of 32 bits, then the elements row by row.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.errors import SampleError, UsageError

Array = npt.NDArray[Any]

_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_PARTS = ("train", "t10k")


def read_idx(path: Path) -> Array:
    """Read one file.

    Args:
        path: The file; with the suffix ``.gz`` it is unpacked.

    Returns:
        Its array, in the shape and type that the file says.

    Raises:
        SampleError: It is damaged, or not an idx file.
    """
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise SampleError("This file cannot be read", where=path, got=str(error) or type(error).__name__) from error
    dtype = _TYPES.get(content[2]) if len(content) >= 4 and content[:2] == b"\0\0" else None
    if dtype is None or len(content) < 4 + 4 * content[3]:
        raise SampleError(
            "This is not an idx file",
            where=path,
            got=content[:4].hex(" ") or "an empty file",
            expected="00 00, the element type (08 for bytes), the number of dimensions, and their sizes",
        )
    start = 4 + 4 * content[3]
    shape = struct.unpack_from(f">{content[3]}I", content, 4)
    expected = math.prod(shape) * np.dtype(dtype).itemsize
    if len(content) - start != expected:
        raise SampleError(
            "This idx file is of another size than it says",
            where=path,
            got=f"{len(content) - start} bytes of elements",
            expected=f"{expected} for {shape}",
        )
    return np.frombuffer(content, dtype, offset=start).reshape(shape).astype(np.dtype(dtype).newbyteorder("="))


def read_idx_folder(folder: Path) -> dict[str, tuple[Array, Array]]:
    """Read a folder of pictures and their labels, by the names that MNIST's files have.

    Args:
        folder: With ``train-images-idx3-ubyte`` and ``train-labels-idx1-ubyte``, the same with ``t10k``, or both
            pairs; each may have the suffix ``.gz``.

    Returns:
        By ``train`` and ``t10k``, as far as they are there: pictures (samples, height, width) uint8, and labels
        (samples,) int64.

    Raises:
        UsageError: None of the pairs is there.
        SampleError: A file is damaged, or a pair does not belong together.
    """
    parts = {}
    for part in _PARTS:
        pictures = _find(folder, f"{part}-images", 3)
        labels = _find(folder, f"{part}-labels", 1)
        if pictures is not None and labels is not None:
            parts[part] = _pair(pictures, labels)
    if not parts:
        raise UsageError(
            "This folder holds no pictures with labels in the idx format",
            where=folder,
            expected="train-images-idx3-ubyte and train-labels-idx1-ubyte, or t10k-..., each with or without .gz",
        )
    return parts


def _find(folder: Path, stem: str, dimensions: int) -> Path | None:
    """The file of this name; some archives write a dot before ``idx``."""
    names = [f"{stem}{mark}idx{dimensions}-ubyte{suffix}" for mark in "-." for suffix in ("", ".gz")]
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _pair(pictures: Path, labels: Path) -> tuple[Array, Array]:
    images, classes = read_idx(pictures), read_idx(labels)
    if images.ndim != 3 or classes.ndim != 1 or images.dtype != np.uint8 or len(images) != len(classes):
        raise SampleError(
            "These two files are not pictures and their labels",
            where=f"{pictures} and {labels.name}",
            got=f"{images.dtype}{list(images.shape)} and {classes.dtype}{list(classes.shape)}",
            expected="uint8[samples, height, width] and as many labels",
        )
    return images, classes.astype(np.int64)
