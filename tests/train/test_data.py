"""Splits are seeded, disjoint and complete; a digest knows the data again and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import SampleError
from litefoot.runtime.tensors import TensorSpec
from litefoot.train.data.samples import Data, Samples
from litefoot.train.data.splits import (
    Parts,
    calibration_indices,
    chronological_split,
    random_split,
    stratified_split,
)

LABELS = np.repeat([0, 1, 2], [60, 30, 10])
SHARES = {"validation": 0.2, "test": 0.3}


def stratified(seed: int) -> Parts:
    return stratified_split(LABELS, **SHARES, seed=seed)


def at_random(seed: int) -> Parts:
    return random_split(100, **SHARES, seed=seed)


def by_time(seed: int) -> Parts:
    return chronological_split(100, **SHARES)


@pytest.mark.parametrize("split", [stratified, at_random, by_time])
def test_every_sample_is_in_exactly_one_part_in_its_order(split) -> None:
    parts = split(3)
    assert sorted(np.concatenate(list(parts.values()))) == list(range(100))
    assert {name: len(indices) for name, indices in parts.items()} == {"train": 50, "validation": 20, "test": 30}
    assert all((np.diff(indices) > 0).all() for indices in parts.values())


def test_each_class_is_split_in_the_same_proportion() -> None:
    counts = {name: np.bincount(LABELS[indices]).tolist() for name, indices in stratified(0).items()}
    assert counts == {"train": [30, 15, 5], "validation": [12, 6, 2], "test": [18, 9, 3]}


def test_without_validation_that_part_is_empty() -> None:
    parts = stratified_split(LABELS, validation=0.0, test=0.5, seed=0)
    assert {name: len(indices) for name, indices in parts.items()} == {"train": 50, "validation": 0, "test": 50}


@pytest.mark.parametrize("split", [stratified, at_random])
def test_the_same_seed_splits_alike_and_another_differently(split) -> None:
    first, again, other = (split(seed)["test"].tolist() for seed in (1, 1, 2))
    assert first == again
    assert first != other


@given(count=st.integers(20, 400), validation=st.floats(0.1, 0.4), test=st.floats(0.1, 0.4))
def test_time_goes_from_training_over_validation_to_test(count: int, validation: float, test: float) -> None:
    parts = chronological_split(count, validation=validation, test=test)
    assert np.concatenate([parts["train"], parts["validation"], parts["test"]]).tolist() == list(range(count))


def test_too_few_samples_of_a_class_are_counted_in_the_message() -> None:
    with pytest.raises(SampleError, match="1 of class 1"):
        stratified_split(np.array([0] * 20 + [1]), validation=0.2, test=0.2, seed=0)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_samples_for_three_parts_are_refused(count: int) -> None:
    with pytest.raises(SampleError):
        random_split(count, validation=0.2, test=0.2, seed=0)


def train_samples() -> Samples:
    inputs = {"x": np.arange(6, dtype=np.float32).reshape(3, 2), "a": np.ones((3, 1), np.float32)}
    return Samples(inputs, np.array([0, 1, 2]))


def data() -> Data:
    test = Samples(
        {"x": np.arange(4, dtype=np.float32).reshape(2, 2), "a": np.zeros((2, 1), np.float32)}, np.array([0, 1])
    )
    contract = ModelContract((TensorSpec("x", (None, 2), "float32"),), (), "nothing")
    return Data(contract, train_samples(), None, test, "made up")


def with_inputs(**inputs: np.ndarray) -> dict[str, Samples]:
    return {"train": replace(train_samples(), inputs={**train_samples().inputs, **inputs})}


def with_targets(targets) -> dict[str, Samples]:
    return {"train": replace(train_samples(), targets=targets)}


X = train_samples().inputs["x"]
CHANGES = {
    "value": with_inputs(x=np.where(X == 5, np.nextafter(X, np.float32(9)), X)),
    "order": with_inputs(x=X[::-1]),
    "dtype": with_inputs(x=X.view(np.int32)),
    "shape": with_inputs(x=X.reshape(3, 1, 2)),
    "input": with_inputs(b=X),
    "name": {"train": replace(train_samples(), inputs={"y": X, "a": np.ones((3, 1), np.float32)})},
    "targets": with_targets(np.array([1, 0, 2])),
    "targets' dtype": with_targets(np.array([0, 1, 2], np.int32)),
    "targets' name": with_targets({"x": np.array([0, 1, 2])}),
    "validation": {"validation": train_samples()},
    "test": {"test": train_samples()},
    "swapped": {"train": data().test, "test": data().train},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_any_other_data_has_another_digest(change) -> None:
    assert replace(data(), **change).digest != data().digest


def test_the_same_data_has_the_same_digest_however_its_inputs_are_ordered_and_lie_in_memory() -> None:
    inputs = {"a": np.ones((3, 1), np.float32), "x": np.asfortranarray(X)}
    assert replace(data(), train=replace(train_samples(), inputs=inputs)).digest == data().digest
    assert len(data().digest) == 64


def test_samples_are_taken_with_their_targets() -> None:
    two = train_samples().take(np.array([2, 0]))
    assert len(two) == 2
    assert two.inputs["x"].tolist() == [[4, 5], [0, 1]]
    assert two.targets.tolist() == [2, 0]
    named = replace(train_samples(), targets={"y": np.array([7, 8, 9])}).take(np.array([1]))
    assert named.targets["y"].tolist() == [8]


def test_calibration_takes_the_first_samples_of_each_class_in_order() -> None:
    labels = np.array([2, 0, 1, 0, 2, 2, 0, 1])
    assert calibration_indices(labels, 2).tolist() == [0, 1, 2, 3, 4, 7]


def test_a_class_with_fewer_samples_gives_all_it_has() -> None:
    assert calibration_indices(np.array([5, 5, 5, 9]), 2).tolist() == [0, 1, 3]
