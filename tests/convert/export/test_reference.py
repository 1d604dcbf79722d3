"""Which steps of sequences the quantizers see: evenly over the sequences, and evenly over the places in them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from litefoot.convert.export.reference import spread_steps


@given(samples=st.integers(1, 60), steps=st.integers(1, 60), most=st.integers(1, 500))
def test_as_many_as_wanted_none_twice_all_inside(samples: int, steps: int, most: int) -> None:
    rows, places = spread_steps(samples, steps, most)
    assert len(rows) == len(places) == min(most, samples * steps)
    assert len({*zip(rows.tolist(), places.tolist(), strict=True)}) == len(rows)
    assert rows.min() >= 0
    assert rows.max() < samples
    assert places.min() >= 0
    assert places.max() < steps


@given(samples=st.integers(1, 200), steps=st.integers(1, 100))
def test_every_place_and_every_sequence_is_met_alike(samples: int, steps: int) -> None:
    rows, places = spread_steps(samples, steps, 500)
    by_place = np.bincount(places, minlength=steps)
    assert by_place.max() - by_place.min() <= 1
    halves = np.bincount(rows * 2 // samples, minlength=2)
    if samples % 2 == 0:
        assert abs(int(halves[0]) - int(halves[1])) <= len(rows) / 10
