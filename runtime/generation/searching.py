"""Which token comes next: the likeliest, the start of the likeliest sequence, or one drawn by its probability."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..errors import UsageError
from .decoder import Decoder

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]


class Hypothesis(NamedTuple):
    """One sequence that a beam search found.

    Attributes:
        tokens: Without the prompt and without the end token.
        log_probability: The logarithm of its probability after the prompt, the end token's included.
        score: The same, divided by the length penalty.
    """

    tokens: tuple[int, ...]
    log_probability: float
    score: float


def greedy(decoder: Decoder, prompt: Sequence[int], *, end: int | None, most: int) -> list[int]:
    """Take the likeliest token at each step.

    Args:
        decoder: The model; it begins anew.
        prompt: The tokens before, at least one.
        end: The token that ends a sequence; None where there is none.
        most: The largest number of tokens, the end token not counted.

    Returns:
        The tokens after the prompt, without the end token.

    Raises:
        UsageError: The prompt is empty, or `most` is less than one.
    """
    return _follow(decoder, prompt, end, most, lambda scores: int(scores.argmax()))


def sample(
    decoder: Decoder,
    prompt: Sequence[int],
    *,
    end: int | None,
    most: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    seed: int = 0,
) -> list[int]:
    """Draw each token by its probability, ``p_i^(1 / temperature)`` made to sum to one.

    Args:
        decoder: The model; it begins anew.
        prompt: The tokens before, at least one.
        end: The token that ends a sequence; None where there is none.
        most: The largest number of tokens, the end token not counted.
        temperature: Above zero; below one for likelier tokens, above for more variety.
        top_k: Draw from so many of the likeliest only; None for all.
        seed: The same seed gives the same tokens.

    Returns:
        The tokens after the prompt, without the end token.

    Raises:
        UsageError: The prompt is empty, or a number means nothing.
    """
    if not temperature > 0 or (top_k is not None and top_k < 1) or seed < 0:
        raise UsageError(
            "Nothing can be drawn so",
            got=f"temperature {temperature}, top_k {top_k}, seed {seed}",
            expected="above 0, the seed from 0",
        )
    random = np.random.default_rng(seed)

    def draw(scores: Array) -> int:
        likely = np.argsort(-scores, kind="stable")[:top_k]
        weights = np.exp((scores[likely] - scores[likely[0]]) / temperature)
        return int(random.choice(likely, p=weights / weights.sum()))

    return _follow(decoder, prompt, end, most, draw)


def beam(
    decoder: Decoder, prompt: Sequence[int], *, end: int | None, most: int, width: int = 4, length_penalty: float = 0.6
) -> list[Hypothesis]:
    """Keep the likeliest few sequences at each step, and in the end prefer the one with the best score.

    The score is ``log P(Y) / lp(Y)`` with ``lp(Y) = (5 + |Y|)^a / (5 + 1)^a``: Wu et al., "Google's Neural Machine
    Translation System", arXiv:1609.08144, equation 14, without its coverage penalty. ``|Y|`` counts the end token.
    The search ends when no sequence in progress can come to a better score than the best finished one.

    Args:
        decoder: The model; it begins anew.
        prompt: The tokens before, at least one.
        end: The token that ends a sequence; None where there is none.
        most: The largest number of tokens, the end token not counted; sequences of that length count as finished.
        width: How many sequences are kept.
        length_penalty: ``a``, at least zero; zero for the plain probability.

    Returns:
        At most `width` sequences, the best first.

    Raises:
        UsageError: The prompt is empty, or a number means nothing.
    """
    if width < 1 or not length_penalty >= 0:
        raise UsageError("There is nothing to search", got=f"width {width}, length penalty {length_penalty}")

    def scored(tokens: tuple[int, ...], log_probability: float, length: int) -> Hypothesis:
        return Hypothesis(tokens, log_probability, log_probability * (6 / (5 + length)) ** length_penalty)

    finished: list[Hypothesis] = []
    live: list[_Live] = [((), 0.0, *_begin(decoder, prompt, most))]
    for length in range(1, most + 1):
        extended: list[tuple[tuple[int, ...], float, Any]] = []
        for tokens, state, token, total in _likeliest(live, width):
            if token == end:
                finished.append(scored(tokens, total, length))
            elif length == most:
                finished.append(scored((*tokens, token), total, length))
            elif len(extended) < width:
                extended.append(((*tokens, token), total, state))
        finished = sorted(finished, key=lambda found: -found.score)[:width]
        best = max((total for _, total, _ in extended), default=-np.inf)
        if not extended or (finished and finished[0].score >= scored((), best, most).score):
            break
        live = [(tokens, total, *_step(decoder, state, tokens[-1])) for tokens, total, state in extended]
    return finished


_Live = tuple[tuple[int, ...], float, Any, Any]
"""A sequence in progress: its tokens, the logarithm of its probability, the state after it, the scores of the next."""


def _likeliest(live: Sequence[_Live], width: int) -> list[tuple[tuple[int, ...], Any, int, float]]:
    """The likeliest continuations, so many that `width` are left when each sequence may end once."""
    found = [
        (tokens, state, int(token), before + float(scores[token]))
        for tokens, before, state, scores in live
        for token in _best(scores, width + 1)
        if scores[token] > -np.inf
    ]
    return sorted(found, key=lambda entry: -entry[3])[: 2 * width]


def _best(scores: Array, count: int) -> Array:
    """The places of the largest scores, in the order of a stable sort, without sorting a whole vocabulary."""
    if count >= len(scores):
        return np.argsort(-scores, kind="stable")
    candidates = np.flatnonzero(~(-scores > np.partition(-scores, count - 1)[count - 1]))  # NaN is none of the best
    return candidates[np.argsort(-scores[candidates], kind="stable")][:count]


def _begin(decoder: Decoder, prompt: Sequence[int], most: int) -> tuple[Any, Array]:
    """Take the prompt: the state after it, and the scores of what may follow."""
    if not len(prompt) or most < 1:
        raise UsageError(
            "Generation begins with a token and goes on for at least one",
            got=f"{len(prompt)} tokens before, at most {most} after",
        )
    decoder.reset()
    for token in prompt:
        scores = decoder(int(token))
    return decoder.state, scores


def _step(decoder: Decoder, state: Any, token: int) -> tuple[Any, Array]:
    decoder.state = state
    scores = decoder(token)
    return decoder.state, scores


def _follow(
    decoder: Decoder, prompt: Sequence[int], end: int | None, most: int, choose: Callable[[Array], int]
) -> list[int]:
    """Follow one sequence."""
    _, scores = _begin(decoder, prompt, most)
    tokens: list[int] = []
    while (token := choose(scores)) != end:
        tokens.append(token)
        if len(tokens) == most:
            break
        scores = decoder(token)
    return tokens
