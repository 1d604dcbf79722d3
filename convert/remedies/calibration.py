"""Ways to choose activation ranges from samples: the quantizers' smallest and largest value, or less than that.

A range that holds every value wastes steps on a few of them; one that clips those makes them wrong. Which is better
depends on the network, so they are tried on held-out samples.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..explain.probe import open_probe
from .float_file import Array, one_call

SAMPLES = 100
_KEPT_VALUES = 8192
"""Of one tensor in one call."""
_MEMORY = 0.95
"""Of the moving average, as in ai-edge-quantizer."""
_MOST_BINS, _LEVELS = 2048, 128
_VALUES_PER_BIN = 100
"""With fewer, what two bins differ by is chance, and merging them would look like a loss."""

Choose = Callable[[list[Array]], tuple[float, float]]
"""From a tensor's values, one flat array for each call, to its range."""
Ranges = dict[str, tuple[float, float]]
"""Smallest and largest real value by tensor name."""


@dataclass(frozen=True)
class Calibration:
    """One way to choose ranges.

    Attributes:
        name: For reports.
        choose: From a tensor's values to its range.
        onnx: The same by ONNX Runtime: what `quantize_static` takes, the method by its name.
    """

    name: str
    choose: Choose
    onnx: Mapping[str, Any]


@functools.lru_cache(maxsize=1024)
def _spread(size: int) -> Any:
    """Places in sorted values, evenly, the first and the last among them: extremes are what a range is about."""
    return np.unique(np.linspace(0, size - 1, min(size, _KEPT_VALUES)).round().astype(np.intp))


def smallest_and_largest(values: list[Array]) -> tuple[float, float]:
    """The range that holds every value.

    Args:
        values: Of a tensor, one flat array for each call.

    Returns:
        The range.
    """
    return float(min(array.min() for array in values)), float(max(array.max() for array in values))


def moving_average(values: list[Array]) -> tuple[float, float]:
    """An average of each call's smallest and largest value, in which the later ones weigh more.

    Args:
        values: Of a tensor, one flat array for each call.

    Returns:
        The range.
    """
    low, high = float(values[0].min()), float(values[0].max())
    for array in values[1:]:
        low = _MEMORY * low + (1.0 - _MEMORY) * float(array.min())
        high = _MEMORY * high + (1.0 - _MEMORY) * float(array.max())
    return low, high


def percentile(share: float) -> Choose:
    """The range that holds a share of the values, as much cut off below as above.

    Args:
        share: In percent, for example 99.99.

    Returns:
        What chooses it.
    """

    def choose(values: list[Array]) -> tuple[float, float]:
        cut = (100.0 - share) / 200.0
        low, high = np.quantile(np.concatenate(values), (cut, 1.0 - cut))
        return float(low), float(high)

    return choose


def entropy(values: list[Array]) -> tuple[float, float]:
    """The symmetric range that loses the least information, cut to what the values reach.

    Migacz 2017, "8-bit Inference with TensorRT": of the histograms that keep the lowest i bins of magnitudes and put
    all above them into the last, the one whose merging into 128 levels has the least Kullback-Leibler divergence. Zeros
    are left out: they are stored exactly in any range, and what a ReLU makes of half its inputs would decide it alone.

    Args:
        values: Of a tensor, one flat array for each call.

    Returns:
        The range.
    """
    low, high = smallest_and_largest(values)
    furthest = max(abs(low), abs(high))
    if furthest == 0.0:
        return low, high
    magnitudes = np.abs(np.concatenate(values))
    magnitudes = magnitudes[magnitudes > 0]
    bins = _LEVELS * max(1, min(_MOST_BINS, len(magnitudes) // _VALUES_PER_BIN) // _LEVELS)
    counts, edges = np.histogram(magnitudes, bins, (0.0, furthest))
    kept = range(_LEVELS, bins + 1, _LEVELS // 4)
    losses = [_divergence(counts.astype(np.float64), i) for i in kept]
    limit = float(edges[kept[int(np.argmin(losses))]])
    return max(low, -limit), min(high, limit)


def _divergence(counts: Array, kept: int) -> float:
    """``sum p log(p / q)`` of the first bins and their merging into levels; infinite where q has none of p."""
    reference = counts[:kept].copy()
    present = reference > 0
    levels = np.arange(kept) * _LEVELS // kept
    merged = np.bincount(levels, counts[:kept], _LEVELS) / np.maximum(np.bincount(levels, present, _LEVELS), 1)
    reference[-1] += counts[kept:].sum()
    coarse = np.where(present, merged[levels], 0.0)
    if not coarse.sum():
        return np.inf
    p, q = reference / reference.sum(), coarse / coarse.sum()
    held = p > 0
    if (q[held] == 0).any():
        q = q + 1e-10  # the bin that took all above it may have been empty
    return float((p[held] * np.log(p[held] / q[held])).sum())


CALIBRATIONS = (
    Calibration("smallest and largest", smallest_and_largest, {"calibrate_method": "MinMax"}),
    Calibration(
        "moving average",
        moving_average,
        {
            "calibrate_method": "MinMax",
            "extra_options": {"CalibMovingAverage": True, "CalibMovingAverageConstant": 0.05},
        },
    ),
    Calibration(
        "99.9 %", percentile(99.9), {"calibrate_method": "Percentile", "extra_options": {"CalibPercentile": 99.9}}
    ),
    Calibration(
        "99.99 %", percentile(99.99), {"calibrate_method": "Percentile", "extra_options": {"CalibPercentile": 99.99}}
    ),
    Calibration("entropy", entropy, {"calibrate_method": "Entropy"}),
)
"""The first is what every conversion begins with."""


def ranges_by_each(float_file: Path, inputs: Mapping[str, Array]) -> dict[str, Ranges]:
    """Choose the range of every tensor of a float file, in each way: running the file is what takes the time.

    Args:
        float_file: A ``.tflite`` or ``.onnx`` file.
        inputs: By input name, (samples, ...).

    Returns:
        By the name of one of `CALIBRATIONS`: the ranges by tensor name; zero is always between the two values.
    """
    values: dict[str, list[Array]] = {}
    for call in one_call(open_probe(float_file), inputs, SAMPLES):
        for name, array in call.items():
            flat = array.reshape(-1)
            values.setdefault(name, []).append(np.sort(flat)[_spread(flat.size)])
    chosen: dict[str, Ranges] = {way.name: {} for way in CALIBRATIONS}
    for name, arrays in values.items():
        for way in CALIBRATIONS:
            if arrays[0].size:
                low, high = way.choose(arrays)
                chosen[way.name][name] = min(low, 0.0), max(high, 0.0)
    return chosen


def narrow(found: Mapping[str, Any], chosen: Ranges) -> dict[str, Any]:
    """Put chosen ranges in the place of those that ai-edge-quantizer found.

    Args:
        found: What `ranges_of` of the exporter returned: the smallest and largest value by tensor name.
        chosen: Of `ranges_by_each`.

    Returns:
        The same with other ranges; what was not found there is not added.
    """
    narrowed = {name: dict(entry) for name, entry in found.items()}
    for name, entry in narrowed.items():
        if name in chosen and "min" in entry and "max" in entry:
            low, high = chosen[name]
            entry["min"], entry["max"] = np.full_like(entry["min"], low), np.full_like(entry["max"], high)
    return narrowed
