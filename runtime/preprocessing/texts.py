"""Steps that take a text."""

from __future__ import annotations

import functools
import re
import zlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..decoding import Question, Sample
from ..errors import SampleError

PADDING, UNKNOWN, SEPARATOR = 0, 1, 2
_WORD = re.compile(r"[\w']+|[^\w\s]")


@dataclass(frozen=True)
class Tokens:
    """A text cut into words or characters, each replaced by its number, cut or padded to a fixed length.

    Words are runs of letters, digits and apostrophes, and single other characters that are not white space.

    Attributes:
        vocabulary: The word or character of each number, in order; number 0 pads, number 1 is what is not in it.
        length: Of the result.
        unit: What one number stands for.
        lowercase: Whether the text is made lower case first.
    """

    vocabulary: tuple[str, ...]
    length: int
    unit: Literal["word", "character"] = "word"
    lowercase: bool = True
    op: Literal["tokens"] = "tokens"

    def __str__(self) -> str:
        return f"{self.length} {self.unit}s of a vocabulary of {len(self.vocabulary)}"

    def apply(self, sample: Sample) -> npt.NDArray[np.int32]:
        """Carry out the step.

        Args:
            sample: A text.

        Returns:
            (length,) int32.

        Raises:
            SampleError: It is not a text.
        """
        if not isinstance(sample, str):
            raise SampleError("This sample is not a text", where="step tokens", expected="a .txt file or a string")
        text = sample.lower() if self.lowercase else sample
        units = list(text) if self.unit == "character" else _WORD.findall(text)
        numbers = _numbers(self.vocabulary)
        known = [numbers.get(unit, UNKNOWN) for unit in units[: self.length]]
        return np.array(known + [PADDING] * (self.length - len(known)), dtype=np.int32)


@dataclass(frozen=True)
class QuestionTokens:
    """A question and a text as one row of numbers: the question's words, a separator, the text's words, padding.

    Words are those of `Tokens`, lower case. A word that is not in the vocabulary gets one of the numbers after it, by
    the CRC-32 of its UTF-8 bytes: a name that training never saw is the same in the question and in the text.

    Attributes:
        vocabulary: The word of each number, in order; number 0 pads, number 1 stays free, number 2 separates.
        buckets: How many numbers there are for all other words.
        question_length: The most words of a question; further ones are cut off.
        length: Of the result, separator included; further words of the text are cut off.
    """

    vocabulary: tuple[str, ...]
    buckets: int
    question_length: int
    length: int
    op: Literal["question-tokens"] = "question-tokens"

    def __str__(self) -> str:
        return f"question and text in {self.length} words of a vocabulary of {len(self.vocabulary)}"

    def apply(self, sample: Sample) -> npt.NDArray[np.int32]:
        """Carry out the step.

        Args:
            sample: A question with its text; or a text whose first line is the question.

        Returns:
            (length,) int32.

        Raises:
            SampleError: It is neither.
        """
        question = as_question(sample)
        asked = [self.number(word) for word in _WORD.findall(question.question)][: self.question_length]
        told = [self.number(question.context[begin:end]) for begin, end in word_spans(question.context)]
        row = [*asked, SEPARATOR, *told][: self.length]
        return np.array(row + [PADDING] * (self.length - len(row)), dtype=np.int32)

    def number(self, word: str) -> int:
        """The number of a word.

        Args:
            word: In any case.

        Returns:
            Its place in the vocabulary, or its bucket's number after that.
        """
        word = word.lower()
        known = _numbers(self.vocabulary).get(word)
        return len(self.vocabulary) + zlib.crc32(word.encode()) % self.buckets if known is None else known

    def places(self, sample: Sample) -> dict[int, tuple[int, int]]:
        """Where the words of the text that are in the result stand in the text.

        Args:
            sample: What `apply` takes.

        Returns:
            For each position of the result that holds a word of the text, where that word begins and ends in it.
        """
        question = as_question(sample)
        first = min(len(_WORD.findall(question.question)), self.question_length) + 1
        spans = word_spans(question.context)[: max(self.length - first, 0)]
        return dict(enumerate(spans, first))


def word_spans(text: str) -> list[tuple[int, int]]:
    """Where the words of a text stand.

    Args:
        text: Any text.

    Returns:
        For each word, as `Tokens` knows them, where it begins and ends.
    """
    return [match.span() for match in _WORD.finditer(text)]


def as_question(sample: Sample) -> Question:
    """A question with its text, from what a file may hold.

    Args:
        sample: That, or a text whose first line is the question.

    Returns:
        The question, with the text as it stands in the file.

    Raises:
        SampleError: It is neither.
    """
    if isinstance(sample, Question):
        return sample
    asked, _, told = sample.partition("\n") if isinstance(sample, str) else ("", "", "")
    if not told.strip():
        raise SampleError(
            "This sample is not a question with a text",
            where="step question-tokens",
            expected='a .json file {"question": ..., "context": ...}, or a .txt file whose first line is the question',
        )
    return Question(asked.strip(), told)


@functools.lru_cache(maxsize=8)
def _numbers(vocabulary: tuple[str, ...]) -> dict[str, int]:
    return {unit: number for number, unit in enumerate(vocabulary)}
