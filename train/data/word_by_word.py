"""What a translation must be better than: each word replaced by the one that most probably translates it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_ROUNDS = 5


def most_probable_words(sources: Sequence[Array], targets: Sequence[Array], count: int) -> Array:
    """For each source word the target word that it most probably becomes, from sentence pairs alone.

    IBM model 1, fitted by expectation maximisation: Brown et al., "The Mathematics of Statistical Machine Translation",
    Computational Linguistics 19(2), 1993, section 4.1; without the empty word.

    Args:
        sources: The numbers of each sentence's words, (words,) each.
        targets: Of its translation.
        count: Source words are numbered below it.

    Returns:
        (count,) numbers of target words; 0 for source words that never occur.
    """
    width = max(int(target.max(initial=0)) for target in targets) + 1
    pairs = [np.add.outer(source * width, target) for source, target in zip(sources, targets, strict=True)]
    codes, places = np.unique(np.concatenate([pair.ravel() for pair in pairs]), return_inverse=True)
    heads = np.concatenate([np.tile(np.arange(pair.shape[1]), len(pair)) for pair in pairs])
    sizes = np.array([pair.size for pair in pairs])
    columns = heads + np.repeat(np.cumsum([0, *(pair.shape[1] for pair in pairs)])[:-1], sizes)
    chances = np.ones(len(codes))
    for _ in range(_ROUNDS):
        shares = chances[places]
        shares /= np.bincount(columns, shares)[columns]  # each target word is owed to the source words of its sentence
        counts = np.bincount(places, shares, len(codes))
        chances = counts / np.bincount(codes // width, counts)[codes // width]
    best = np.zeros(count, np.int32)
    order = np.argsort(chances, kind="stable")
    best[codes[order] // width] = codes[order] % width  # the last, the most probable, stays
    return best
