"""From a file to what it shows: a picture, a recording, a table, an array or a text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import BadDocument, LitefootError, SampleError, UsageError, first_line, require

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Sound:
    """A decoded recording.

    Attributes:
        values: (samples,), one channel, float32 in -1..1.
        rate_hz: Samples a second.
    """

    values: npt.NDArray[np.float32]
    rate_hz: int


@dataclass(frozen=True)
class Table:
    """A table whose columns have headings.

    Attributes:
        names: The headings, in order.
        values: (rows, columns) float32; columns of other things than numbers, such as dates, are left out.
    """

    names: tuple[str, ...]
    values: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Question:
    """A question and the text that holds its answer.

    Attributes:
        question: What is asked.
        context: The text.
    """

    question: str
    context: str


Sample = Array | Table | Sound | str | Question
"""What a file decodes to: a picture or table of numbers, a recording, a text, or a question about a text."""


def read_sample(path: Path) -> Sample:
    """Decode one file.

    Args:
        path: A picture (png, jpg, bmp), a recording (wav), a table (csv), an array (npy), a text (txt)
            or a question with its text (json).

    Returns:
        A picture as uint8 (height, width) or (height, width, channels); a recording; a table, or without headings its
        numbers as float32 (rows, columns); an array as it was stored; a text; a question.

    Raises:
        UsageError: There is no such file, or its kind is not known.
        SampleError: It cannot be decoded.
        MissingDependency: Pictures need the extra ``images``.
    """
    if not path.is_file():
        raise UsageError("There is no such input file", where=path)
    decode = _DECODERS.get(path.suffix.lower())
    if decode is None:
        raise UsageError(
            "This kind of input is not known",
            where=path,
            got=path.suffix or "no suffix",
            expected=", ".join(_DECODERS),
        )
    try:
        return decode(path)
    except BadDocument as error:  # for a model it is another exit code
        raise SampleError("This input cannot be decoded", where=path, got=error) from error
    except LitefootError:
        raise
    except Exception as error:  # Pillow and numpy's header parser share no error class
        raise SampleError("This input cannot be decoded", where=path, got=first_line(error)) from error


def _read_array(path: Path) -> Array:
    with path.open("rb") as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _read_table(path: Path) -> Table | Array:
    """Numbers separated by commas; a first line without numbers is a heading."""
    import csv

    with path.open(encoding="utf-8-sig") as file:
        lines = [line for line in file if line.strip()]
    names, first = [*csv.reader(lines[:2]), [], []][:2]
    if any(map(_is_number, names)):
        return _read_numbers(lines, None)
    if not first:
        raise SampleError("This table has no rows", where=path)
    kept = [column for column, cell in enumerate(first) if _is_number(cell)]
    return Table(tuple(names[column].strip() for column in kept), _read_numbers(lines[1:], kept))


def _read_numbers(lines: list[str], columns: list[int] | None) -> Array:
    table: Array = np.loadtxt(lines, dtype=np.float32, delimiter=",", ndmin=2, usecols=columns, quotechar='"')
    return table


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _read_sound(path: Path) -> Sound:
    """Integer PCM of 8 (unsigned), 16 or 32 bits; channels are averaged."""
    import wave

    with wave.open(str(path), "rb") as recording:
        width, channels, rate = recording.getsampwidth(), recording.getnchannels(), recording.getframerate()
        content = recording.readframes(recording.getnframes())
    if width not in (1, 2, 4):
        raise SampleError(
            "This recording is of a width that is not read",
            where=path,
            got=f"{8 * width} bits",
            expected="8, 16 or 32 bits",
        )
    stored = np.frombuffer(content, dtype={1: "u1", 2: "<i2", 4: "<i4"}[width]).astype(np.float32)
    values = (stored - 128.0) / 128.0 if width == 1 else stored / float(1 << (8 * width - 1))
    return Sound(values.reshape(-1, channels).mean(axis=1).astype(np.float32), rate)


def _read_text(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig")


def _read_question(path: Path) -> Question:
    from .storage.codec import read_document  # which imports what a plain call does not need

    return read_document(Question, path)


def _read_picture(path: Path) -> Array:
    image = require("PIL.Image", "images")
    with image.open(path) as picture:
        if picture.mode.startswith("I"):  # 16 bits of gray, which Pillow's own conversion cuts off at 255
            return np.rint(np.asarray(picture) / 257.0).astype(np.uint8)
        wanted = "RGBA" if "transparency" in picture.info else "RGB"
        plain = picture if picture.mode in ("L", "LA", "RGB", "RGBA") else picture.convert(wanted)
        return np.asarray(plain)


_DECODERS: dict[str, Callable[[Path], Sample]] = {
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".bmp"), _read_picture),
    ".wav": _read_sound,
    ".csv": _read_table,
    ".npy": _read_array,
    ".txt": _read_text,
    ".json": _read_question,
}
