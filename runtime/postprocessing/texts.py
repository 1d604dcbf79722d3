"""Scores per word to a part of the text that was asked about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..errors import UsageError
from ..preprocessing.texts import QuestionTokens, as_question
from .answers import Answer, softmax

if TYPE_CHECKING:
    import numpy.typing as npt

    from ..contract import ModelContract
    from ..decoding import Sample

    Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Passage(Answer):
    """A part of a text.

    Attributes:
        text: The part, as it stands there.
        begin: Where it begins in the text, in characters.
        end: Where it ends.
        score: How probable it is, in 0..1.
    """

    text: str
    begin: int
    end: int
    score: float

    def __str__(self) -> str:
        return f"{self.text}\n{self.score:.4f}, characters {self.begin} to {self.end}"


@dataclass(frozen=True)
class Span:
    """The part of the text between the most probable first and last word.

    The outputs ``start`` and ``end`` are logits of each position. Of all pairs of words of the text, the last not
    before the first and at most so many words in all, the one with the largest sum is the answer, as in Devlin et al.,
    "BERT", arXiv:1810.04805, section 4.2.

    Attributes:
        most_words: Of an answer.
    """

    most_words: int = 30
    op: Literal["span"] = "span"

    def __str__(self) -> str:
        return f"a part of the text, at most {self.most_words} words"

    def answer(self, outputs: Mapping[str, Array], contract: ModelContract, sample: Sample | None) -> Passage:
        """The answer to one question.

        Args:
            outputs: ``start`` and ``end``, (positions,).
            contract: For the step that made numbers of the question.
            sample: The question with its text.

        Returns:
            The part of the text.

        Raises:
            UsageError: The model has no such outputs, or the question is not given, or there is no word in its text.
            SampleError: The sample is no question.
        """
        steps = [step for steps in contract.preprocessing.values() for step in steps]
        step = next((step for step in steps if isinstance(step, QuestionTokens)), None)
        if step is None or sample is None or not outputs.keys() >= {"start", "end"}:
            raise UsageError(
                "A part of a text is read from a question",
                got=f"outputs {', '.join(outputs)}" + (", no question" if sample is None else ""),
                expected="outputs start and end, the question, and the step question-tokens in the contract",
            )
        places = step.places(sample)
        if not places:
            raise UsageError("There is no word in the text of this question")
        first, last, score = best_span(outputs["start"], outputs["end"], list(places), self.most_words)
        begin, end = places[first][0], places[last][1]
        return Passage(as_question(sample).context[begin:end], begin, end, score)


def best_span(start: Array, end: Array, allowed: list[int], most: int) -> tuple[int, int, float]:
    """The pair of positions with the largest sum of logits.

    Args:
        start: (positions,) logits of the first.
        end: (positions,) logits of the last.
        allowed: Positions that may be in the answer, consecutive, at least one.
        most: Positions in the answer.

    Returns:
        The first, the last, and the product of their probabilities among those that are allowed.
    """
    firsts, lasts = softmax(start[allowed]), softmax(end[allowed])
    pairs = np.triu(np.outer(firsts, lasts)) * (1 - np.triu(np.ones((len(allowed),) * 2), most))
    first, last = np.unravel_index(pairs.argmax(), pairs.shape)
    return allowed[first], allowed[last], float(pairs[first, last])
