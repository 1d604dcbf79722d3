"""Recordings, tables and texts: decoded, and turned into what a model takes."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.decoding import Sound, Table, read_sample
from litefoot.runtime.errors import SampleError, UsageError
from litefoot.runtime.preprocessing import Scale, Tokens, Waveform, preprocess
from litefoot.runtime.storage.codec import decode, encode

HALVES = {1: b"\xc0\x40", 2: b"\x00\x40\x00\xc0", 4: b"\x00\x00\x00\x40\x00\x00\x00\xc0"}
"""The values 0.5 and -0.5 in 8, 16 and 32 bits."""


def write_wave(path: Path, content: bytes, *, width: int = 2, channels: int = 1, rate: int = 8000) -> Path:
    with wave.open(str(path), "wb") as recording:
        recording.setsampwidth(width)
        recording.setnchannels(channels)
        recording.setframerate(rate)
        recording.writeframes(content)
    return path


@pytest.mark.parametrize("width", HALVES)
def test_a_recording_is_read_in_every_width(tmp_path: Path, width: int) -> None:
    sound = read_sample(write_wave(tmp_path / "a.wav", HALVES[width], width=width))
    assert isinstance(sound, Sound)
    assert sound.rate_hz == 8000
    assert sound.values.dtype == np.float32
    np.testing.assert_array_equal(sound.values, [0.5, -0.5])


def test_channels_are_averaged(tmp_path: Path) -> None:
    sound = read_sample(write_wave(tmp_path / "a.wav", HALVES[2] + b"\x00\x40\x00\x40", channels=2))
    assert isinstance(sound, Sound)
    np.testing.assert_array_equal(sound.values, [0.0, 0.5])


def test_a_width_that_is_not_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SampleError, match="24 bits"):
        read_sample(write_wave(tmp_path / "a.wav", bytes(6), width=3))


@pytest.mark.parametrize("name", ["a.wav", "a.csv", "a.npy"])
@pytest.mark.parametrize("content", [b"", b"no such thing", bytes(range(256))])
def test_what_cannot_be_decoded_is_a_sample_error(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SampleError, match=name):
        read_sample(tmp_path / name)


def test_a_table_without_a_heading_is_its_numbers(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1,2.5\n-3,4e1\n")
    np.testing.assert_array_equal(read_sample(tmp_path / "a.csv"), np.array([[1, 2.5], [-3, 40]], np.float32))


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_table_keeps_its_headings_and_leaves_out_what_is_no_number(tmp_path: Path, mark: str) -> None:
    content = mark + '"open",date,close\n1,2000-01-03,2.5\n-3,2000-01-04,4e1\n'
    (tmp_path / "a.csv").write_text(content, encoding="utf-8")
    table = read_sample(tmp_path / "a.csv")
    assert isinstance(table, Table)
    assert table.names == ("open", "close")
    np.testing.assert_array_equal(table.values, np.array([[1, 2.5], [-3, 40]], np.float32))
    np.testing.assert_array_equal(preprocess(table, ()), table.values)


def test_a_heading_in_quotes_may_hold_a_comma(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('place,"close, adjusted",open\n"Ulm, Germany",2,1\n"Rom, Italy",3,4\n')
    table = read_sample(tmp_path / "a.csv")
    assert isinstance(table, Table)
    assert table.names == ("close, adjusted", "open")
    np.testing.assert_array_equal(table.values, np.array([[2, 1], [3, 4]], np.float32))


@pytest.mark.parametrize("content", ["", "\n\n", "open,close\n"])
def test_a_table_without_rows_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(SampleError, match="no rows"):
        read_sample(tmp_path / "a.csv")


def test_a_kind_that_is_not_known_names_those_that_are(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(b"x")
    with pytest.raises(UsageError, match=r"mp3[\s\S]*\.wav"):
        read_sample(tmp_path / "a.mp3")


@pytest.mark.parametrize(("samples", "expected"), [(2, [1, 2]), (3, [1, 2, 3]), (5, [1, 2, 3, 0, 0])])
def test_a_recording_is_cut_or_padded(samples: int, expected: list[int]) -> None:
    sound = Sound(np.array([1, 2, 3], np.float32), 8000)
    np.testing.assert_array_equal(preprocess(sound, [Waveform(8000, samples)]), expected)


def test_a_recording_of_another_rate_is_refused_with_both() -> None:
    with pytest.raises(SampleError, match=r"44100 Hz[\s\S]*8000 Hz"):
        preprocess(Sound(np.zeros(3, np.float32), 44100), [Waveform(8000, 3)])


def test_a_recording_without_steps_is_its_values() -> None:
    np.testing.assert_array_equal(preprocess(Sound(np.array([1.0], np.float32), 8000), [Scale(2.0)]), [2.0])


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (Tokens(("", "?", "it's", "a", "!", "cat"), 6), [2, 3, 5, 4, 0, 0]),
        (Tokens(("", "?", "it's", "a", "!", "cat"), 2), [2, 3]),
        (Tokens(("", "?", "it's"), 5), [2, 1, 1, 1, 0]),
        (Tokens(("", "?", "It's", "a"), 4, lowercase=False), [2, 3, 1, 0]),
        (Tokens(("", "?", "i", "t"), 3, unit="character"), [2, 3, 1]),
    ],
)
def test_a_text_becomes_the_numbers_of_its_words_or_characters(step: Tokens, expected: list[int]) -> None:
    numbers = preprocess("It's a CAT!" if step.lowercase else "It's a cat", [step])
    assert numbers.dtype == np.int32
    assert numbers.tolist() == expected


@pytest.mark.parametrize(
    ("sample", "step"),
    [("text", Scale(1.0)), ("text", None), (np.zeros(3), Tokens(("",), 1)), (np.zeros(3), Waveform(8000, 3))],
    ids=str,
)
def test_a_step_for_another_kind_of_sample_is_refused(sample: object, step: object) -> None:
    with pytest.raises(SampleError):
        preprocess(sample, [step] if step else [])  # type: ignore[arg-type, list-item]


def test_the_steps_survive_json() -> None:
    steps = (Waveform(8000, 100), Tokens(("", "?", "a"), 4, unit="character", lowercase=False))
    contract = ModelContract(inputs=(), outputs=(), task="", preprocessing={"x": steps})
    assert decode(ModelContract, encode(contract), "contract") == contract
