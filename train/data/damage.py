"""Pictures with holes, as somebody would cut them: transparent rectangles."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_SIDES = (0.2, 0.45)
_MOST_HOLES = 2


def damaged(picture: Array, generator: np.random.Generator) -> Array:
    """Cut one or two rectangles out of a picture, each around a point of its middle half.

    Args:
        picture: (height, width) uint8.
        generator: Of the rectangles.

    Returns:
        Gray and alpha, (height, width, 2) uint8; in the holes both are 0.
    """
    size = np.array(picture.shape)
    result = np.stack([picture, np.full_like(picture, 255)], axis=-1)
    for _ in range(generator.integers(1, _MOST_HOLES, endpoint=True)):
        sides = np.rint(generator.uniform(*_SIDES, 2) * size)
        corner = np.rint(generator.uniform(0.25, 0.75, 2) * size - sides / 2).astype(int)
        (top, left), (bottom, right) = np.maximum(corner, 0), (corner + sides).astype(int)
        result[top:bottom, left:right] = 0
    return result
