"""SQuAD's format: read, refused where it lies, and answers found again in the rows of numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from litefoot.runtime.decoding import Question
from litefoot.runtime.errors import SampleError
from litefoot.runtime.preprocessing import QuestionTokens
from litefoot.train.data.questions import FACTS, made_up_questions
from litefoot.train.data.squad import Asked, answer_positions, read_squad

CONTEXT = "Ann lives in New York. Bob was born in 1950."


def document(**changed: Any) -> dict[str, Any]:
    answer = {"text": "New York", "answer_start": 13, **changed}
    impossible = {"question": "Who is Eve?", "answers": [], "is_impossible": True}
    known = {"question": "Where does Ann live?", "answers": [answer, {"text": "York", "answer_start": 17}]}
    second = {
        "context": "Eve is a judge.",
        "qas": [{"question": "Who?", "answers": [{"text": "Eve", "answer_start": 0}]}],
    }
    return {"data": [{"paragraphs": [{"context": CONTEXT, "qas": [known, impossible]}, second]}]}


def written(folder: Path, content: object) -> Path:
    path = folder / "questions.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_questions_with_an_answer_are_read_with_their_text(tmp_path: Path) -> None:
    first, second = read_squad(written(tmp_path, document()))
    assert first == Asked(Question("Where does Ann live?", CONTEXT), 13, 21, 0)
    assert (second.begin, second.end, second.group) == (0, 3, 1)


def test_white_space_around_an_answer_does_not_count(tmp_path: Path) -> None:
    first, _ = read_squad(written(tmp_path, document(text=" New York", answer_start=12)))
    assert (first.begin, first.end) == (13, 21)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("no json", "not in SQuAD's format"),
        ({"data": [{"paragraphs": [{"qas": [{"answers": [{}]}]}]}]}, "KeyError: 'context'"),
        ({"data": []}, "no question with an answer"),
        (document(answer_start=14), "does not stand in its text"),
        (document(text="  "), "does not stand in its text"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, content: object, said: str) -> None:
    with pytest.raises(SampleError, match=said):
        read_squad(written(tmp_path, content))


def test_the_positions_of_an_answer_are_those_of_its_words() -> None:
    asked = Asked(Question("Where does Ann live?", CONTEXT), 13, 21, 0)
    step = QuestionTokens(("", "?", "|"), 9, question_length=5, length=20)
    first, last = answer_positions(asked, step) or (0, 0)
    assert [CONTEXT[slice(*step.places(asked.question)[i])] for i in (first, last)] == ["New", "York"]
    assert answer_positions(asked, QuestionTokens(("", "?", "|"), 9, question_length=5, length=last)) is None


def test_made_up_answers_stand_where_they_say_and_answer_the_question() -> None:
    for asked in made_up_questions(200, test=False, seed=3):
        answer = asked.question.context[asked.begin : asked.end]
        assert answer
        assert answer == answer.strip()
        assert asked.question.question.endswith("?")
        assert answer not in asked.question.question


def test_made_up_questions_follow_the_seed_and_share_no_name_with_those_of_the_test() -> None:
    assert made_up_questions(20, test=False, seed=1) == made_up_questions(20, test=False, seed=1)
    assert made_up_questions(20, test=False, seed=1) != made_up_questions(20, test=False, seed=2)
    common = {
        word
        for sentence, questions in FACTS
        for text in (sentence, *(q for q, _ in questions))
        for word in text.split()
    }
    words = [
        {
            word.strip(".,?")
            for asked in made_up_questions(300, test=test, seed=0)
            for word in asked.question.context.split()
        }
        for test in (False, True)
    ]
    shared = {word for word in words[0] & words[1] if word[0].isupper()} - common
    assert shared <= {"In", "The"}
