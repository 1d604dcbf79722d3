"""Spectra and mel bands: values known by construction, and frames that know nothing of what comes later."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litefoot.runtime.decoding import Sound
from litefoot.runtime.errors import SampleError
from litefoot.runtime.preprocessing import LogMel, Spectrogram, Waveform, preprocess

RATE, FRAME, HOP = 8000, 256, 128
MEL = LogMel(RATE, 32, 60.0, 4000.0, 1e-5)


def tone(hertz: float, samples: int = FRAME) -> npt.NDArray[np.float32]:
    return np.sin(2 * np.pi * hertz * np.arange(samples) / RATE).astype(np.float32)


@pytest.mark.parametrize(("samples", "frames"), [(256, 1), (383, 1), (384, 2), (8000, 61)])
def test_there_are_as_many_frames_as_fit(samples: int, frames: int) -> None:
    assert Spectrogram(FRAME, HOP).apply(np.zeros(samples, np.float32)).shape == (frames, FRAME // 2 + 1)


def test_a_whole_number_of_waves_has_the_power_of_hanns_window_in_three_bins() -> None:
    """The transform of Hann's window is N/2 at 0 and -N/4 beside it, and half of a sine is at each frequency."""
    power = Spectrogram(FRAME, HOP).apply(tone(RATE * 20 / FRAME))[0]
    expected = np.zeros(FRAME // 2 + 1)
    expected[[19, 20, 21]] = (FRAME / 8) ** 2, (FRAME / 4) ** 2, (FRAME / 8) ** 2
    np.testing.assert_allclose(power, expected, atol=1e-2)


@given(st.integers(0, 2**32 - 1))
def test_the_energy_of_a_frame_is_that_of_its_spectrum(seed: int) -> None:
    """Parseval: sum of squares times N is the power over all frequencies, both halves of them."""
    values = np.random.default_rng(seed).normal(size=FRAME).astype(np.float32)
    power = Spectrogram(FRAME, HOP).apply(values)[0].astype(np.float64)
    window = 0.5 * (1 - np.cos(2 * np.pi * np.arange(FRAME) / FRAME))
    both = power[0] + power[-1] + 2 * power[1:-1].sum()
    np.testing.assert_allclose(both, FRAME * np.sum((values * window) ** 2), rtol=1e-4)


def test_silence_is_the_floor() -> None:
    spectra = Spectrogram(FRAME, HOP).apply(np.zeros(RATE, np.float32))
    np.testing.assert_allclose(MEL.apply(spectra), np.log(1e-5), rtol=1e-6)


@pytest.mark.parametrize("band", range(0, 32, 3))
def test_a_tone_at_a_bands_centre_is_loudest_there(band: int) -> None:
    low, high = (2595 * np.log10(1 + hertz / 700) for hertz in (60.0, 4000.0))
    centre = 700 * (10 ** ((low + (high - low) * (band + 1) / 33) / 2595) - 1)
    energies = preprocess(tone(centre, 2048), (Spectrogram(2048, 1024), MEL))[0]
    assert energies.argmax() == band


def test_the_bands_are_triangles_that_meet() -> None:
    weights = MEL.weights(4001)  # a bin for each hertz
    assert weights.max() <= 1.0
    np.testing.assert_allclose(weights.max(axis=0), 1.0, atol=0.02)
    first, last = weights[:, 0].argmax(), weights[:, -1].argmax()
    np.testing.assert_allclose(weights[first + 1 : last].sum(axis=1), 1.0, atol=1e-9)
    assert not weights[:60].any()


@given(st.integers(FRAME, 1000), st.integers(0, 2**32 - 1))
def test_what_comes_later_changes_no_frame_before(known: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(size=1200).astype(np.float32)
    other = np.where(np.arange(1200) < known, values, random.normal(size=1200)).astype(np.float32)
    steps = (Spectrogram(FRAME, HOP), MEL)
    frames = (known - FRAME) // HOP + 1
    np.testing.assert_array_equal(preprocess(values, steps)[:frames], preprocess(other, steps)[:frames])


def test_a_recording_goes_through_all_steps() -> None:
    sound = Sound(tone(1000.0, 5000), RATE)
    assert preprocess(sound, (Waveform(RATE, RATE), Spectrogram(FRAME, HOP), MEL)).shape == (61, 32)


@pytest.mark.parametrize("shape", [(255,), (0,), (2, 300)])
def test_what_is_no_row_as_long_as_a_frame_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(SampleError, match=r"at least 256"):
        Spectrogram(FRAME, HOP).apply(np.zeros(shape, np.float32))


@pytest.mark.parametrize("shape", [(129,), (3, 1)])
def test_what_is_no_row_of_spectra_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(SampleError, match="bins"):
        MEL.apply(np.zeros(shape, np.float32))
