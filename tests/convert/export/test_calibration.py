"""Calibration samples in the batches that a model takes."""

from __future__ import annotations

import numpy as np
import pytest

from litefoot.convert.export.calibration import one_by_one

ARRAYS = {"x": np.arange(7), "y": np.arange(14).reshape(7, 2)}


@pytest.mark.parametrize(
    ("batch", "expected"),
    [(1, [[0], [1], [2], [3], [4], [5], [6]]), (3, [[0, 1, 2], [3, 4, 5], [6, 0, 1]]), (7, [list(range(7))])],
)
def test_batches_come_in_order_and_the_last_is_filled_up(batch: int, expected: list[list[int]]) -> None:
    batches = list(one_by_one(ARRAYS, batch))
    assert [given["x"].tolist() for given in batches] == expected
    for given in batches:
        np.testing.assert_array_equal(given["y"], np.stack([given["x"] * 2, given["x"] * 2 + 1], axis=1))


def test_one_sample_keeps_its_batch_dimension() -> None:
    assert next(one_by_one(ARRAYS))["y"].shape == (1, 2)


def test_fewer_samples_than_a_batch_fill_it() -> None:
    (only,) = one_by_one(ARRAYS, 16)
    assert only["x"].tolist() == [*range(7), *range(7), 0, 1]
