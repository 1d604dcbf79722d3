"""The steps from a decoded file to a model's input, as data; the same numpy code runs in training and on the board."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..decoding import Question, Sample
from ..errors import SampleError
from .holes import Holes
from .noise import Noise
from .numbers import Array, Scale, real
from .pictures import Colour, Grayscale, Resize
from .series import Returns
from .sounds import LogMel, Spectrogram, Waveform
from .texts import QuestionTokens, Tokens

__all__ = [
    "Colour",
    "Grayscale",
    "Holes",
    "LogMel",
    "Noise",
    "QuestionTokens",
    "Resize",
    "Returns",
    "Scale",
    "Spectrogram",
    "Step",
    "Tokens",
    "Waveform",
    "preprocess",
]

Step = (
    Colour
    | Grayscale
    | Resize
    | Scale
    | Waveform
    | Spectrogram
    | LogMel
    | Returns
    | Tokens
    | QuestionTokens
    | Holes
    | Noise
)


def preprocess(sample: Sample, steps: Sequence[Step]) -> Array:
    """Carry out the steps on one sample.

    Args:
        sample: A picture, uint8 or float, (height, width) or (height, width, channels); a table; a recording; a text;
            a question with its text.
        steps: What to do, in order.

    Returns:
        The model's input without its batch dimension: float32, or int32 for words and characters.

    Raises:
        SampleError: The sample is not of the kind that a step takes, or holds what is not finite.
    """
    values = sample
    for step in steps:
        values = step.apply(values)
    if isinstance(values, (str, Question)):
        raise SampleError("A text needs a step that makes numbers of it", expected="the step tokens in the contract")
    if isinstance(values, np.ndarray) and values.dtype == np.int32:
        return values
    numbers = real(values)
    if not np.isfinite(numbers).all():  # a file of integers would answer as if it were a number
        raise SampleError("This sample holds NaN, infinity or what float32 cannot hold", expected="finite numbers")
    return numbers
