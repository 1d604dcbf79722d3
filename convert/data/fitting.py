"""Making arrays fit an input: its dtype without changing a value, its shape up to a channel axis, one array of many."""

from __future__ import annotations

from typing import Any

import numpy as np

from litefoot.runtime.errors import SampleError
from litefoot.runtime.storage.files import MAX_ARRAYS_BYTES
from litefoot.runtime.tensors import TensorSpec

from .samples import Array


def cast(array: Array, dtype: str, where: object) -> Array:
    """Convert to another type where that keeps every value; between floating-point types, rounding is allowed.

    Args:
        array: Of any dtype.
        dtype: The numpy name of the result's.
        where: What is being converted, for messages.

    Returns:
        The converted array, or the same one.

    Raises:
        SampleError: A value would change: beyond the type's range, not whole, or not a number at all.
    """
    wanted = np.dtype(dtype)
    if array.dtype == wanted:
        return array
    if array.dtype.kind not in "biuf" or wanted.kind not in "biuf":
        raise SampleError("These values are not numbers", where=where, got=array.dtype, expected=dtype)
    if array.size and (odd := _first_lost(array, wanted)) is not None:
        raise SampleError(
            "A value would change when converted to the model's type",
            where=where,
            got=f"{odd} in {array.dtype}",
            expected=f"{dtype}: {_range_of(wanted)}",
            fix="store the samples in the model's type",
        )
    return array.astype(wanted)


def _first_lost(array: Array, wanted: np.dtype[Any]) -> object:
    """A value that the type cannot hold; None where there is no such value."""
    if array.dtype.kind == "f" and wanted.kind == "f":
        with np.errstate(over="ignore"):
            lost = np.isfinite(array) & ~np.isfinite(array.astype(wanted))
        return array[lost][0] if lost.any() else None
    if array.dtype.kind == "f":
        lost = ~np.isfinite(array) | (array != np.rint(array))
        if lost.any():
            return array[lost][0]
    floor, ceiling = _whole_range(wanted)
    if array.dtype.kind == "f":  # beyond these, neighbouring integers are one value
        floor, ceiling = max(floor, _whole_range(array.dtype)[0]), min(ceiling, _whole_range(array.dtype)[1])
    smallest, largest = int(array.min()), int(array.max())
    if smallest < floor:
        return smallest
    return largest if largest > ceiling else None


def _whole_range(dtype: np.dtype[Any]) -> tuple[int, int]:
    """The integers that it holds, each one exactly."""
    if dtype.kind == "f":
        last = int(min(2 ** (np.finfo(dtype).nmant + 1), np.finfo(dtype).max))
        return -last, last
    return (0, 1) if dtype.kind == "b" else (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))


def _range_of(dtype: np.dtype[Any]) -> str:
    smallest, largest = _whole_range(dtype)
    return f"integers from {smallest} to {largest}" + (", and fractions" if dtype.kind == "f" else "")


def fit_axis(array: Array, spec: TensorSpec) -> Array:
    """Add or drop a last axis of size 1 where that makes samples fit: (n, h, w) for (n, h, w, 1), and the reverse.

    Args:
        array: (samples, ...).
        spec: The input.

    Returns:
        The array, reshaped where it fits then and did not before.
    """
    if spec.accepts(array.shape):
        return array
    if spec.accepts((*array.shape, 1)):
        return array[..., np.newaxis]
    return array[..., 0] if array.shape[-1:] == (1,) and spec.accepts(array.shape[:-1]) else array


class Stack:
    """Samples of one input, collected one by one.

    Args:
        spec: The input.
        what: ``calibration`` or ``evaluation``, for messages.
        most_bytes: The largest size of all samples together.
    """

    def __init__(self, spec: TensorSpec, what: str, most_bytes: int = MAX_ARRAYS_BYTES) -> None:
        self._spec, self._what, self._most_bytes = spec, what, most_bytes
        self._samples: list[Array] = []
        self._bytes = 0

    def add(self, sample: Array, where: object, fix: str | None = None) -> None:
        """Append one sample.

        Args:
            sample: Without a batch axis, of any dtype.
            where: The file or place that it is from, for messages.
            fix: What the reader can do where its shape differs.

        Raises:
            SampleError: It does not fit the input or the samples before it, or there are too many.
        """
        fitting = fit_axis(sample[np.newaxis], self._spec)
        shape = self._samples[0].shape if self._samples else None
        if not self._spec.accepts(fitting.shape) or shape not in (None, fitting.shape[1:]):
            raise SampleError(
                f"This {self._what} sample does not fit the model's input {self._spec.name}",
                where=where,
                got=_shape(sample.shape),
                expected=_shape(self._spec.shape[1:] if shape is None else shape),
                fix=fix,
            )
        self._samples.append(cast(fitting[0], self._spec.dtype, where))
        self._bytes += self._samples[-1].nbytes
        if self._bytes > self._most_bytes:
            raise SampleError(
                f"The {self._what} samples take too much memory",
                where=where,
                got=f"more than {self._most_bytes} bytes after {len(self._samples)} samples",
                fix="give fewer samples, or a limit",
            )

    def array(self) -> Array:
        """All samples, (samples, ...); without any, the sizes of free dimensions are 0."""
        empty = [0, *(size or 0 for size in self._spec.shape[1:])]
        return np.stack(self._samples) if self._samples else np.zeros(empty, self._spec.dtype)


def _shape(sizes: tuple[int | None, ...]) -> str:
    return "[" + ", ".join("?" if size is None else str(size) for size in sizes) + "]"
