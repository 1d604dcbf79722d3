"""Folders of recordings: read with their classes, split by take, varied with a seed."""

from __future__ import annotations

import wave
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from litefoot.runtime.decoding import Sound
from litefoot.runtime.errors import SampleError
from litefoot.train.data.sounds import Recordings, generate_tones, read_recordings, vary

RATE = 8000


def write(path: Path, values: list[int], rate: int = RATE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(2)
        recording.setframerate(rate)
        recording.writeframes(np.array(values, "<i2").tobytes())


def recordings(names: list[str], targets: list[int]) -> Recordings:
    sound = Sound(np.zeros(4, np.float32), RATE)
    return Recordings(tuple(names), (sound,) * len(names), ("no", "yes"), np.array(targets))


def test_the_folders_are_the_classes(tmp_path: Path) -> None:
    write(tmp_path / "yes" / "a_0.wav", [16384])
    write(tmp_path / "no" / "a_1.wav", [-16384])
    write(tmp_path / "no" / "a_0.wav", [0])
    (tmp_path / "no" / "notes.txt").write_text("not a recording")
    read = read_recordings(tmp_path)
    assert (read.labels, read.names, read.rate_hz) == (("no", "yes"), ("a_0", "a_1", "a_0"), RATE)
    assert read.targets.tolist() == [0, 0, 1]
    assert [float(sound.values[0]) for sound in read.sounds] == [0.0, -0.5, 0.5]


def test_a_folder_of_one_class_a_class_without_recordings_and_a_file_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "yes" / "a.wav", [1])
    for folder in (tmp_path, tmp_path / "yes" / "a.wav"):
        with pytest.raises(SampleError, match="not a folder of recordings"):
            read_recordings(folder)
    write(tmp_path / "no" / "a.wav", [1])
    (tmp_path / "perhaps").mkdir()
    with pytest.raises(SampleError, match=r"3 folders, 2 \.wav"):
        read_recordings(tmp_path)


def test_recordings_of_several_rates_are_refused_with_one_file_of_each(tmp_path: Path) -> None:
    write(tmp_path / "yes" / "a.wav", [1])
    write(tmp_path / "no" / "b.wav", [1], rate=16000)
    with pytest.raises(SampleError, match=r"8000 Hz in .*a.wav, 16000 Hz in .*b.wav"):
        read_recordings(tmp_path)


def test_the_first_five_takes_are_tested_and_the_next_two_validated_on() -> None:
    names = [f"{digit}_{speaker}_{take}" for digit in (0, 1) for speaker in "xy" for take in range(12)]
    split = recordings(names, [0] * 24 + [1] * 24).split(seed=0)
    takes = {part: {int(names[i].rsplit("_")[-1]) for i in indices} for part, indices in split.items()}
    assert takes == {"test": {0, 1, 2, 3, 4}, "validation": {5, 6}, "train": {7, 8, 9, 10, 11}}


@pytest.mark.parametrize("names", [["a"] * 40, [f"a_{i % 5}" for i in range(40)]], ids=["no takes", "no other takes"])
def test_without_takes_the_split_is_by_class(names: list[str]) -> None:
    split = recordings(names, [0] * 20 + [1] * 20).split(seed=0)
    assert sorted(np.concatenate(list(split.values()))) == list(range(40))
    assert len(split["test"]) == 12
    assert sum(split["test"] < 20) == 6


def test_a_variation_is_the_recording_moved_made_louder_and_noisier() -> None:
    sound = Sound(np.sin(np.arange(500) / 5).astype(np.float32) / 4, RATE)
    first, again = vary([sound] * 3, 2, 2000, seed=1), vary([sound] * 3, 2, 2000, seed=1)
    assert len(first) == 6
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.values, other.values)
        assert (one.values.shape, one.values.dtype, one.rate_hz) == ((2000,), np.float32, RATE)
        found = np.correlate(one.values, sound.values, "valid")
        gain = found.max() / np.sum(sound.values**2)
        assert 0.49 < gain < 2.05
        moved = np.pad(sound.values, (found.argmax(), 1500 - found.argmax())) * gain
        assert np.std(one.values - moved) < 0.04
    assert len({sound.values.tobytes() for sound in first}) == 6


def test_a_recording_longer_than_the_window_is_cut() -> None:
    (varied,) = vary([Sound(np.ones(300, np.float32), RATE)], 1, 200, seed=0)
    assert varied.values.shape == (200,)
    assert varied.values.min() > 0.3


def test_generated_tones_are_of_five_classes_and_follow_the_seed() -> None:
    first, again, other = generate_tones(10, 0), generate_tones(10, 0), generate_tones(10, 1)
    assert Counter(first.targets.tolist()) == dict.fromkeys(range(5), 10)
    assert first.sounds[0].values.tolist() == again.sounds[0].values.tolist() != other.sounds[0].values.tolist()
    assert {len(part) > 0 for part in first.split(0).values()} == {True}
