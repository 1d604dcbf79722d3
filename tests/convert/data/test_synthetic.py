"""Made-up samples: of the inputs' shapes and types, within what the model knows, the same each time."""

from __future__ import annotations

import numpy as np

from litefoot.convert.data.synthetic import synthetic_samples
from litefoot.runtime.tensors import TensorSpec

INPUTS = (
    TensorSpec("picture", (None, 4, 5, 3), "float32"),
    TensorSpec("tokens", (None, 9), "int32"),
    TensorSpec("counts", (None, 2), "float32"),
    TensorSpec("flag", (None, 1), "int64"),
    TensorSpec("number", (None,), "float32"),
)
TOKENS = {"tokens": 11, "counts": 3}


def test_shapes_and_types_are_the_inputs() -> None:
    samples = synthetic_samples(INPUTS, TOKENS, 200)
    assert {name: (array.shape, array.dtype.name) for name, array in samples.items()} == {
        spec.name: ((200, *spec.shape[1:]), spec.dtype) for spec in INPUTS
    }


def test_real_numbers_lie_around_zero() -> None:
    picture = synthetic_samples(INPUTS, TOKENS, 200)["picture"]
    assert -1 <= picture.min() < -0.99
    assert 0.99 < picture.max() <= 1
    assert abs(picture.mean()) < 0.02


def test_tokens_are_whole_and_reach_from_zero_to_the_largest_that_is_known() -> None:
    samples = synthetic_samples(INPUTS, TOKENS, 200)
    assert np.unique(samples["tokens"]).tolist() == list(range(12))
    assert np.unique(samples["counts"]).tolist() == [0.0, 1.0, 2.0, 3.0]  # an embedding that is given floats
    assert np.unique(samples["flag"]).tolist() == [0, 1]  # integers of which nothing is known


def test_they_are_the_same_each_time_and_others_with_another_seed() -> None:
    first, again, other = (synthetic_samples(INPUTS, TOKENS, 5, seed=seed)["picture"] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_fixed_batch_gives_way_to_the_number_of_samples() -> None:
    assert synthetic_samples((TensorSpec("x", (8, 2), "float32"),), {}, 3)["x"].shape == (3, 2)
