"""An output that is a picture itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .answers import Answer, output_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from ..contract import ModelContract

    Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Drawing(Answer):
    """A picture that a model made.

    Attributes:
        height: In pixels.
        width: In pixels.
        pixels: (height, width, 1 or 3) uint8.
    """

    height: int
    width: int
    pixels: Array = field(repr=False)

    def __str__(self) -> str:
        return f"a picture of {self.height} x {self.width} pixels; --output FILE writes it"

    def picture(self) -> Array:
        """The picture, (height, width, 1 or 3) uint8."""
        return self.pixels


@dataclass(frozen=True)
class Pixels:
    """A picture from the output of kind image: ``value * scale + offset``, rounded and cut to 0..255.

    Attributes:
        scale: Of a value of 1, in gray levels; 127.5 for values in -1..1.
        offset: The gray level of 0.
    """

    scale: float
    offset: float
    op: Literal["pixels"] = "pixels"

    def __str__(self) -> str:
        return f"a picture of value * {self.scale:g} + {self.offset:g}"

    def answer(self, outputs: Mapping[str, Array], contract: ModelContract) -> Drawing:
        """The picture that one sample gave.

        Args:
            outputs: By output name, without a batch axis.
            contract: For kinds.

        Returns:
            The picture.

        Raises:
            UsageError: The model has no such output.
        """
        values, _ = output_of(outputs, contract, "image")
        pixels = np.clip(np.rint(values * self.scale + self.offset), 0, 255).astype(np.uint8)
        return Drawing(pixels.shape[0], pixels.shape[1], pixels)
