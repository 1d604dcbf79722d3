"""BLEU by hand and against sacrebleu where it is installed; tokens and spans by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.errors import SampleError
from litefoot.runtime.tensors import TensorSpec
from litefoot.runtime.verification.metrics.texts import best_spans
from litefoot.runtime.verification.task import score_of

Array = np.ndarray[Any, Any]
LENGTH = 12
texts = st.lists(st.integers(1, 4), min_size=1, max_size=LENGTH)
pairs = st.lists(st.tuples(texts, texts), min_size=1, max_size=6)


def padded(rows: list[list[int]]) -> Array:
    return np.array([row + [0] * (LENGTH - len(row)) for row in rows])


def score(name: Any, output: Array, targets: Array) -> float:
    contract = ModelContract((), (TensorSpec("y", (None, None), "int32", "tokens"),), "", metric=Metric(name, 0.01))
    value = score_of(contract, {"y": output}, targets)
    assert value is not None
    return value


def test_bleu_by_hand() -> None:
    found, right = [[1, 2, 3, 4, 5, 6]], [[1, 2, 3, 4, 5, 7, 8]]
    # 5 of 6 words, 4 of 5 pairs, 3 of 4 triples, 2 of 3 quadruples; one word too short.
    expected = math.exp(1 - 7 / 6) * (5 / 6 * 4 / 5 * 3 / 4 * 2 / 3) ** 0.25
    assert score("bleu", padded(found), padded(right)) == pytest.approx(expected)


def test_a_repeated_word_counts_as_often_as_it_is_in_the_reference() -> None:
    """The example of the paper's section 2.1, "the the the the the the the", and the sum over two texts."""
    found, right = [[1] * 7, [1, 2, 3, 4]], [[1, 2, 3, 4, 1, 5], [1, 2, 3, 4]]
    precisions = (2 + 4) / 11, (0 + 3) / 9, (0 + 2) / 7, (0 + 1) / 5
    assert score("bleu", padded(found), padded(right)) == pytest.approx(math.prod(precisions) ** 0.25)


@given(pairs)
def test_bleu_is_that_of_sacrebleu(case: list[Any]) -> None:
    sacrebleu = pytest.importorskip("sacrebleu", reason="sacrebleu is not installed")
    found, right = ([" ".join(map(str, row)) for row in side] for side in zip(*case, strict=True))
    expected = sacrebleu.corpus_bleu(found, [right], tokenize="none", smooth_method="none", force=True).score
    outputs, targets = (padded(list(side)) for side in zip(*case, strict=True))
    assert score("bleu", outputs, targets) == pytest.approx(expected / 100, abs=1e-9)


@given(pairs)
def test_texts_are_their_own_best_translation_and_every_figure_stays_within_one(case: list[Any]) -> None:
    found, right = (padded(list(side)) for side in zip(*case, strict=True))
    assert 0.0 <= score("bleu", found, right) <= 1.0 + 1e-12
    assert 0.0 <= score("token_match", found, right) <= 1.0
    assert score("token_match", right, right) == 1.0
    if max(len(pair[1]) for pair in case) >= 4:
        assert score("bleu", right, right) == pytest.approx(1.0)


def test_without_a_common_quadruple_bleu_is_zero_and_nothing_found_is_too() -> None:
    right = padded([[1, 2, 3, 4, 5]])
    assert score("bleu", padded([[1, 2, 3, 5, 4]]), right) == 0.0
    assert score("bleu", np.zeros((1, 5), int), right) == 0.0
    assert score("bleu", padded([[1, 2, 3]]), padded([[1, 2, 3]])) == 0.0


def test_tokens_match_place_by_place_and_what_is_too_long_or_too_short_counts() -> None:
    right = np.array([[1, 2, 3, 0], [4, 0, 0, 0]])
    assert score("token_match", right, right) == 1.0
    assert score("token_match", np.array([[1, 9, 3, 0], [4, 0, 0, 0]]), right) == 0.75
    assert score("token_match", np.array([[1, 2, 3, 5], [4, 6, 0, 0]]), right) == pytest.approx(4 / 6)
    assert score("token_match", np.array([[1, 2], [4, 0]]), right) == 0.75


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (np.array([[1.0, 2.0]]), "integers[1, ?]"),
        (np.array([1, 2]), "integers[1, ?]"),
        (np.array([[1, -1]]), "from 0"),
        (np.array([[0, 0]]), "nothing but padding"),
    ],
)
def test_what_are_no_tokens_is_refused(targets: Array, words: str) -> None:
    with pytest.raises(SampleError) as refused:
        score("bleu", np.array([[1, 2]]), targets)
    assert words in str(refused.value)


def score_spans(name: Any, start: Array, end: Array, targets: Array) -> float:
    outputs = tuple(TensorSpec(key, (None, start.shape[1]), "float32", "logits") for key in ("end", "start"))
    value = score_of(ModelContract((), outputs, "", metric=Metric(name, 0.01)), {"start": start, "end": end}, targets)
    assert value is not None
    return value


def spans(*places: tuple[int, int]) -> tuple[Array, Array]:
    """Logits whose best spans these are."""
    first, last = zip(*places, strict=True)
    return np.eye(8)[list(first)], np.eye(8)[list(last)]


def test_spans_by_hand() -> None:
    start, end = spans((2, 4), (0, 0), (5, 7))
    targets = np.array([[2, 4], [1, 1], [6, 7]])
    assert score_spans("exact_match", start, end, targets) == pytest.approx(1 / 3)
    assert score_spans("span_f1", start, end, targets) == pytest.approx((1 + 0 + 2 * 2 / (3 + 2)) / 3)


@given(st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_the_best_span_has_the_largest_sum_of_those_that_do_not_end_before_they_begin(width: int, seed: int) -> None:
    start, end = np.random.default_rng(seed).normal(size=(2, 4, width))
    for i, (first, last) in enumerate(best_spans(start, end)):
        allowed = [(start[i, a] + end[i, b], a, b) for a in range(width) for b in range(a, width)]
        assert (first, last) == max(allowed)[1:]


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (np.array([[1, 8]]), "0 to 7 as first and last"),
        (np.array([[-1, -1]]), "0 to 7"),
        (np.array([[3, 2]]), "1 that end before they begin"),
        (np.array([[1.0, 2.0]]), "integers[1, 2]"),
        (np.array([[1, 2, 3]]), "integers[1, 2]"),
    ],
)
def test_what_are_no_spans_is_refused(targets: Array, words: str) -> None:
    start, end = spans((2, 4))
    with pytest.raises(SampleError) as refused:
        score_spans("exact_match", start, end, targets)
    assert words in str(refused.value)
