"""Steps that take a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..decoding import Sample
from ..errors import SampleError
from .numbers import real


@dataclass(frozen=True)
class Grayscale:
    """Colour to one channel by the luma weights of ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B; alpha is dropped."""

    op: Literal["grayscale"] = "grayscale"

    def __str__(self) -> str:
        return "grayscale"

    def apply(self, sample: Sample) -> npt.NDArray[np.float32]:
        """Carry out the step.

        Args:
            sample: A picture, (height, width) or (height, width, 1 to 4 channels).

        Returns:
            (height, width, 1) float32.

        Raises:
            SampleError: It is not a picture.
        """
        picture = _picture(sample, self.op)
        if picture.shape[2] in (1, 2):  # gray, gray with alpha
            return picture[..., :1]
        weights = np.array([[0.299], [0.587], [0.114]], dtype=np.float32)
        luma: npt.NDArray[np.float32] = _colours(picture, self.op) @ weights
        return luma


@dataclass(frozen=True)
class Colour:
    """Gray or colour to three channels: gray is repeated, alpha is dropped."""

    op: Literal["colour"] = "colour"

    def __str__(self) -> str:
        return "colour"

    def apply(self, sample: Sample) -> npt.NDArray[np.float32]:
        """Carry out the step.

        Args:
            sample: A picture, (height, width) or (height, width, 1 to 4 channels).

        Returns:
            (height, width, 3) float32.

        Raises:
            SampleError: It is not a picture.
        """
        picture = _picture(sample, self.op)
        if picture.shape[2] in (1, 2):
            return np.repeat(picture[..., :1], 3, axis=2)
        return _colours(picture, self.op)


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

    def apply(self, sample: Sample) -> npt.NDArray[np.float32]:
        """Carry out the step.

        Args:
            sample: A picture, (height, width) or (height, width, channels).

        Returns:
            (height, width, channels) float32 of the step's size.

        Raises:
            SampleError: It is not a picture.
        """
        picture = _picture(sample, self.op)
        if picture.shape[:2] == (self.height, self.width):
            return picture
        rows = _resampling(picture.shape[0], self.height)
        columns = _resampling(picture.shape[1], self.width)
        resized: npt.NDArray[np.float32] = np.einsum("yh,hwc,xw->yxc", rows, picture, columns, optimize=True)
        return resized


def _picture(sample: Sample, op: str) -> npt.NDArray[np.float32]:
    values = real(sample)
    picture = values[..., np.newaxis] if values.ndim == 2 else values
    if picture.ndim != 3 or picture.size == 0:
        raise SampleError(
            "This sample is not a picture", where=f"step {op}", got=values.shape, expected="(height, width, channels)"
        )
    return picture


def _colours(picture: npt.NDArray[np.float32], op: str) -> npt.NDArray[np.float32]:
    """The three colours of a picture that has them."""
    channels = picture.shape[2]
    if channels not in (3, 4):
        raise SampleError(
            "This sample is not a picture", where=f"step {op}", got=f"{channels} channels", expected="1 to 4 channels"
        )
    return picture[..., :3]


def _resampling(source: int, target: int) -> npt.NDArray[np.float32]:
    """Weights of a triangle filter on pixel centres, as wide as the shrinking; (target, source), rows sum to 1."""
    ratio = source / target
    support = max(ratio, 1.0)
    centres = (np.arange(target) + 0.5) * ratio - 0.5
    distance = np.abs(np.arange(source)[np.newaxis] - centres[:, np.newaxis]) / support
    weights = np.maximum(1.0 - distance, 0.0)
    normalised: npt.NDArray[np.float32] = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return normalised
