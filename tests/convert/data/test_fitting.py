"""Conversions keep every value or are refused; shapes change by a channel axis at most."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from litefoot.convert.data.fitting import Stack, cast, fit_axis
from litefoot.runtime.errors import SampleError
from litefoot.runtime.tensors import TensorSpec

NUMBERS = ("bool", "uint8", "int8", "int16", "int32", "int64", "uint64", "float16", "float32", "float64")


def refusal(array: np.ndarray, dtype: str) -> str:
    with pytest.raises(SampleError) as refused:
        cast(array, dtype, "here")
    assert refused.value.exit_code == 2
    return str(refused.value)


@given(st.sampled_from(NUMBERS).flatmap(lambda dtype: arrays.arrays(dtype, 3)), st.sampled_from(NUMBERS))
def test_a_conversion_keeps_every_value_or_is_refused(array: np.ndarray, dtype: str) -> None:
    try:
        result = cast(array, dtype, "here")
    except SampleError:
        return
    assert result.dtype == dtype
    if array.dtype.kind == "f" and result.dtype.kind == "f":
        np.testing.assert_array_equal(result, array.astype(dtype))
        np.testing.assert_array_equal(np.isfinite(result), np.isfinite(array))
    else:
        assert [int(value) for value in result] == [int(value) for value in array]


@pytest.mark.parametrize(
    ("given_", "dtype"),
    [
        (np.array([0.1, -3.5, np.nan]), "float32"),
        (np.array([0, 255], np.uint8), "float32"),
        (np.array([-(2**24), 2**24]), "float32"),
        (np.array([-(2**31), 2**31 - 1]), "int32"),
        (np.array([True, False]), "float32"),
        (np.array([True, False]), "int32"),
        (np.array([1.0, -2.0]), "int8"),
        (np.array([0, 1]), "bool"),
        (np.zeros((0, 2)), "int32"),
        (np.array([1.0], ">f4"), "float32"),
    ],
)
def test_what_fits_is_converted(given_: np.ndarray, dtype: str) -> None:
    result = cast(given_, dtype, "here")
    assert result.dtype == np.dtype(dtype)
    np.testing.assert_allclose(result.astype(float), given_.astype(float), rtol=1e-7)


def test_the_same_type_is_the_same_array() -> None:
    array = np.ones(3, np.float32)
    assert cast(array, "float32", "here") is array


@pytest.mark.parametrize(
    ("given_", "dtype", "words"),
    [
        (np.array([1.0, 0.5]), "int32", ["got:      0.5 in float64", "-2147483648 to 2147483647"]),
        (np.array([np.nan]), "int32", ["got:      nan in float64"]),
        (np.array([2**31]), "int32", ["got:      2147483648 in int64"]),
        (np.array([-1]), "uint8", ["got:      -1 in int64", "uint8: integers from 0 to 255"]),
        (np.array([-(2**24) - 1]), "float32", ["got:      -16777217", "16777216, and fractions"]),
        (np.array([1e39]), "float32", ["got:      1e+39 in float64"]),
        (np.array([2.0**53 + 2]), "int64", ["got:      9007199254740994 in float64"]),
        (np.array([2]), "bool", ["got:      2 in int64", "0 to 1"]),
        (np.array([1j]), "float32", ["not numbers", "complex128", "expected: float32"]),
        (np.array(["1"]), "float32", ["not numbers", "<U1"]),
        (np.array([None]), "float32", ["not numbers", "object"]),
        (np.array(["2020-01-01"], "datetime64[D]"), "int64", ["not numbers", "datetime64"]),
    ],
)
def test_what_would_change_is_refused_by_its_value(given_: np.ndarray, dtype: str, words: list[str]) -> None:
    message = refusal(given_, dtype)
    for word in ["where:    here", *words]:
        assert word in message


@pytest.mark.parametrize(
    ("shape", "sizes", "result"),
    [
        ((4, 2, 3), (2, 3, 1), (4, 2, 3, 1)),
        ((4, 2, 3, 1), (2, 3), (4, 2, 3)),
        ((4, 5), (5, 1), (4, 5, 1)),
        ((4,), (1,), (4, 1)),
        ((4, 1), (), (4,)),
        ((4, 2, 3), (3, 2), (4, 2, 3)),
        ((4, 2, 3, 3), (2, 3), (4, 2, 3, 3)),
        ((4, 7), (None,), (4, 7)),
    ],
)
def test_only_a_last_axis_of_one_comes_or_goes(
    shape: tuple[int, ...], sizes: tuple[int | None, ...], result: tuple[int, ...]
) -> None:
    array = np.arange(np.prod(shape)).reshape(shape)
    fitted = fit_axis(array, TensorSpec("x", (None, *sizes), "float32"))
    assert fitted.shape == result
    np.testing.assert_array_equal(fitted.reshape(-1), array.reshape(-1))


def test_samples_are_stacked_in_order_and_converted() -> None:
    stack = Stack(TensorSpec("x", (None, 2, 1), "float32"), "calibration")
    stack.add(np.array([1, 2], np.uint8), "first")
    stack.add(np.array([[3.0], [4.0]]), "second")
    assert stack.array().dtype == np.float32
    assert stack.array().tolist() == [[[1.0], [2.0]], [[3.0], [4.0]]]


def test_no_samples_are_an_empty_array() -> None:
    assert Stack(TensorSpec("x", (None, 2, None), "int8"), "calibration").array().shape == (0, 2, 0)


def test_a_sample_of_another_shape_is_refused_by_its_place() -> None:
    stack = Stack(TensorSpec("x", (None, None), "float32"), "evaluation")
    stack.add(np.zeros(2), "first")
    for shape, expected in (((3,), "[2]"), ((2, 2), "[2]")):
        with pytest.raises(SampleError) as refused:
            stack.add(np.zeros(shape), "second", "cut it")
        for word in ("evaluation", "input x", "where:    second", f"expected: {expected}", "fix:      cut it"):
            assert word in str(refused.value)


def test_samples_that_take_too_much_memory_are_refused() -> None:
    stack = Stack(TensorSpec("x", (None, 2), "float32"), "evaluation", most_bytes=16)
    stack.add(np.zeros(2), "first")
    stack.add(np.zeros(2), "second")
    with pytest.raises(SampleError, match=r"more than 16 bytes after 3 samples"):
        stack.add(np.zeros(2), "third")
