"""A question and its text as numbers: by construction, cut, hashed, and back to the places in the text."""

from __future__ import annotations

import itertools
import json
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litefoot.runtime.decoding import Question, read_sample
from litefoot.runtime.errors import SampleError
from litefoot.runtime.preprocessing import QuestionTokens, Scale, preprocess
from litefoot.runtime.preprocessing.texts import SEPARATOR, as_question, word_spans
from litefoot.runtime.storage.codec import decode, encode

STEP = QuestionTokens(("", "[unknown]", "[separator]", "where", "is", "ann", "?", "in", "."), 7, 4, 12)
ASKED = Question("Where is Ann?", "Ann is in Rome.")
ROME = 9 + zlib.crc32(b"rome") % 7
ROW = [3, 4, 5, 6, SEPARATOR, 5, 4, 7, ROME, 8, 0, 0]


@pytest.mark.parametrize("sample", [ASKED, "Where is Ann?\nAnn is in Rome."], ids=["question", "lines"])
def test_a_question_becomes_one_row_with_its_text(sample: Question | str) -> None:
    row = preprocess(sample, (STEP,))
    assert row.dtype == np.int32
    assert row.tolist() == ROW


def test_a_long_question_and_a_long_text_are_cut() -> None:
    step = QuestionTokens(STEP.vocabulary, 7, question_length=2, length=5)
    assert preprocess(ASKED, (step,)).tolist() == [3, 4, SEPARATOR, 5, 4]
    assert step.places(ASKED) == {3: (0, 3), 4: (4, 6)}


@given(st.text(max_size=60), st.text(max_size=60))
def test_every_position_of_the_text_holds_the_number_of_the_word_at_its_place(question: str, context: str) -> None:
    asked = Question(question, context)
    row = STEP.apply(asked)
    places = STEP.places(asked)
    assert row.shape == (STEP.length,)
    assert {i: row[i] for i in places} == {i: STEP.number(context[begin:end]) for i, (begin, end) in places.items()}
    assert np.count_nonzero(row) == (min(places) + len(places) if places else int((row != 0).sum()))


@given(st.text())
def test_words_do_not_overlap_and_leave_only_white_space(text: str) -> None:
    spans = word_spans(text)
    assert all(end <= begin for (_, end), (begin, _) in itertools.pairwise(spans))
    left = "".join(character for i, character in enumerate(text) if not any(b <= i < e for b, e in spans))
    assert left.strip() == ""


def test_the_same_unknown_word_has_the_same_number_in_any_case_and_never_a_word_of_the_vocabulary() -> None:
    assert STEP.number("ROME") == STEP.number("rome") == ROME
    assert all(len(STEP.vocabulary) <= STEP.number(f"w{i}") < len(STEP.vocabulary) + STEP.buckets for i in range(50))


def test_a_question_survives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "question.json"
    path.write_text(json.dumps(encode(ASKED)), encoding="utf-8")
    assert read_sample(path) == ASKED


@pytest.mark.parametrize("content", ['{"question": "Who?"}', '{"question": 1, "context": "a"}', "[]", "{"])
def test_another_json_file_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "question.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SampleError, match=r"question\.json"):  # not an unreadable model
        read_sample(path)


@pytest.mark.parametrize("sample", ["one line", "a question?\n  \n", np.zeros(3)])
def test_what_is_no_question_with_a_text_is_refused(sample: str | np.ndarray) -> None:
    with pytest.raises(SampleError, match="first line is the question"):
        as_question(sample)


def test_a_question_without_a_step_for_it_is_refused() -> None:
    with pytest.raises(SampleError, match="step"):
        preprocess(ASKED, ())


def test_the_step_survives_its_document() -> None:
    assert decode(QuestionTokens, encode(STEP), "step") == STEP
    assert Scale(1.0) != STEP
