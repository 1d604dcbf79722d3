"""Steps that take a recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..decoding import Sample, Sound
from ..errors import SampleError


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

    def apply(self, sample: Sample) -> npt.NDArray[np.float32]:
        """Carry out the step.

        Args:
            sample: A recording.

        Returns:
            (samples,) float32.

        Raises:
            SampleError: It is not a recording, or one of another rate.
        """
        if not isinstance(sample, Sound):
            raise SampleError(
                "This sample is not a recording", where="step waveform", expected="a .wav file or a Sound"
            )
        if sample.rate_hz != self.rate_hz:
            raise SampleError(
                "This recording is of another rate than the model's",
                got=f"{sample.rate_hz} Hz",
                expected=f"{self.rate_hz} Hz",
                fix="convert it first, for example with sox IN.wav -r RATE OUT.wav",
            )
        values = sample.values[: self.samples]
        return np.pad(values, (0, self.samples - len(values)))
