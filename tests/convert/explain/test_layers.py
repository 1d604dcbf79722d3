"""The sums over samples give figures known by construction, and the ranking goes by the noise that arrives."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from litefoot.convert.explain import LayerError, worst
from litefoot.convert.explain.probe import Storage
from litefoot.convert.explain.tally import Tally
from litefoot.runtime.tensors import Quantization

INT8 = Storage.of("int8", Quantization(0.5, -128))
"""Holds 0 to 127.5 in steps of a half."""


def filled(storage: Storage, reference: list[float], output: list[float], own: list[float]) -> Tally:
    tally = Tally(storage)
    tally.add(*(np.array(values, np.float32) for values in (reference, output, own)))
    return tally


def test_noise_is_added_up_over_calls() -> None:
    tally = Tally(INT8)
    for _ in range(10):
        tally.add(np.full(4, 10.0, np.float32), np.full(4, 11.0, np.float32), np.full(4, 0.1, np.float32))
    assert tally.sqnr_db == pytest.approx(20.0)
    assert tally.own_sqnr_db == pytest.approx(40.0, abs=1e-4)
    assert tally.max_error_steps == tally.mean_error_steps == 2.0


def test_without_error_there_is_no_noise() -> None:
    tally = filled(INT8, [1.0, 2.0], [1.0, 2.0], [0.0, 0.0])
    assert tally.sqnr_db == tally.own_sqnr_db == math.inf
    assert not tally.errs


def test_nan_is_not_hidden() -> None:
    tally = filled(INT8, [1.0, 2.0], [math.nan, 2.0], [math.nan, 0.0])
    assert math.isnan(tally.sqnr_db)
    assert tally.errs


def test_what_is_stored_as_float_has_neither_steps_nor_range() -> None:
    tally = filled(Storage("float32"), [1.0], [1.5], [0.5])
    assert (tally.max_error_steps, tally.mean_error_steps, tally.range) == (None, None, None)


def test_the_range_is_compared_with_what_was_seen() -> None:
    seen = filled(INT8, [-1.0, 0.0, 0.0, 63.75], [0.0] * 4, [0.0] * 4).range
    assert seen is not None
    assert (seen.low, seen.high, seen.seen_low, seen.seen_high) == (0.0, 127.5, -1.0, 63.75)
    assert seen.clipped == 0.25
    assert seen.dead == 0.5
    assert sum(seen.counts) == 4


def test_half_a_step_outside_is_rounding_and_not_clipping() -> None:
    seen = filled(INT8, [127.7, -0.2], [127.5, 0.0], [0.0, 0.0]).range
    assert seen is not None
    assert seen.clipped == 0.0
    assert seen.dead == 0.0


def test_one_value_in_ten_thousand_is_not_usual() -> None:
    values = [1.0] * 9999 + [100.0]
    seen = filled(INT8, values, values, [0.0] * 10000).range
    assert seen is not None
    assert (seen.seen_high, seen.usual_high) == (100.0, 1.0)


def test_the_worst_is_what_makes_most_noise_at_the_outputs() -> None:
    one = LayerError("a", "CONV_2D", "t", "t", "int8", 20.0, 30.0, 0.1, 1.0, 0.5, None)
    two, three = replace(one, layer="b", noise_share=0.9), replace(one, layer="c", own_sqnr_db=10.0)
    assert [layer.layer for layer in worst([one, two, three])] == ["b", "c", "a"]
