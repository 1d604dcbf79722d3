"""A text in one file, as the numbers of its characters."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.errors import SampleError, first_line
from litefoot.runtime.preprocessing.texts import UNKNOWN

from .downloads import download

Array = npt.NDArray[Any]

_SHAKESPEARE = "https://storage.googleapis.com/download.tensorflow.org/data/shakespeare.txt"
_SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"


def read_text(path: Path) -> str:
    """Read a text file.

    Args:
        path: UTF-8; line ends of any kind become one character.

    Returns:
        The text.

    Raises:
        SampleError: It is not such a file.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise SampleError("This text cannot be read", where=path, got=first_line(error), expected="UTF-8") from error


def download_shakespeare() -> Path:
    """Forty thousand lines of Shakespeare's plays, 1.1 MB, in the public domain; kept in Keras's folder of downloads.

    Returns:
        The file.

    Raises:
        UsageError: It cannot be downloaded.
    """
    import tf_keras

    return download(
        "Shakespeare's plays",
        lambda: Path(tf_keras.utils.get_file("shakespeare.txt", _SHAKESPEARE, file_hash=_SHA256)),
        where=_SHAKESPEARE,
        fix="--data FILE.txt with any text, or --quick for made-up sentences",
    )


def character_vocabulary(text: str, most: int) -> tuple[str, ...]:
    """The characters of a text as `Tokens` takes them.

    Args:
        text: To be written like.
        most: The most characters; rarer ones are unknown.

    Returns:
        Nothing for number 0, which pads, U+FFFD for number 1, which is unknown, then the characters in order.
    """
    common = Counter(text).most_common(most)
    return ("", "\ufffd", *sorted(character for character, _ in common))


def character_numbers(text: str, vocabulary: tuple[str, ...]) -> Array:
    """The number of every character, as the step `Tokens` gives them.

    Args:
        text: Of any length.
        vocabulary: The character of each number.

    Returns:
        (characters,) int32.
    """
    numbers = {character: number for number, character in enumerate(vocabulary)}
    return np.array([numbers.get(character, UNKNOWN) for character in text], dtype=np.int32)


def windows(numbers: Array, length: int, stride: int) -> tuple[Array, Array]:
    """Pieces of a text, and what follows each of their characters.

    Args:
        numbers: (characters,).
        length: Of a piece.
        stride: Characters from the beginning of one piece to that of the next.

    Returns:
        Pieces and their successors, both (pieces, length).

    Raises:
        SampleError: The text is too short for one piece.
    """
    if len(numbers) <= length:
        raise SampleError(
            "This text is too short", got=f"{len(numbers)} characters", expected=f"more than {length} in each part"
        )
    views = np.lib.stride_tricks.sliding_window_view(numbers, length + 1)[::stride]
    return views[:, :-1].copy(), views[:, 1:].copy()
