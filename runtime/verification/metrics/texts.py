"""Metrics of texts as token numbers: translations, and answers that are a span of a text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...contract import ModelContract
from ...tensors import TensorSpec
from .scores import Additive, Misfit, range_misfit, ratio, shape_misfit

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

PADDING = 0
ORDER = 4


class _OfTokens(Additive):
    kinds = ("tokens",)

    @classmethod
    def misfit(cls, specs: Sequence[TensorSpec], targets: Array) -> Misfit | None:
        """Why these targets are no tokens; see `Scores.misfit`. They may be longer or shorter than the output."""
        if found := shape_misfit(targets, "iu", [(*specs[0].shape[:1], None)]):
            return found
        if targets.size and targets.min() < 0:
            return Misfit(f"{targets.min()}", "token numbers from 0")
        return None if targets.any() else Misfit("nothing but padding (0)", "tokens", nothing=True)


class TokenMatch(_OfTokens):
    """The share of equal tokens at the places where the output or the target has one."""

    shown = ".2%"

    def __init__(self, contract: ModelContract, outputs: Mapping[str, Array], targets: Array) -> None:
        output = outputs[self.outputs(contract)[0].name]
        equal, places = equal_tokens(targets, output)
        self.statistics = np.stack([equal, places], axis=1).astype(np.float64)

    @staticmethod
    def formula(sums: Array) -> Array:
        """Equal ones in all; see `Additive.formula`."""
        return ratio(sums[..., 0], sums[..., 1])


class Bleu(_OfTokens):
    """BLEU of the whole set of texts, in 0..1, with one reference each and no smoothing.

    Papineni et al., "BLEU: a Method for Automatic Evaluation of Machine Translation", ACL 2002:
    ``min(1, exp(1 - r / c)) exp(mean over n = 1..4 of log p_n)``; 0 where no n-gram of some length matches. A hundredth
    of what sacrebleu says when the tokens are given.
    """

    def __init__(self, contract: ModelContract, outputs: Mapping[str, Array], targets: Array) -> None:
        output = outputs[self.outputs(contract)[0].name]
        rows = [_ngram_statistics(*pair) for pair in zip(output.tolist(), targets.tolist(), strict=True)]
        self.statistics = np.array(rows, dtype=np.float64).reshape(-1, 2 * ORDER + 2)

    @staticmethod
    def formula(sums: Array) -> Array:
        """The brevity penalty times the geometric mean of the precisions; see `Additive.formula`."""
        found, should = sums[..., -2], sums[..., -1]
        with np.errstate(divide="ignore"):
            precisions = np.log(np.nan_to_num(ratio(sums[..., :ORDER], sums[..., ORDER : 2 * ORDER])))
            penalty = np.minimum(0.0, 1.0 - np.where(found > 0, ratio(should, found), np.inf))
        score: Array = np.exp(penalty + precisions.mean(-1))
        return np.where(should > 0, score, np.nan)


class _OfSpans(Additive):
    @classmethod
    def outputs(cls, contract: ModelContract) -> tuple[TensorSpec, ...]:
        """The outputs named start and end; see `Scores.outputs`."""
        named = {spec.name: spec for spec in contract.outputs}
        return (named["start"], named["end"]) if {"start", "end"} <= named.keys() else ()

    @classmethod
    def wanted(cls) -> str:
        """What `outputs` looks for, for messages."""
        return "two outputs named start and end"

    @classmethod
    def misfit(cls, specs: Sequence[TensorSpec], targets: Array) -> Misfit | None:
        """Why these targets are no spans; see `Scores.misfit`."""
        if found := shape_misfit(targets, "iu", [(*specs[0].shape[:1], 2)]):
            return found
        positions = specs[0].shape[-1]
        if found := range_misfit(targets, 0, np.inf if positions is None else positions - 1, " as first and last"):
            return found
        backwards = int((targets[:, 0] > targets[:, 1]).sum())
        return Misfit(f"{backwards} that end before they begin", "first and last position") if backwards else None

    def _spans(self, contract: ModelContract, outputs: Mapping[str, Array]) -> Array:
        start, end = (outputs[spec.name] for spec in self.outputs(contract))
        return best_spans(start, end)


class ExactMatch(_OfSpans):
    """The share of spans that are the right one."""

    shown = ".2%"

    def __init__(self, contract: ModelContract, outputs: Mapping[str, Array], targets: Array) -> None:
        self.right = (self._spans(contract, outputs) == targets).all(1)
        self.statistics = np.stack([self.right, np.ones(len(targets))], axis=1).astype(np.float64)

    @staticmethod
    def formula(sums: Array) -> Array:
        """Right ones in all; see `Additive.formula`."""
        return ratio(sums[..., 0], sums[..., 1])


class SpanF1(_OfSpans):
    """Mean over the samples of ``2 shared / (found + right)``, in positions.

    Rajpurkar et al., "SQuAD: 100,000+ Questions for Machine Comprehension of Text", EMNLP 2016, section 6.1, with the
    positions of the tokens in place of their words.
    """

    def __init__(self, contract: ModelContract, outputs: Mapping[str, Array], targets: Array) -> None:
        spans = self._spans(contract, outputs)
        shared = np.minimum(spans[:, 1], targets[:, 1]) - np.maximum(spans[:, 0], targets[:, 0]) + 1
        both = (spans[:, 1] - spans[:, 0]) + (targets[:, 1].astype(np.int64) - targets[:, 0]) + 2
        self.statistics = np.stack([2 * shared.clip(0) / both, np.ones(len(targets))], axis=1)

    @staticmethod
    def formula(sums: Array) -> Array:
        """The mean; see `Additive.formula`."""
        return ratio(sums[..., 0], sums[..., 1])


def best_spans(start: Array, end: Array) -> Array:
    """The first and last position whose scores have the largest sum, the last not before the first.

    Devlin et al., "BERT", arXiv:1810.04805, section 4.2.

    Args:
        start: (samples, positions) logits.
        end: Same shape.

    Returns:
        (samples, 2) int64.
    """
    rows = np.arange(len(start))
    best = np.maximum.accumulate(start, axis=1)  # of all starts up to an end
    last = (best + end).argmax(1)
    first = (start == best[rows, last][:, np.newaxis]).argmax(1)
    return np.stack([first, last], axis=1)


def equal_tokens(first: Array, second: Array) -> tuple[Array, Array]:
    """Equal tokens of two texts, place by place, the shorter one padded.

    Args:
        first: (samples, length) integers, 0 for padding.
        second: (samples, another length).

    Returns:
        Equal ones, and places where one of the two has a token, (samples,) each.
    """
    length = max(first.shape[1], second.shape[1])
    one, other = (np.pad(array, ((0, 0), (0, length - array.shape[1]))) for array in (first, second))
    there = (one != PADDING) | (other != PADDING)
    return ((one == other) & there).sum(1), there.sum(1)


def _ngram_statistics(output: list[int], target: list[int]) -> list[int]:
    """Matches and n-grams of each length, then both lengths."""
    found, should = ([token for token in tokens if token != PADDING] for tokens in (output, target))
    matches = [sum((_ngrams(found, n) & _ngrams(should, n)).values()) for n in range(1, ORDER + 1)]
    return [*matches, *(max(len(found) - n, 0) for n in range(ORDER)), len(found), len(should)]


def _ngrams(tokens: list[int], n: int) -> Counter[tuple[int, ...]]:
    return Counter(zip(*(tokens[i:] for i in range(n)), strict=False))
