"""Searches over a Markov chain, whose best sequence is known by going through all of them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litefoot.runtime.errors import UsageError
from litefoot.runtime.generation import beam, greedy, sample
from litefoot.runtime.generation.searching import _best

END = 3


class Chain:
    """The next token depends on the last one alone; the state is how often it was asked since the beginning."""

    def __init__(self, probabilities: np.ndarray) -> None:
        with np.errstate(divide="ignore"):
            self.scores = np.log(probabilities)
        self.reset()

    def reset(self) -> None:
        self.state: tuple[int, ...] = ()

    def __call__(self, token: int) -> np.ndarray:
        self.state = (*self.state, token)
        return self.scores[token]


def chain(seed: int) -> Chain:
    return Chain(np.random.default_rng(seed).dirichlet(np.ones(4), size=4))


def every(scores: np.ndarray, most: int, penalty: float) -> list[tuple[float, tuple[int, ...]]]:
    """Score and tokens of every sequence that ends, or is as long as it may be; Wu et al. 2016, equation 14."""
    found = []
    for length in range(most + 1):
        for tokens in itertools.product(range(END), repeat=length):
            path = (0, *tokens) if length == most else (0, *tokens, END)
            log_probability = sum(scores[a, b] for a, b in itertools.pairwise(path))
            found.append((log_probability / ((5 + len(path) - 1) ** penalty / 6**penalty), tokens))
    return sorted(found, reverse=True)


@given(seed=st.integers(0, 10_000), most=st.integers(1, 4), penalty=st.sampled_from([0.0, 0.6, 1.0, 2.0]))
def test_a_wide_beam_finds_the_best_of_all_sequences(seed: int, most: int, penalty: float) -> None:
    model = chain(seed)
    found = beam(model, [0], end=END, most=most, width=100, length_penalty=penalty)
    score, tokens = every(model.scores, most, penalty)[0]
    assert found[0].score == pytest.approx(score)
    assert found[0].tokens == tokens


def test_a_beam_of_one_without_penalty_is_greedy_until_it_ends() -> None:
    for seed in range(30):
        model = chain(seed)
        (found,) = beam(model, [0], end=END, most=6, width=1, length_penalty=0.0)
        path = (0, *found.tokens)
        assert all(model.scores[a, :END].argmax() == b for a, b in itertools.pairwise(path))


def test_a_beam_finds_what_greedy_misses() -> None:
    # 1 is likelier first, but all that follows it is uncertain: 0.6 * 0.4 against 0.4 * 1.
    model = Chain(np.array([[0.0, 0.6, 0.4, 0.0], [0.3, 0.3, 0.0, 0.4], [0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 1.0]]))
    assert greedy(model, [0], end=END, most=5) == [1]
    best = beam(model, [0], end=END, most=5, width=2, length_penalty=0.0)[0]
    assert best.tokens == (2,)
    assert best.log_probability == pytest.approx(math.log(0.4))


def test_a_longer_sequence_wins_by_a_larger_penalty() -> None:
    model = Chain(np.array([[0.0, 0.6, 0.0, 0.4], [0.0, 0.0, 0.65, 0.35], [0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 1.0]]))
    lengths = [
        len(beam(model, [0], end=END, most=5, width=4, length_penalty=penalty)[0].tokens) for penalty in (0.0, 1.0)
    ]
    assert lengths == [0, 2]


def test_the_prompt_is_taken_first_and_the_end_is_not_returned() -> None:
    model = Chain(np.eye(4)[[1, 2, 3, 3]])  # 0 then 1 then 2 then the end
    assert greedy(model, [0, 1], end=END, most=9) == [2]
    assert model.state == (0, 1, 2)
    assert greedy(model, [0], end=END, most=1) == [1]
    assert greedy(model, [0], end=None, most=5) == [1, 2, 3, 3, 3]
    assert beam(model, [0, 1], end=END, most=9)[0].tokens == (2,)


def test_drawn_tokens_come_as_often_as_they_are_probable() -> None:
    model = Chain(np.array([[0.0, 0.5, 0.3, 0.2]] * 4))
    drawn = np.bincount(
        [token for seed in range(300) for token in sample(model, [0], end=None, most=10, seed=seed)], minlength=4
    )
    # Four standard deviations of a share of 3000 draws are below 0.04.
    np.testing.assert_allclose(drawn / drawn.sum(), [0.0, 0.5, 0.3, 0.2], atol=0.04)


def test_temperature_and_the_likeliest_few_narrow_the_draw() -> None:
    model = Chain(np.array([[0.0, 0.5, 0.3, 0.2]] * 4))
    assert set(sample(model, [0], end=None, most=200, top_k=2)) == {1, 2}
    assert sample(model, [0], end=None, most=50, top_k=1) == greedy(model, [0], end=None, most=50)
    assert set(sample(model, [0], end=None, most=200, temperature=0.01)) == {1}


def test_the_same_seed_draws_the_same() -> None:
    model = chain(5)
    first = [sample(model, [0], end=None, most=20, seed=seed) for seed in (1, 1, 2)]
    assert first[0] == first[1] != first[2]


@pytest.mark.parametrize(
    "arguments",
    [{"temperature": 0.0}, {"temperature": math.nan}, {"top_k": 0}, {"most": 0}, {"prompt": []}],
    ids=str,
)
def test_what_means_nothing_is_refused_when_drawing(arguments: dict) -> None:
    with pytest.raises(UsageError):
        sample(chain(0), **{"prompt": [0], "end": END, "most": 3, **arguments})


@pytest.mark.parametrize("arguments", [{"width": 0}, {"length_penalty": -1.0}, {"most": 0}, {"prompt": []}], ids=str)
def test_what_means_nothing_is_refused_when_searching(arguments: dict) -> None:
    with pytest.raises(UsageError):
        beam(chain(0), **{"prompt": [0], "end": END, "most": 3, **arguments})


def test_a_seed_below_zero_is_refused() -> None:
    with pytest.raises(UsageError, match="seed -1"):
        sample(chain(0), [0], end=None, most=1, seed=-1)


@given(seed=st.integers(0, 10_000), size=st.integers(1, 40), count=st.integers(1, 12))
def test_the_best_scores_are_those_of_a_stable_sort(seed: int, size: int, count: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.choice(np.array([-np.inf, np.nan, -1.0, 0.0, 0.5, 2.0], np.float32), size)
    np.testing.assert_array_equal(_best(scores, count), np.argsort(-scores, kind="stable")[:count])
