"""Holes are transparent rectangles of the promised sizes, and everything else stays."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from litefoot.train.data.damage import damaged


@given(st.integers(0, 2**32 - 1), st.integers(20, 60), st.integers(20, 60))
def test_what_is_no_hole_stays_and_a_hole_is_empty(seed: int, height: int, width: int) -> None:
    picture = np.random.default_rng(0).integers(1, 256, (height, width)).astype(np.uint8)
    cut = damaged(picture, np.random.default_rng(seed))
    assert (cut.shape, cut.dtype) == ((height, width, 2), np.dtype(np.uint8))
    hole = cut[..., 1] == 0
    assert (cut[~hole, 1] == 255).all()
    np.testing.assert_array_equal(cut[..., 0], np.where(hole, 0, picture))
    assert 0.03 < hole.mean() < 2 * 0.5**2


def test_the_same_seed_cuts_the_same_holes() -> None:
    picture = np.full((28, 28), 9, np.uint8)
    first, again, other = (damaged(picture, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
