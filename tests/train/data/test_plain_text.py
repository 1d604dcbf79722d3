"""Texts as numbers of characters, and as windows with what follows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litefoot.runtime.errors import SampleError
from litefoot.runtime.preprocessing import Tokens, preprocess
from litefoot.train.data.plain_text import character_numbers, character_vocabulary, read_text, windows


@given(st.text(min_size=1, max_size=80))
def test_the_numbers_are_those_of_the_step_and_lead_back_to_the_text(text: str) -> None:
    vocabulary = character_vocabulary(text, 1000)
    numbers = character_numbers(text, vocabulary)
    step = Tokens(vocabulary, len(text), unit="character", lowercase=False)
    np.testing.assert_array_equal(numbers, preprocess(text, (step,)))
    assert "".join(vocabulary[number] for number in numbers) == text


def test_rare_characters_are_unknown() -> None:
    vocabulary = character_vocabulary("aaabbc", 2)
    assert vocabulary == ("", "\ufffd", "a", "b")
    assert character_numbers("cab", vocabulary).tolist() == [1, 2, 3]


def test_windows_follow_each_other_and_know_what_comes_next() -> None:
    pieces, following = windows(np.arange(11), 4, 3)
    assert pieces.tolist() == [[0, 1, 2, 3], [3, 4, 5, 6], [6, 7, 8, 9]]
    np.testing.assert_array_equal(following, pieces + 1)


def test_a_text_that_is_too_short_is_refused() -> None:
    with pytest.raises(SampleError, match="more than 4"):
        windows(np.arange(4), 4, 1)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SampleError, match="UTF-8"):
        read_text(path)
