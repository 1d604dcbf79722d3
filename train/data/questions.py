"""Made-up questions about made-up people: what a reader of texts can be trained on without any download.

A text tells a few facts about two or three people, each with a sentence of its own; a question asks for one part of
one sentence. The names of people and places are invented from syllables, so that there are as many as one likes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from litefoot.runtime.decoding import Question

from .squad import Asked

FACTS = (
    (
        "{name} was born in {place}.",
        (("Where was {name} born?", "place"), ("What is the birthplace of {name}?", "place")),
    ),
    ("{name} was born in {year}.", (("When was {name} born?", "year"), ("In which year was {name} born?", "year"))),
    ("{name} works as {job}.", (("What does {name} do?", "job"), ("What is the job of {name}?", "job"))),
    ("{name} lives in {place}.", (("Where does {name} live?", "place"), ("Who lives in {place}?", "name"))),
    (
        "{name} met {friend} in {place} at {time}.",
        (
            ("Whom did {name} meet?", "friend"),
            ("Who met {friend}?", "name"),
            ("Where did {name} meet {friend}?", "place"),
            ("At what time did {name} meet {friend}?", "time"),
        ),
    ),
    (
        "In {year}, {name} bought {thing} from {friend}.",
        (
            ("What did {name} buy?", "thing"),
            ("From whom did {name} buy {thing}?", "friend"),
            ("When did {name} buy {thing}?", "year"),
            ("Who bought {thing} from {friend}?", "name"),
        ),
    ),
    ("The train of {name} leaves {place} at {time}.", (("When does the train of {name} leave?", "time"),)),
)
"""Sentences with open places, and the questions that can be asked about each, with the place that answers."""

_JOBS = ("a baker", "a teacher", "a nurse", "a carpenter", "a pilot", "a piano tuner", "a lighthouse keeper", "a judge")
_THINGS = ("a boat", "a red bicycle", "an old piano", "a house", "two goats", "a clock", "a green coat", "a map")
_HOURS = ("noon", "midnight", "ten o'clock", "half past nine", "a quarter to six", "8:30", "17:05", "five o'clock")
_BEGINNINGS = (
    "Ba",
    "Cor",
    "Da",
    "El",
    "Fen",
    "Gri",
    "Hol",
    "I",
    "Ka",
    "Lo",
    "Mar",
    "No",
    "O",
    "Pel",
    "Ra",
    "Sa",
    "Tor",
    "Vi",
)
_MIDDLES = ("", "da", "la", "mi", "ne", "ra", "ri", "so", "ti", "vo")
_NAME_ENDS = ("ben", "dis", "kan", "lin", "na", "ras", "ta", "vin")
_PLACE_ENDS = ("berg", "bridge", "ford", "ham", "holm", "mouth", "stead", "wick")
_PART_OF_TEST = 0.2
_PART_ALIKE = 0.6
"""Of how many people the same is told, so that who is meant matters."""

Pools = dict[str, npt.NDArray[np.str_]]
"""The names to choose from, by the kind of what they name."""


def made_up_questions(count: int, *, test: bool, seed: int) -> list[Asked]:
    """Questions, texts and answers by chance.

    Args:
        count: How many.
        test: Whether to use the names that are kept for the test, none of which occurs without it.
        seed: Of the chance.

    Returns:
        The questions, each about a text of its own.
    """
    rng = np.random.default_rng((seed, int(test)))
    pools = {kind: np.array(_kept(_words(ends), test)) for kind, ends in (("name", _NAME_ENDS), ("place", _PLACE_ENDS))}
    return [_made_up(group, pools, rng) for group in range(count)]


def _words(ends: Sequence[str]) -> list[str]:
    return [first + middle + end for first in _BEGINNINGS for middle in _MIDDLES for end in ends]


def _kept(words: list[str], test: bool) -> list[str]:
    """The words of one side, the same in every run."""
    order = np.random.default_rng(0).permutation(len(words))
    cut = round(len(words) * _PART_OF_TEST)
    return [words[i] for i in (order[:cut] if test else order[cut:])]


def _made_up(group: int, pools: Pools, rng: np.random.Generator) -> Asked:
    """A text of up to six sentences and a question; another one where more than one sentence would answer it."""
    people = [str(name) for name in rng.choice(pools["name"], size=rng.integers(2, 4), replace=False)]
    shared = _kinds(rng)
    kinds = [shared if rng.random() < _PART_ALIKE else _kinds(rng) for _ in people]
    told = [
        (kind, _fillings(name, people, pools, rng)) for name, own in zip(people, kinds, strict=True) for kind in own
    ]
    rng.shuffle(told)
    sentences = [FACTS[kind][0].format(**filling) for kind, filling in told]
    chosen = int(rng.integers(len(told)))
    kind, filling = told[chosen]
    sentence, questions = FACTS[kind]
    asked, part = questions[rng.integers(len(questions))]
    question = asked.format(**filling)
    if sum(other == kind and asked.format(**others) == question for other, others in told) > 1:
        return _made_up(group, pools, rng)
    begin = sum(len(text) + 1 for text in sentences[:chosen])
    begin += len(sentence.partition(f"{{{part}}}")[0].format(**filling))
    return Asked(Question(question, " ".join(sentences)), begin, begin + len(filling[part]), group)


def _kinds(rng: np.random.Generator) -> list[int]:
    """Which facts are told about a person."""
    return [int(kind) for kind in rng.choice(len(FACTS), size=rng.integers(1, 3), replace=False)]


def _fillings(name: str, people: list[str], pools: Pools, rng: np.random.Generator) -> dict[str, str]:
    """What one sentence says; the friend is one of the people or a stranger."""
    known = [other for other in people if other != name]
    stranger = str(next(other for other in rng.choice(pools["name"], size=20) if other not in people))
    return {
        "name": name,
        "friend": str(rng.choice(known)) if rng.random() < 0.5 else stranger,
        "place": str(rng.choice(pools["place"])),
        "year": str(rng.integers(1850, 2020)),
        "job": str(rng.choice(_JOBS)),
        "thing": str(rng.choice(_THINGS)),
        "time": str(rng.choice(_HOURS)),
    }
