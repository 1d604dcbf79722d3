"""Steps that take a recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..decoding import Sample, Sound
from ..errors import SampleError
from .numbers import real


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


@dataclass(frozen=True)
class Spectrogram:
    """The power spectrum of each frame of a recording: ``|rfft(frame * window)|^2``, the window being Hann's.

    The window is the periodic one, ``0.5 - 0.5 cos(2 pi n / N)``: F. J. Harris, "On the Use of Windows for Harmonic
    Analysis with the Discrete Fourier Transform", Proceedings of the IEEE 66(1), 1978. A frame looks at no sample after
    its own last, so a stream gives the same frames as the whole recording.

    Attributes:
        frame: Samples in a frame, N.
        hop: Samples from the beginning of one frame to that of the next.
    """

    frame: int
    hop: int
    op: Literal["spectrogram"] = "spectrogram"

    def __str__(self) -> str:
        return f"power spectra of {self.frame} samples, every {self.hop}"

    def apply(self, sample: Sample) -> npt.NDArray[np.float32]:
        """Carry out the step.

        Args:
            sample: (samples,), at least one frame; what is left over at the end is not used.

        Returns:
            (frames, frame // 2 + 1) float32.

        Raises:
            SampleError: It is not a row of numbers as long as a frame.
        """
        values = real(sample)
        if values.ndim != 1 or len(values) < self.frame:
            raise SampleError(
                "This sample is too short, or not one channel",
                where=f"step {self.op}",
                got=values.shape,
                expected=f"(at least {self.frame},)",
            )
        frames = np.lib.stride_tricks.sliding_window_view(values, self.frame)[:: self.hop]
        hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(self.frame) / self.frame)
        power: npt.NDArray[np.float32] = (np.abs(np.fft.rfft(frames * hann)) ** 2).astype(np.float32)
        return power


@dataclass(frozen=True)
class LogMel:
    """The logarithm of the energy in bands that are equally wide in pitch: ``ln(max(power @ bands, floor))``.

    The bands are triangles over the frequencies, each as wide as from the centre of the band before to that of the band
    after; their centres are equally far apart in mel, ``2595 log10(1 + f / 700)``: D. O'Shaughnessy, "Speech
    Communication: Human and Machine", 1987, and the HTK Book, section 5.4.

    Attributes:
        rate_hz: Samples a second of the recording.
        bands: How many.
        low_hz: Where the first band begins.
        high_hz: Where the last band ends.
        floor: The least energy that counts.
    """

    rate_hz: int
    bands: int
    low_hz: float
    high_hz: float
    floor: float
    op: Literal["log-mel"] = "log-mel"

    def __str__(self) -> str:
        return f"logarithm of {self.bands} mel bands from {self.low_hz:g} to {self.high_hz:g} Hz"

    def apply(self, sample: Sample) -> npt.NDArray[np.float32]:
        """Carry out the step.

        Args:
            sample: Power spectra, (frames, bins), the last bin at half of the rate.

        Returns:
            (frames, bands) float32.

        Raises:
            SampleError: It is not a table of at least two bins.
        """
        power = real(sample)
        if power.ndim != 2 or power.shape[1] < 2:
            raise SampleError(
                "This sample is not a row of power spectra",
                where=f"step {self.op}",
                got=power.shape,
                expected="(frames, bins)",
            )
        energy = power.astype(np.float64) @ self.weights(power.shape[1])
        logarithms: npt.NDArray[np.float32] = np.log(np.maximum(energy, self.floor)).astype(np.float32)
        return logarithms

    def weights(self, bins: int) -> npt.NDArray[np.float64]:
        """How much each frequency counts for each band.

        Args:
            bins: Frequencies, equally far apart from 0 to half of the rate.

        Returns:
            (bins, bands), in 0..1.
        """
        edges = _hertz(np.linspace(_mel(self.low_hz), _mel(self.high_hz), self.bands + 2))
        left, centre, right = edges[:-2], edges[1:-1], edges[2:]
        frequencies = np.linspace(0.0, self.rate_hz / 2.0, bins)[:, np.newaxis]
        rising = (frequencies - left) / (centre - left)
        falling = (right - frequencies) / (right - centre)
        triangles: npt.NDArray[np.float64] = np.maximum(np.minimum(rising, falling), 0.0)
        return triangles


def _mel(hertz: float) -> float:
    return float(2595.0 * np.log10(1.0 + hertz / 700.0))


def _hertz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    hertz: npt.NDArray[np.float64] = 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    return hertz
