"""Affine quantization of arrays, as TFLite and ONNX define it.

Source: Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference", CVPR 2018, equation 1: ``r = S (q - Z)``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import InputMismatch
from .tensors import Quantization

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]
    Stored = npt.NDArray[np.integer[Any]]
    Real = npt.NDArray[np.float32]


class Quantizer:
    """Stores real values as integers, again and again for one shape: ``clip(round(value / scale) + zero_point)``.

    Rounds ties to even. The division is a product with the float32 reciprocal, as in XNNPACK. Adding 1.5 * 2^23
    to a float32 of less than 2^22 leaves its rounded integer in the low bits, so that one addition rounds, adds the
    zero point and converts.

    Args:
        shape: Of the values.
        quantization: Step size (real units) and zero point.
        dtype: The integer type to store: 8 or 16 bits.
    """

    def __init__(self, shape: tuple[int, ...], quantization: Quantization, dtype: str) -> None:
        limits = np.iinfo(np.dtype(dtype))
        # Arrays without dimensions: numpy takes them faster than its own scalars. The limits are real values, so that
        # what lies far outside does not overflow.
        self._factor = np.array(1.0 / quantization.scale, np.float32)
        self._low = np.array((limits.min - quantization.zero_point) * quantization.scale, np.float32)
        self._high = np.array((limits.max - quantization.zero_point) * quantization.scale, np.float32)
        self._magic = np.array(1.5 * 2**23 + quantization.zero_point, np.float32)
        self._steps = np.empty(shape, np.float32)
        self._flat = self._steps.reshape(-1)
        self._bits = self._steps.view(np.int32)
        self._stored: Stored = np.empty(shape, dtype)

    def __call__(self, values: Array) -> Stored:
        """Store values.

        Args:
            values: Real values of the given shape, floating point.

        Returns:
            Integers, same shape. The array is used again by the next call.

        Raises:
            InputMismatch: A value is NaN, which no integer stands for. Infinities become the largest or smallest one.
        """
        steps = self._steps
        values.clip(self._low, self._high, out=steps)
        np.multiply(steps, self._factor, steps)
        if math.isnan(self._flat.dot(self._flat)):  # the cheapest look at all values
            raise InputMismatch("The values hold NaN, which no integer stands for")
        np.add(steps, self._magic, steps)
        np.copyto(self._stored, self._bits, casting="unsafe")
        return self._stored


class Dequantizer:
    """Gives back real values, again and again: ``scale * (stored - zero_point)``, from a table for 8 bits.

    Args:
        quantization: Step size (real units) and zero point.
        dtype: The integer type that is stored.
    """

    def __init__(self, quantization: Quantization, dtype: str) -> None:
        self._quantization = quantization
        self._table: Real | None = None
        if np.dtype(dtype).itemsize == 1:
            every = np.arange(256, dtype=np.uint8).view(dtype)
            self._table = dequantize(every, quantization)

    def __call__(self, stored: Stored) -> Real:
        """Give back real values.

        Args:
            stored: Integers of the given type, any shape.

        Returns:
            Real values, float32, same shape.
        """
        if self._table is None:
            return dequantize(stored, self._quantization)
        return self._table.take(stored.view(np.uint8))


def quantize(values: Array, quantization: Quantization, dtype: str) -> Stored:
    """Store real values as integers once; see `Quantizer`.

    Args:
        values: Real values, any shape, floating point.
        quantization: Step size (real units) and zero point.
        dtype: The integer type to store, for example ``int8``.

    Returns:
        Integers of that type, same shape.

    Raises:
        InputMismatch: A value is NaN.
    """
    return Quantizer(values.shape, quantization, dtype)(values)


def dequantize(stored: Stored, quantization: Quantization, out: Real | None = None) -> Real:
    """Give back the real values: ``scale * (stored - zero_point)``.

    Args:
        stored: Integers, any shape.
        quantization: Step size (real units) and zero point.
        out: Where to write them, float32, same shape; None for a new array.

    Returns:
        Real values, float32, same shape.
    """
    real: Real = np.subtract(stored, np.float32(quantization.zero_point), out, dtype=np.float32)
    real *= np.float32(quantization.scale)
    return real
