"""The step that draws what a generator starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..decoding import Sample
from ..errors import SampleError
from .numbers import real


@dataclass(frozen=True)
class Noise:
    """A seed to numbers of the standard normal distribution, by PCG64 of numpy; numbers drawn before stay as they are.

    Attributes:
        size: How many numbers.
    """

    size: int
    op: Literal["noise"] = "noise"

    def __str__(self) -> str:
        return f"{self.size} normally distributed numbers, or a seed for them"

    def apply(self, sample: Sample) -> npt.NDArray[np.float32]:
        """Carry out the step.

        Args:
            sample: A seed, an integer from 0 of any shape that holds one; or (size,) real numbers.

        Returns:
            (size,) float32.

        Raises:
            SampleError: It is neither.
        """
        values = np.asarray(sample) if not isinstance(sample, str) else np.empty(0)
        if values.size == 1 and values.dtype.kind in "iu" and values.item() >= 0:
            return np.random.default_rng(int(values.item())).standard_normal(self.size, np.float32)
        numbers = real(sample).reshape(-1)
        if len(numbers) != self.size:
            raise SampleError(
                "This is not what a generator starts from",
                where="step noise",
                got=f"{len(numbers)} numbers",
                expected=f"{self.size} numbers, or a whole number from 0 as their seed",
            )
        return numbers
