"""Sums over samples from which the figures of one tensor are made."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from .layers import TensorRange
from .probe import Storage

Array = npt.NDArray[Any]

_KEPT_VALUES = 4096
"""Of one call, for percentiles and the histogram."""
_BINS = 48
_TAIL = 0.001


class Tally:
    """What is added up of one tensor over the calls of a model.

    Args:
        storage: How the quantized file stores it.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._signal = self._noise = self._own_noise = self._error = 0.0
        self._count = self._clipped = 0
        self._largest = 0.0
        self._low, self._high = math.inf, -math.inf
        self._values: list[Array] = []

    def add(self, reference: Array, output: Array, own_error: Array) -> None:
        """Add one call.

        Args:
            reference: The float file's values.
            output: The quantized file's, same shape, real units.
            own_error: What this layer alone added to them, same shape, real units.
        """
        ref, error = reference.astype(np.float64), output.astype(np.float64) - reference
        self._signal += float(np.square(ref).sum())
        self._noise += float(np.square(error).sum())
        self._own_noise += float(np.square(own_error.astype(np.float64)).sum())
        self._error += float(np.abs(error).sum())
        self._largest = max(self._largest, float(np.abs(error).max(initial=0.0)))
        self._count += ref.size
        self._low = min(self._low, float(ref.min(initial=math.inf)))
        self._high = max(self._high, float(ref.max(initial=-math.inf)))
        if self._storage.limits is not None and self._storage.quantization is not None:
            low, high = self._storage.limits
            half = 0.5 * self._storage.quantization.scale
            self._clipped += int(((ref < low - half) | (ref > high + half)).sum())
            self._values.append(reference.reshape(-1)[:: max(1, ref.size // _KEPT_VALUES)])

    @property
    def sqnr_db(self) -> float:
        """Signal to noise, in decibels; see `LayerError.sqnr_db`."""
        return _decibels(self._signal, self._noise)

    @property
    def own_sqnr_db(self) -> float:
        """Signal to this layer's own noise, in decibels."""
        return _decibels(self._signal, self._own_noise)

    @property
    def errs(self) -> bool:
        """Whether this layer adds any error."""
        return self._own_noise != 0.0

    @property
    def max_error_steps(self) -> float | None:
        """Largest error in steps; None without quantization."""
        return self._in_steps(self._largest)

    @property
    def mean_error_steps(self) -> float | None:
        """Mean absolute error in steps; None without quantization."""
        return self._in_steps(self._error / max(self._count, 1))

    @property
    def range(self) -> TensorRange | None:
        """What calibration saw against what the samples hold; None without quantization."""
        if self._storage.limits is None or not self._count or not math.isfinite(self._low + self._high):
            return None
        low, high = self._storage.limits
        values = np.concatenate(self._values).astype(np.float64)
        usual_low, usual_high = np.quantile(values, (_TAIL, 1.0 - _TAIL))
        reached = max(0.0, min(high, self._high) - max(low, self._low))
        edges = (min(low, self._low), max(high, self._high))
        return TensorRange(
            low=low,
            high=high,
            seen_low=self._low,
            seen_high=self._high,
            usual_low=float(usual_low),
            usual_high=float(usual_high),
            clipped=self._clipped / self._count,
            dead=1.0 - reached / (high - low),
            counts=tuple(int(count) for count in np.histogram(values, _BINS, edges)[0]),
        )

    def _in_steps(self, error: float) -> float | None:
        return None if self._storage.quantization is None else error / self._storage.quantization.scale


def _decibels(signal: float, noise: float) -> float:
    if math.isnan(noise):
        return math.nan
    if noise == 0.0:
        return math.inf
    return 10.0 * math.log10(signal / noise) if signal else -math.inf
