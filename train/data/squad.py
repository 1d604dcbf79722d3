"""Questions about texts, in the JSON format of the Stanford Question Answering Dataset.

Rajpurkar et al., "SQuAD: 100,000+ Questions for Machine Comprehension of Text", arXiv:1606.05250.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litefoot.runtime.decoding import Question
from litefoot.runtime.errors import SampleError
from litefoot.runtime.preprocessing import QuestionTokens


@dataclass(frozen=True)
class Asked:
    """A question whose answer is known.

    Attributes:
        question: It and its text.
        begin: Where the answer begins in the text, in characters.
        end: Where it ends.
        group: Number of the text; questions about one text stay in one part of the data.
    """

    question: Question
    begin: int
    end: int
    group: int


def read_squad(path: Path) -> list[Asked]:
    """Read a file in SQuAD's format, version 1.1 or 2.0; questions without an answer are left out.

    Args:
        path: The JSON file.

    Returns:
        The questions, each with its first answer.

    Raises:
        SampleError: The file is not of that format, an answer does not stand where it says, or there is none.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        asked = [
            _asked(entry, paragraph["context"], group, path)
            for group, paragraph in enumerate(
                paragraph for article in document["data"] for paragraph in article["paragraphs"]
            )
            for entry in paragraph["qas"]
            if entry["answers"]
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SampleError(
            "This file is not in SQuAD's format",
            where=path,
            got=f"{type(error).__name__}: {error}",
            expected='{"data": [{"paragraphs": [{"context", "qas": [{"question", "answers": '
            '[{"text", "answer_start"}]}]}]}]}',
        ) from error
    if not asked:
        raise SampleError("There is no question with an answer in this file", where=path)
    return asked


def answer_positions(asked: Asked, step: QuestionTokens) -> tuple[int, int] | None:
    """Where the answer stands in the row that a step makes of the question.

    Args:
        asked: The question.
        step: Which makes numbers of it.

    Returns:
        The positions of the answer's first and last word; None where it is cut off.
    """
    places = step.places(asked.question)
    inside = [i for i, (begin, end) in places.items() if begin < asked.end and end > asked.begin]
    if not inside or places[inside[-1]][1] < asked.end:
        return None
    return inside[0], inside[-1]


def _asked(entry: dict[str, Any], context: str, group: int, path: Path) -> Asked:
    answer = entry["answers"][0]
    text, begin = answer["text"].strip(), int(answer["answer_start"])
    begin += len(answer["text"]) - len(answer["text"].lstrip())
    if not text or context[begin : begin + len(text)] != text:
        raise SampleError(
            "An answer does not stand in its text where it says",
            where=f"{path}, question {entry['question']!r}",
            got=repr(context[begin : begin + len(text)]),
            expected=repr(text),
        )
    return Asked(Question(entry["question"], context), begin, begin + len(text), group)
