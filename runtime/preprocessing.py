"""The steps from a decoded file to a model's input, as data; the same numpy code runs in training and on the board."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .decoding import Sample, Sound
from .errors import SampleError

Array = npt.NDArray[Any]

_PADDING, _UNKNOWN = 0, 1


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


@dataclass(frozen=True)
class Waveform:
    """A recording cut or padded with silence to a fixed length, one channel, in -1..1.

    Attributes:
        rate_hz: Samples a second that the model was trained on; a recording of another rate is refused.
        samples: Length of the result.
    """

    rate_hz: int
    samples: int
    op: Literal["waveform"] = "waveform"

    def __str__(self) -> str:
        return f"{self.samples} samples of sound at {self.rate_hz} Hz"


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


Step = Grayscale | Resize | Scale | Waveform | Tokens


def preprocess(sample: Sample, steps: Sequence[Step]) -> Array:
    """Carry out the steps on one sample.

    Args:
        sample: A picture, uint8 or float, (height, width) or (height, width, channels); a table; a recording; a text.
        steps: What to do, in order.

    Returns:
        The model's input without its batch dimension: float32, or int32 after `Tokens`.

    Raises:
        SampleError: The sample is not of the kind that a step takes.
    """
    values = sample
    for step in steps:
        values = _apply(step, values)
    if isinstance(values, Sound):
        return values.values
    if isinstance(values, str):
        raise SampleError("A text needs a step that makes numbers of it", expected="the step tokens in the contract")
    return values if values.dtype == np.int32 else _real(values)


def _apply(step: Step, sample: Sample) -> Array:
    if isinstance(step, Tokens):
        return _tokens(step, sample)
    if isinstance(step, Waveform):
        return _waveform(step, sample)
    values = _real(sample.values if isinstance(sample, Sound) else sample)
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


def _real(sample: Array | str) -> npt.NDArray[np.float32]:
    if isinstance(sample, str):
        raise SampleError("This sample is a text, and the model does not take one", got=repr(sample[:40]))
    given = np.asarray(sample)
    if given.dtype.kind not in "biuf":
        raise SampleError("This sample does not hold real numbers", got=given.dtype)
    return given.astype(np.float32)


def _waveform(step: Waveform, sample: Sample) -> npt.NDArray[np.float32]:
    if not isinstance(sample, Sound):
        raise SampleError("This sample is not a recording", where="step waveform", expected="a .wav file or a Sound")
    if sample.rate_hz != step.rate_hz:
        raise SampleError(
            "This recording is of another rate than the model's",
            got=f"{sample.rate_hz} Hz",
            expected=f"{step.rate_hz} Hz",
            fix="convert it first, for example with sox IN.wav -r RATE OUT.wav",
        )
    values = sample.values[: step.samples]
    return np.pad(values, (0, step.samples - len(values)))


def _tokens(step: Tokens, sample: Sample) -> npt.NDArray[np.int32]:
    if not isinstance(sample, str):
        raise SampleError("This sample is not a text", where="step tokens", expected="a .txt file or a string")
    text = sample.lower() if step.lowercase else sample
    units = list(text) if step.unit == "character" else re.findall(r"[\w']+|[^\w\s]", text)
    numbers = {unit: number for number, unit in enumerate(step.vocabulary)}
    known = [numbers.get(unit, _UNKNOWN) for unit in units[: step.length]]
    return np.array(known + [_PADDING] * (step.length - len(known)), dtype=np.int32)


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
