"""Right answers in the shapes in which they are stored, and what cannot be told apart is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litefoot.convert.data.labels import classes_of, few, read_targets
from litefoot.convert.data.samples import Wanted
from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.errors import SampleError

Contracts = Callable[..., ModelContract]


def wanted(contract: Contracts, **fields: Any) -> Wanted:
    return Wanted(contract({"metric": Metric("accuracy", 0.01), **fields}, x=("float32", 2)), "evaluation")


@pytest.mark.parametrize(
    "values",
    [
        np.array([2, 0, 1]),
        np.array([[2], [0], [1]]),
        np.array([2.0, 0.0, 1.0]),
        np.array([[2.0], [0.0], [1.0]]),
        np.eye(3)[[2, 0, 1]],
        np.eye(3, dtype=bool)[[2, 0, 1]],
        np.array(["2", "0", "1"]),
    ],
)
def test_classes_are_found_in_every_usual_form(contract: Contracts, values: np.ndarray) -> None:
    targets, labels = read_targets(values, wanted(contract), "here")
    assert targets.dtype.kind == "i"
    assert (targets.tolist(), labels) == ([2, 0, 1], ())


@given(st.lists(st.integers(0, 4), min_size=1, max_size=9))
def test_one_hot_is_undone(contract: Contracts, classes: list[int]) -> None:
    assert read_targets(np.eye(5)[classes], wanted(contract), "here")[0].tolist() == classes


@pytest.mark.parametrize(
    "values",
    [np.array([0.5, 1.0]), np.array([[0, 1], [1, 1]]), np.array([[0.1, 0.9]]), np.zeros((2, 0)), np.float64(1)],
)
def test_what_are_no_classes_stays(contract: Contracts, values: np.ndarray) -> None:
    np.testing.assert_array_equal(read_targets(np.asarray(values), wanted(contract), "here")[0], values)


def test_without_a_metric_numbers_stay_as_they_are(contract: Contracts) -> None:
    values = np.array([[2.0], [0.0]])
    assert read_targets(values, wanted(contract, metric=None), "here")[0] is values


@pytest.mark.parametrize("dtype", ["U3", "S3", "O"])
def test_names_become_the_numbers_of_the_models_classes(contract: Contracts, dtype: str) -> None:
    values = np.array(["dog", "cat", "dog"]).astype(dtype)
    targets, labels = read_targets(values, wanted(contract, labels=("dog", "cow", "cat")), "here")
    assert (targets.tolist(), labels) == ([0, 2, 0], ("dog", "cow", "cat"))


def test_names_are_sorted_where_the_model_has_none() -> None:
    targets, labels = classes_of(["b", "c", "a", "b"], (), "here")
    assert (targets.tolist(), targets.dtype, labels) == ([1, 2, 0, 1], np.int64, ("a", "b", "c"))


@pytest.mark.parametrize(
    ("texts", "known", "numbers", "dtype"),
    [
        (["3", "1"], (), [3, 1], "int64"),
        (["3.0", "1.0"], (), [3, 1], "int64"),
        (["3.5", "1"], (), [3.5, 1.0], "float64"),
        (["0", "2"], ("a", "b", "c"), [0, 2], "int64"),
        (["0", "2"], ("0", "1", "2"), [0, 2], "int64"),
        (["0", "1"], ("1", "2", "3"), [0, 1], "int64"),
        (["1", "3"], ("1", "2", "3"), [0, 2], "int64"),
        (["10", "20"], ("10", "20"), [0, 1], "int64"),
    ],
)
def test_texts_may_be_numbers(texts: list[str], known: tuple[str, ...], numbers: list[float], dtype: str) -> None:
    targets, _ = classes_of(texts, known, "here")
    assert (targets.tolist(), targets.dtype) == (numbers, dtype)


def test_numbers_that_are_also_names_of_other_classes_are_refused() -> None:
    with pytest.raises(SampleError) as refused:
        classes_of(["1", "2"], ("1", "2", "3"), "here")
    for word in ("where:    here", "got:      1, 2", "the names are 1, 2, 3, the numbers 0 to 2"):
        assert word in str(refused.value)


def test_a_name_that_is_no_class_is_refused() -> None:
    with pytest.raises(SampleError) as refused:
        classes_of(["cat", "emu", "7"], ("cat", "dog"), "here")
    for word in ("where:    here", "got:      7, emu", "expected: cat, dog"):
        assert word in str(refused.value)


def test_many_names_are_cut_short() -> None:
    assert few([str(number) for number in range(10)]) == "0, 1, 2, 3, 4, 5, 6, 7 and 2 more"


@pytest.mark.parametrize("name", ["rmse", "psnr"])
def test_numbers_of_a_metric_of_numbers_stay_as_they_are(contract: Contracts, name: Any) -> None:
    values = np.eye(3)
    assert read_targets(values, wanted(contract, metric=Metric(name, 0.01)), "here")[0] is values
    with pytest.raises(SampleError, match=r"takes numbers\n.*here\n  got:      cat"):
        read_targets(np.array(["1.5", "cat"]), wanted(contract, metric=Metric(name, 0.01)), "here")


@pytest.mark.parametrize("name", ["exact_match", "span_f1", "token_match", "bleu"])
def test_positions_and_tokens_are_no_one_hot_and_whole_floats_become_integers(contract: Contracts, name: Any) -> None:
    targets, _ = read_targets(np.array([[0.0, 1.0], [1.0, 0.0]]), wanted(contract, metric=Metric(name, 0.01)), "here")
    assert (targets.dtype, targets.tolist()) == (np.int64, [[0, 1], [1, 0]])


def test_masks_lose_an_axis_of_one_channel(contract: Contracts) -> None:
    values = np.zeros((2, 4, 5, 1), np.uint8)
    targets, _ = read_targets(values, wanted(contract, metric=Metric("mean_iou", 0.01)), "here")
    assert targets.shape == (2, 4, 5)
