"""``r = S (q - Z)`` both ways: by hand, at the edges, and within half a step everywhere between."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litefoot.runtime.quantization import Dequantizer, dequantize, quantize
from litefoot.runtime.tensors import Quantization

DTYPES = ("int8", "uint8", "int16", "uint16")


@st.composite
def stored_types(draw: st.DrawFn) -> tuple[Quantization, str]:
    dtype = draw(st.sampled_from(DTYPES))
    limits = np.iinfo(dtype)
    scale = draw(st.floats(2.0**-20, 2.0**20, width=32, allow_subnormal=False))
    return Quantization(scale, draw(st.integers(int(limits.min), int(limits.max)))), dtype


def test_values_by_hand() -> None:
    quantization = Quantization(0.5, 3)
    stored = quantize(np.array([[-1.0, 0.0, 2.0, 2.2]], np.float32), quantization, "int8")
    assert stored.dtype == np.int8
    assert stored.tolist() == [[1, 3, 7, 7]]
    real = dequantize(stored, quantization)
    assert real.dtype == np.float32
    assert real.tolist() == [[-1.0, 0.0, 2.0, 2.0]]


def test_ties_go_to_the_even_neighbour() -> None:
    assert quantize(np.array([0.5, 1.5, 2.5, -0.5]), Quantization(1.0, 0), "int8").tolist() == [0, 2, 2, 0]


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_is_out_of_range_saturates(dtype: str) -> None:
    stored = quantize(np.array([-1e30, 1e30, -np.inf, np.inf], np.float32), Quantization(0.1, 1), dtype)
    least, most = np.iinfo(dtype).min, np.iinfo(dtype).max
    assert stored.tolist() == [least, most, least, most]


@given(stored_types(), st.data())
def test_every_stored_value_survives_the_round_trip(kind: tuple[Quantization, str], data: st.DataObject) -> None:
    quantization, dtype = kind
    limits = np.iinfo(dtype)
    values = data.draw(st.lists(st.integers(int(limits.min), int(limits.max)), min_size=1, max_size=20))
    stored = np.array(values, dtype)
    assert quantize(dequantize(stored, quantization), quantization, dtype).tolist() == values


@given(stored_types(), st.data())
def test_within_range_the_error_is_at_most_half_a_step(kind: tuple[Quantization, str], data: st.DataObject) -> None:
    quantization, dtype = kind
    limits = np.iinfo(dtype)
    shares = np.array(data.draw(st.lists(st.floats(0, 1, allow_subnormal=False), min_size=1, max_size=20)))
    steps = limits.min + shares * (float(limits.max) - limits.min) - quantization.zero_point
    values = steps * quantization.scale
    error = np.abs(dequantize(quantize(values, quantization, dtype), quantization) - values)
    rounding = np.abs(values).max() * 2.0**-20  # of float32, in which both functions compute
    assert error.max() <= quantization.scale / 2 + rounding


def test_the_shape_stays() -> None:
    values = np.zeros((2, 0, 3), np.float32)
    assert quantize(values, Quantization(1.0, 0), "int8").shape == (2, 0, 3)
    assert dequantize(np.zeros((4, 1), np.int8), Quantization(1.0, 0)).shape == (4, 1)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32"])
def test_what_is_given_back_again_and_again_is_what_is_given_back_once(dtype: str) -> None:
    limits = np.iinfo(dtype)
    stored = np.linspace(max(limits.min, -40000), min(limits.max, 40000), 300).astype(dtype).reshape(3, 100)
    quantization = Quantization(0.0375, 5)
    restore = Dequantizer(quantization, dtype)
    for array in (stored, stored[:, ::2], stored[:1]):
        real = restore(array)
        assert (real.dtype, real.shape) == (np.float32, array.shape)
        np.testing.assert_array_equal(real, dequantize(array, quantization))
