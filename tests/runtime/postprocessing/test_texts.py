"""The part of a text between the best first and last word: found, limited to the text, and refused without one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.decoding import Question
from litefoot.runtime.errors import UsageError
from litefoot.runtime.postprocessing import Span, postprocess
from litefoot.runtime.postprocessing.texts import Passage, best_span
from litefoot.runtime.preprocessing import QuestionTokens
from litefoot.runtime.storage.codec import decode, encode

STEP = QuestionTokens(("", "[unknown]", "[separator]"), 7, 4, 12)
CONTRACT = ModelContract((), (), "question answering", preprocessing={"tokens": (STEP,)}, postprocessing=Span())
ASKED = Question("Where is Ann?", "Ann is in New York.")


def logits(position: int, value: float = 9.0) -> np.ndarray:
    return np.where(np.arange(12) == position, value, 0.0).astype(np.float32)


def test_the_answer_is_the_text_from_the_first_to_the_last_word_as_it_stands_there() -> None:
    answer = postprocess({"start": logits(8), "end": logits(9)}, CONTRACT, ASKED)
    assert isinstance(answer, Passage)
    assert (answer.text, answer.begin, answer.end) == ("New York", 10, 18)
    assert ASKED.context[answer.begin : answer.end] == answer.text
    assert 0.98 < answer.score <= 1.0
    assert str(answer).startswith("New York\n")
    assert encode(answer)["text"] == "New York"


def test_the_question_and_the_padding_are_never_the_answer() -> None:
    answer = postprocess({"start": logits(1, 99) + logits(8), "end": logits(11, 99) + logits(9)}, CONTRACT, ASKED)
    assert isinstance(answer, Passage)
    assert answer.text == "New York"


@pytest.mark.parametrize("outputs", [{"start": logits(8)}, {"logits": logits(8)}])
def test_other_outputs_are_refused(outputs: dict[str, np.ndarray]) -> None:
    with pytest.raises(UsageError, match="start and end"):
        postprocess(outputs, CONTRACT, ASKED)


def test_without_the_question_there_is_no_answer() -> None:
    outputs = {"start": logits(8), "end": logits(9)}
    with pytest.raises(UsageError, match="no question"):
        postprocess(outputs, CONTRACT)
    with pytest.raises(UsageError, match="no word"):
        postprocess(outputs, CONTRACT, Question("Where?", "  "))


SCORES = hnp.arrays(np.float32, 9, elements=st.floats(-20, 20, width=32))


@given(SCORES, SCORES, st.integers(1, 9))
def test_the_best_span_is_the_best_of_all_pairs(start: np.ndarray, end: np.ndarray, most: int) -> None:
    allowed = list(range(2, 8))
    first, last, score = best_span(start, end, allowed, most)
    pairs = [(i, j) for i in allowed for j in allowed if i <= j < i + most]
    assert (first, last) in pairs
    best = max(float(start[i]) + float(end[j]) for i, j in pairs)
    assert float(start[first]) + float(end[last]) == pytest.approx(best, abs=1e-4)
    assert 0 <= score <= 1


def test_the_reading_survives_its_document() -> None:
    assert decode(ModelContract, encode(CONTRACT), "contract") == CONTRACT
