"""Recordings in a folder for each class, variations of them, and tones for a try without data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.decoding import Sound, read_sample
from litefoot.runtime.errors import SampleError

from .splits import Parts, stratified_split

Array = npt.NDArray[Any]

_TESTED, _VALIDATED = range(5), range(5, 7)
"""Which takes of a speaker are tested and validated on; the first five are what the authors of the Free Spoken Digit
Dataset keep for the test."""
_TAKE = re.compile(r"_(\d+)$")


@dataclass(frozen=True)
class Recordings:
    """Recordings of one rate and what they are.

    Attributes:
        names: Of each file, without its suffix.
        sounds: One for each sample.
        labels: The names of the classes, in order.
        targets: (samples,) int64, the number of each sample's class.
    """

    names: tuple[str, ...]
    sounds: tuple[Sound, ...]
    labels: tuple[str, ...]
    targets: Array

    @property
    def rate_hz(self) -> int:
        """Samples a second."""
        return self.sounds[0].rate_hz

    def split(self, seed: int) -> Parts:
        """By take where the names end with one, as in ``george_12``; else at random in each class.

        Args:
            seed: Of the random split.

        Returns:
            The indices of each part.
        """
        matches = [_TAKE.search(name) for name in self.names]
        takes = np.array([-1 if match is None else int(match[1]) for match in matches])
        parts = {
            "train": ~np.isin(takes, [-1, *_TESTED, *_VALIDATED]),
            "validation": np.isin(takes, _VALIDATED),
            "test": np.isin(takes, _TESTED),
        }
        every = set(self.targets)
        if (takes >= 0).all() and all(set(self.targets[chosen]) == every for chosen in parts.values()):
            return {part: np.flatnonzero(chosen) for part, chosen in parts.items()}
        return stratified_split(self.targets, validation=0.1, test=0.3, seed=seed)


def read_recordings(folder: Path) -> Recordings:
    """Read the ``.wav`` files of a folder that has a folder for each class.

    Args:
        folder: The folder; the names of those in it are the labels.

    Returns:
        The recordings, by class and then by name.

    Raises:
        SampleError: There are fewer than two classes, a file cannot be read, or the rates differ.
    """
    classes = sorted(entry for entry in folder.iterdir() if entry.is_dir()) if folder.is_dir() else []
    files = [(number, file) for number, entry in enumerate(classes) for file in sorted(entry.glob("*.wav"))]
    if len({number for number, _ in files}) < max(2, len(classes)):
        raise SampleError(
            "This is not a folder of recordings",
            where=folder,
            got=f"{len(classes)} folders, {len(files)} .wav files in them",
            expected="two or more folders, named by their class, each with .wav files",
        )
    sounds = [_read(file) for _, file in files]
    rates = {sound.rate_hz: file for sound, (_, file) in zip(sounds, files, strict=True)}
    if len(rates) > 1:
        raise SampleError(
            "The recordings are of several rates",
            got=", ".join(f"{rate} Hz in {rates[rate]}" for rate in sorted(rates)),
        )
    return Recordings(
        tuple(file.stem for _, file in files),
        tuple(sounds),
        tuple(entry.name for entry in classes),
        np.array([number for number, _ in files], dtype=np.int64),
    )


def vary(sounds: Sequence[Sound], copies: int, samples: int, seed: int) -> list[Sound]:
    """Recordings that begin at another time, are louder or softer, and noisier.

    Args:
        sounds: As recorded, of one rate.
        copies: How many of each.
        samples: The length within which a recording is moved.
        seed: The same seed gives the same variations.

    Returns:
        ``copies`` times as many, the first variation of all before the second of any.
    """
    random = np.random.default_rng(seed)
    return [Sound(_varied(sound.values, samples, random), sound.rate_hz) for _ in range(copies) for sound in sounds]


def _varied(values: Array, samples: int, random: np.random.Generator) -> npt.NDArray[np.float32]:
    """Silence before, 6 dB more or less, and noise 70 to 30 dB below full scale over the whole length."""
    before = int(random.integers(0, max(samples - len(values), 0) + 1))
    gain = 10.0 ** (random.uniform(-6.0, 6.0) / 20.0)
    noise = 10.0 ** (random.uniform(-70.0, -30.0) / 20.0)
    whole = np.zeros(samples)
    kept = values[: samples - before]
    whole[before : before + len(kept)] = kept * gain
    varied: npt.NDArray[np.float32] = np.clip(whole + noise * random.standard_normal(samples), -1.0, 1.0).astype(
        np.float32
    )
    return varied


def generate_tones(per_class: int, seed: int, rate_hz: int = 8000) -> Recordings:
    """Tones that rise, fall or stay, a third of a second to most of one, in some noise.

    Args:
        per_class: How many of each of the five classes.
        seed: The same seed gives the same tones.
        rate_hz: Samples a second.

    Returns:
        The recordings.
    """
    random = np.random.default_rng(seed)
    ends = {
        "falling": (2400, 600),
        "high": (2200, 2200),
        "low": (400, 400),
        "middle": (1000, 1000),
        "rising": (600, 2400),
    }
    sounds = []
    for first, last in (pair for pair in ends.values() for _ in range(per_class)):
        count = int(rate_hz * random.uniform(0.3, 0.8))
        hertz = np.linspace(first, last, count) * random.uniform(0.9, 1.1)
        tone = random.uniform(0.2, 0.8) * np.sin(2.0 * np.pi * np.cumsum(hertz) / rate_hz)
        sounds.append(Sound((tone + 0.01 * random.standard_normal(count)).astype(np.float32), rate_hz))
    return Recordings(
        tuple(f"tone{number}" for number in range(len(sounds))),
        tuple(sounds),
        tuple(ends),
        np.repeat(np.arange(len(ends)), per_class),
    )


def _read(file: Path) -> Sound:
    sound = read_sample(file)
    assert isinstance(sound, Sound), "the suffix is .wav"
    return sound
