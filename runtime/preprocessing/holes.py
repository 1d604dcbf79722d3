"""The step that tells a damaged picture from what is missing in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..decoding import Sample
from ..errors import SampleError
from .numbers import real
from .pictures import Grayscale

_OPAQUE = 254.99  # 255 but for the rounding of a resize before it


@dataclass(frozen=True)
class Holes:
    """A picture with transparent holes to two channels: gray, 0 in the holes, and 255 where the picture is whole.

    A pixel that is transparent in part belongs to the hole: after a resize it holds something of the hole's colour.
    """

    op: Literal["holes"] = "holes"

    def __str__(self) -> str:
        return "gray, and where the picture is opaque"

    def apply(self, sample: Sample) -> npt.NDArray[np.float32]:
        """Carry out the step.

        Args:
            sample: A picture with alpha, 0..255, (height, width, 2 or 4).

        Returns:
            (height, width, 2) float32.

        Raises:
            SampleError: It has no alpha.
        """
        picture = real(sample)
        if picture.ndim != 3 or picture.shape[2] not in (2, 4):
            raise SampleError(
                "This picture does not say what is to be repaired",
                where="step holes",
                got=picture.shape,
                expected="(height, width, 2 or 4 channels), the last of which is alpha",
                fix="make what is to be repaired transparent, and save it as PNG",
            )
        whole = picture[..., -1:] > _OPAQUE
        gray = np.where(whole, Grayscale().apply(picture), np.float32(0))
        return np.concatenate([gray, np.where(whole, np.float32(255), np.float32(0))], axis=-1)
