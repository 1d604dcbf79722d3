"""Samples that decide are not those that calibrate, and the limits that they are held to are no looser."""

from __future__ import annotations

import numpy as np
import pytest

from litefoot.convert.rescue.held_out import EVERY, MOST, limits, split
from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.tensors import TensorSpec
from litefoot.runtime.verification.tolerance import Tolerance, tolerance_for

SCORES = TensorSpec("y", (None, 3), "float32", kind="probabilities")
REFERENCES = {"y": np.eye(3, dtype=np.float32)[np.arange(60) % 3]}


def contract(metric: Metric | None = None, **tolerances: Tolerance) -> ModelContract:
    return ModelContract((), (SCORES,), "task", metric=metric, tolerances={"y": dict(tolerances)})


@pytest.mark.parametrize("count", [8, 11, 300, 2000])
def test_no_sample_calibrates_and_decides(count: int) -> None:
    rest, held = split({"x": np.arange(count), "other": np.arange(count + 1)})
    assert not set(rest["x"]) & set(held["x"])
    assert 0 < len(held["x"]) <= MOST
    assert len(rest["x"]) == count - count // EVERY
    assert [len(held["other"]), len(rest["other"])] == [len(held["x"]), len(rest["x"])]


def test_held_out_samples_are_from_all_over() -> None:
    _, held = split({"x": np.arange(2000)})
    assert held["x"].min() < 100
    assert held["x"].max() > 1900


def test_a_trial_is_held_to_a_little_more_than_the_verdict_asks_for() -> None:
    usual, tight = tolerance_for({}, "mixed", SCORES, REFERENCES["y"]), limits(contract(), REFERENCES)["y"]
    assert tight.atol is not None
    assert usual.atol is not None
    assert 0 < tight.atol < usual.atol
    assert tight.min_sqnr_db == (usual.min_sqnr_db or 0.0) + 1.0
    assert usual.of_kind["top1_agreement"] < tight.of_kind["top1_agreement"] < 1.0


@pytest.mark.parametrize(("max_drop", "agreement"), [(0.03, 0.984), (0.016, 0.984), (0.01, 1 - 1 / 60)])
def test_answers_may_change_by_what_the_accuracy_may_lose_and_one_always(max_drop: float, agreement: float) -> None:
    found = limits(contract(Metric("accuracy", max_drop)), REFERENCES)["y"].of_kind["top1_agreement"]
    assert found == pytest.approx(max(agreement, 0.98), abs=0.005)


def test_a_recipes_own_limit_for_8_bits_is_the_one_that_is_tightened() -> None:
    own = Tolerance(atol=1.0, rtol=0.1, min_sqnr_db=7.0, of_kind={"top1_agreement": 0.5})
    found = limits(contract(int8=own), REFERENCES)["y"]
    assert (found.atol, found.rtol, found.min_sqnr_db) == (0.8, 0.1, 8.0)
    assert found.of_kind == {"top1_agreement": 0.75}


def test_tokens_have_no_absolute_limit_to_tighten() -> None:
    spec = TensorSpec("t", (None, 4), "int32", kind="tokens")
    found = limits(ModelContract((), (spec,), "task"), {"t": np.zeros((5, 4), np.int32)})["t"]
    assert (found.atol, found.min_sqnr_db) == (None, None)
    assert 0.95 < found.of_kind["equal_tokens"] < 1.0
