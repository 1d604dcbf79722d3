"""The steps from a decoded file to a model's input, as data; the same numpy code runs in training and on the board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .errors import LitefootError, SampleError, UsageError, require

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Grayscale:
    """Colour to one channel by the luma weights of ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B; alpha is dropped."""

    op: Literal["grayscale"] = "grayscale"

    def __str__(self) -> str:
        return "grayscale"


@dataclass(frozen=True)
class Resize:
    """Bilinear resizing to a fixed size, antialiased where it shrinks.

    Attributes:
        height: Rows of the result, in pixels.
        width: Columns of the result, in pixels.
    """

    height: int
    width: int
    op: Literal["resize"] = "resize"

    def __str__(self) -> str:
        return f"resize to {self.height} x {self.width}"


@dataclass(frozen=True)
class Scale:
    """``value * scale + offset`` in float32.

    Attributes:
        scale: Factor, for example 1/255.
        offset: Summand, in units of the result.
    """

    scale: float
    offset: float = 0.0
    op: Literal["scale"] = "scale"

    def __str__(self) -> str:
        return f"value * {self.scale:.6g} + {self.offset:g}"


Step = Grayscale | Resize | Scale


def preprocess(sample: Array, steps: Sequence[Step]) -> npt.NDArray[np.float32]:
    """Carry out the steps on one sample.

    Args:
        sample: A decoded picture, uint8 or float, (height, width) or (height, width, channels).
        steps: What to do, in order.

    Returns:
        The model's input without its batch dimension, float32.

    Raises:
        SampleError: The sample holds no real numbers, has no pixels, or not the shape of a picture.
    """
    given = np.asarray(sample)
    if given.dtype.kind not in "biuf":
        raise SampleError("This sample does not hold real numbers", got=given.dtype)
    values = given.astype(np.float32)
    for step in steps:
        values = _apply(step, values)
    return values


def read_sample(path: Path) -> Array:
    """Decode one file.

    Args:
        path: A picture (png, jpg, bmp) or an array (npy).

    Returns:
        A picture as uint8 (height, width) or (height, width, channels); an array as it was stored.

    Raises:
        UsageError: There is no such file, or its kind is not known.
        SampleError: It cannot be decoded.
        MissingDependency: Pictures need the extra ``images``.
    """
    if not path.is_file():
        raise UsageError("There is no such input file", where=path)
    suffix = path.suffix.lower()
    try:
        if suffix == ".npy":
            with path.open("rb") as file:
                return np.lib.format.read_array(file, allow_pickle=False)
        if suffix in (".png", ".jpg", ".jpeg", ".bmp"):
            return _read_picture(path)
    except LitefootError:
        raise
    except Exception as error:  # Pillow and numpy's header parser share no error class
        raise SampleError("This input cannot be decoded", where=path, got=error) from error
    raise UsageError(
        "This kind of input is not known",
        where=path,
        got=suffix or "no suffix",
        expected=".png, .jpg, .bmp or .npy",
    )


def _read_picture(path: Path) -> Array:
    image = require("PIL.Image", "images")
    with image.open(path) as picture:
        plain = picture if picture.mode in ("L", "RGB", "RGBA") else picture.convert("RGB")
        return np.asarray(plain)


def _apply(step: Step, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    if isinstance(step, Scale):
        return values * np.float32(step.scale) + np.float32(step.offset)
    picture = values[..., np.newaxis] if values.ndim == 2 else values
    if picture.ndim != 3 or picture.size == 0:
        raise SampleError(
            "This sample is not a picture",
            where=f"step {step.op}",
            got=values.shape,
            expected="(height, width, channels)",
        )
    if isinstance(step, Grayscale):
        return _grayscale(picture)
    rows = _resampling(picture.shape[0], step.height)
    columns = _resampling(picture.shape[1], step.width)
    resized: npt.NDArray[np.float32] = np.einsum("yh,hwc,xw->yxc", rows, picture, columns, optimize=True)
    return resized


def _grayscale(picture: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    channels = picture.shape[2]
    if channels in (1, 2):  # gray, gray with alpha
        return picture[..., :1]
    if channels not in (3, 4):
        raise SampleError(
            "This sample is not a picture",
            where="step grayscale",
            got=f"{channels} channels",
            expected="1 to 4 channels",
        )
    luma: npt.NDArray[np.float32] = picture[..., :3] @ np.array([[0.299], [0.587], [0.114]], dtype=np.float32)
    return luma


def _resampling(source: int, target: int) -> npt.NDArray[np.float32]:
    """Weights of a triangle filter on pixel centres, as wide as the shrinking; (target, source), rows sum to 1."""
    ratio = source / target
    support = max(ratio, 1.0)
    centres = (np.arange(target) + 0.5) * ratio - 0.5
    distance = np.abs(np.arange(source)[np.newaxis] - centres[:, np.newaxis]) / support
    weights = np.maximum(1.0 - distance, 0.0)
    normalised: npt.NDArray[np.float32] = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return normalised
