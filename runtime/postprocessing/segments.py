"""Scores per pixel and class to a mask."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .answers import Answer, output_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from ..contract import ModelContract

    Array = npt.NDArray[Any]

_GOLDEN_RATIO = 0.6180339887498949


@dataclass(frozen=True)
class Share:
    """How much of a picture a class takes.

    Attributes:
        label: The class.
        share: In 0..1 of the pixels.
    """

    label: str
    share: float


@dataclass(frozen=True, eq=False)
class Mask(Answer):
    """The class of every pixel.

    Attributes:
        shares: The classes that there are, the largest first.
        mask: (height, width) integers, the number of each pixel's class.
    """

    shares: tuple[Share, ...]
    mask: Array = field(repr=False)

    def __str__(self) -> str:
        width = max(len(entry.label) for entry in self.shares)
        height, columns = self.mask.shape
        lines = [f"{entry.label:<{width}}  {entry.share:7.2%}" for entry in self.shares]
        return "\n".join([f"{height} x {columns} pixels: label, share", *lines])

    def picture(self) -> Array:
        """Class 0 black, each other class in a colour of its own; (height, width, 3) uint8."""
        return _colours(int(self.mask.max()) + 1)[self.mask]


@dataclass(frozen=True)
class Segments:
    """The class of every pixel, from an output of kind mask: (height, width, classes), the largest score wins."""

    op: Literal["segments"] = "segments"

    def __str__(self) -> str:
        return "the class of every pixel"

    def answer(self, outputs: Mapping[str, Array], contract: ModelContract) -> Mask:
        """The mask of one sample.

        Args:
            outputs: By output name, without a batch axis.
            contract: For kinds and labels; a class without a label is called by its number.

        Returns:
            The mask.

        Raises:
            UsageError: The model has no such output.
        """
        scores, _ = output_of(outputs, contract, "mask")
        mask = scores.argmax(axis=-1)
        shares = np.bincount(mask.ravel()) / mask.size
        names = dict(enumerate(contract.labels))
        ranked = [int(i) for i in np.argsort(-shares, kind="stable") if shares[i]]
        return Mask(tuple(Share(names.get(i, str(i)), float(shares[i])) for i in ranked), mask)


def _colours(count: int) -> Array:
    """Hues that stay apart however many there are, by steps of the golden ratio; (count, 3) uint8."""
    hues = [colorsys.hsv_to_rgb(i * _GOLDEN_RATIO % 1.0, 0.8, 1.0) for i in range(1, count)]
    colours: Array = np.rint(np.array([(0.0, 0.0, 0.0), *hues]) * 255).astype(np.uint8)
    return colours
