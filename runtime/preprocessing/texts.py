"""Steps that take a text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..decoding import Sample
from ..errors import SampleError

PADDING, UNKNOWN = 0, 1


@dataclass(frozen=True)
class Tokens:
    """A text cut into words or characters, each replaced by its number, cut or padded to a fixed length.

    Words are runs of letters, digits and apostrophes, and single other characters that are not white space.

    Attributes:
        vocabulary: The word or character of each number, in order; number 0 pads, number 1 is what is not in it.
        length: Of the result.
        unit: What one number stands for.
        lowercase: Whether the text is made lower case first.
    """

    vocabulary: tuple[str, ...]
    length: int
    unit: Literal["word", "character"] = "word"
    lowercase: bool = True
    op: Literal["tokens"] = "tokens"

    def __str__(self) -> str:
        return f"{self.length} {self.unit}s of a vocabulary of {len(self.vocabulary)}"

    def apply(self, sample: Sample) -> npt.NDArray[np.int32]:
        """Carry out the step.

        Args:
            sample: A text.

        Returns:
            (length,) int32.

        Raises:
            SampleError: It is not a text.
        """
        if not isinstance(sample, str):
            raise SampleError("This sample is not a text", where="step tokens", expected="a .txt file or a string")
        text = sample.lower() if self.lowercase else sample
        units = list(text) if self.unit == "character" else re.findall(r"[\w']+|[^\w\s]", text)
        numbers = {unit: number for number, unit in enumerate(self.vocabulary)}
        known = [numbers.get(unit, UNKNOWN) for unit in units[: self.length]]
        return np.array(known + [PADDING] * (self.length - len(known)), dtype=np.int32)
