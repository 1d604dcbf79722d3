"""Steps that any sample of real numbers takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..decoding import Question, Sample, Sound, Table
from ..errors import SampleError

Array = npt.NDArray[Any]


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

    def apply(self, sample: Sample) -> Array:
        """Carry out the step.

        Args:
            sample: Real numbers, any shape.

        Returns:
            float32 of the same shape.
        """
        return real(sample) * np.float32(self.scale) + np.float32(self.offset)


def real(sample: Sample) -> npt.NDArray[np.float32]:
    """A sample as numbers.

    Args:
        sample: An array, a table, or a recording.

    Returns:
        Its values, float32.

    Raises:
        SampleError: It is a text, or does not hold real numbers.
    """
    if isinstance(sample, (str, Question)):
        text = sample if isinstance(sample, str) else sample.question
        raise SampleError("This sample is a text, and the model does not take one", got=repr(text[:40]))
    given = sample.values if isinstance(sample, (Sound, Table)) else np.asarray(sample)
    if given.dtype.kind not in "biuf":
        raise SampleError("This sample does not hold real numbers", got=given.dtype)
    with np.errstate(over="ignore"):  # `preprocess` refuses infinity
        return given.astype(np.float32)
