"""Splits are stratified, seeded and disjoint; a digest knows the data again and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from litefoot.train.data import Split, calibration_indices, stratified_split

LABELS = np.repeat([0, 1, 2], [60, 30, 10])


@pytest.fixture(params=[0.5, 0.2])
def test_share(request: pytest.FixtureRequest) -> float:
    return float(request.param)


def test_every_sample_is_in_exactly_one_part(test_share: float) -> None:
    train, test = stratified_split(LABELS, test_share, seed=0)
    assert sorted([*train, *test]) == list(range(100))
    assert len(test) == 100 * test_share


def test_each_class_is_split_in_the_same_proportion(test_share: float) -> None:
    _, test = stratified_split(LABELS, test_share, seed=0)
    assert np.bincount(LABELS[test]).tolist() == [60 * test_share, 30 * test_share, 10 * test_share]


def test_both_parts_keep_the_order_of_the_data() -> None:
    for part in stratified_split(LABELS, 0.5, seed=3):
        assert (np.diff(part) > 0).all()


def test_the_same_seed_splits_alike_and_another_differently() -> None:
    first, again, other = (stratified_split(LABELS, 0.5, seed)[1].tolist() for seed in (1, 1, 2))
    assert first == again
    assert first != other


def split() -> Split:
    return Split(
        train={"x": np.arange(6, dtype=np.float32).reshape(3, 2), "a": np.ones((3, 1), np.float32)},
        train_labels=np.array([0, 1, 2]),
        test={"x": np.arange(4, dtype=np.float32).reshape(2, 2), "a": np.zeros((2, 1), np.float32)},
        test_labels=np.array([0, 1]),
        test_indices=np.array([3, 4]),
    )


def one_bit_off() -> dict[str, np.ndarray]:
    x = split().train["x"]
    x[2, 1] = np.nextafter(x[2, 1], np.float32(9))
    return {**split().train, "x": x}


def test_the_same_data_has_the_same_digest_whatever_the_order_of_the_inputs() -> None:
    assert split().digest == split().digest
    assert replace(split(), train=dict(reversed(split().train.items()))).digest == split().digest
    assert len(split().digest) == 64


def test_the_digest_does_not_depend_on_how_an_array_lies_in_memory() -> None:
    strided = {**split().train, "x": np.asfortranarray(split().train["x"])}
    assert replace(split(), train=strided).digest == split().digest


@pytest.mark.parametrize(
    "change",
    [
        {"train": one_bit_off()},
        {"train": {**split().train, "x": split().train["x"][::-1]}},
        {"train": {**split().train, "x": split().train["x"].view(np.int32)}},
        {"train": {**split().train, "x": split().train["x"].reshape(2, 3)}},
        {"train": {"y": split().train["x"], "a": split().train["a"]}},
        {"train": {"x": split().train["x"]}},
        {"train_labels": np.array([1, 0, 2])},
        {"train_labels": np.array([0, 1, 2], np.int32)},
        {"test": {**split().test, "x": split().test["x"] + 1}},
        {"test_labels": np.array([1, 0])},
        {"train": split().test, "test": split().train},
    ],
    ids=[
        "value",
        "order",
        "dtype",
        "shape",
        "name",
        "input",
        "labels",
        "label dtype",
        "test",
        "test labels",
        "swapped",
    ],
)
def test_any_other_data_has_another_digest(change: dict[str, np.ndarray]) -> None:
    assert replace(split(), **change).digest != split().digest


def test_calibration_takes_the_first_samples_of_each_class_in_order() -> None:
    labels = np.array([2, 0, 1, 0, 2, 2, 0, 1])
    assert calibration_indices(labels, 2).tolist() == [0, 1, 2, 3, 4, 7]


def test_a_class_with_fewer_samples_gives_all_it_has() -> None:
    assert calibration_indices(np.array([5, 5, 5, 9]), 2).tolist() == [0, 1, 3]
