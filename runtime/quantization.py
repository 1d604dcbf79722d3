"""Affine quantization of arrays, as TFLite and ONNX define it.

Source: Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference", CVPR 2018, equation 1: ``r = S (q - Z)``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .contract import Quantization


def quantize(
    values: npt.NDArray[np.floating[Any]], quantization: Quantization, dtype: npt.DTypeLike
) -> npt.NDArray[np.integer[Any]]:
    """Store real values as integers: ``clip(round(value / scale) + zero_point)``, ties to even.

    Args:
        values: Real values, any shape, float32 or float64, finite.
        quantization: Step size (real units) and zero point.
        dtype: The integer type to store, for example ``int8``.

    Returns:
        Integers of that type, same shape.
    """
    limits = np.iinfo(np.dtype(dtype))
    stored = np.rint(values / np.float32(quantization.scale)) + np.float32(quantization.zero_point)
    clipped: npt.NDArray[np.integer[Any]] = np.clip(stored, limits.min, limits.max).astype(dtype)
    return clipped


def dequantize(stored: npt.NDArray[np.integer[Any]], quantization: Quantization) -> npt.NDArray[np.float32]:
    """Give back the real values: ``scale * (stored - zero_point)``.

    Args:
        stored: Integers, any shape.
        quantization: Step size (real units) and zero point.

    Returns:
        Real values, float32, same shape.
    """
    return (stored.astype(np.float32) - np.float32(quantization.zero_point)) * np.float32(quantization.scale)
