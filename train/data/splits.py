"""Data sets cut into parts to train on, to validate on and to test on, with a seed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.errors import SampleError

Array = npt.NDArray[Any]
Parts = dict[str, Array]
"""For ``train``, ``validation`` and ``test``, the indices of its samples, ascending."""


def stratified_split(labels: Array, *, validation: float, test: float, seed: int) -> Parts:
    """Split a data set so that all parts hold each class in the same proportion.

    Args:
        labels: (samples,), integers.
        validation: Part of the samples to validate on, in 0..1; without, that part is empty.
        test: Part of the samples to test on, in 0..1.
        seed: Of the shuffle.

    Returns:
        The indices of each part.

    Raises:
        SampleError: A class has too few samples to be in every part.
    """
    from sklearn.model_selection import train_test_split

    def cut(indices: Array, share: float) -> tuple[Array, Array]:
        count = math.ceil(len(indices) * share - 1e-9)  # a share of a share is not exact
        kept, taken = train_test_split(indices, test_size=count, stratify=labels[indices], random_state=seed)
        return np.sort(kept), np.sort(taken)

    try:
        rest, tested = cut(np.arange(len(labels)), test)
        trained, validated = cut(rest, validation / (1.0 - test)) if validation else (rest, rest[:0])
    except ValueError as error:
        classes, counts = np.unique(labels, return_counts=True)
        raise SampleError(
            "There are too few samples to train, validate and test on",
            got=", ".join(f"{count} of class {label}" for label, count in zip(classes, counts, strict=True)),
            expected="at least 10 of each class",
        ) from error
    return {"train": trained, "validation": validated, "test": tested}


def random_split(count: int, *, validation: float, test: float, seed: int) -> Parts:
    """Split a data set at random.

    Args:
        count: Number of samples.
        validation: Part of the samples to validate on, in 0..1.
        test: Part of the samples to test on, in 0..1.
        seed: Of the shuffle.

    Returns:
        The indices of each part.
    """
    return _cut(np.random.default_rng(seed).permutation(count), validation, test)


def chronological_split(count: int, *, validation: float, test: float) -> Parts:
    """Split a series so that what is validated comes after what is trained on, and what is tested after both.

    Args:
        count: Number of samples, in the order of time.
        validation: Part of the samples to validate on, in 0..1.
        test: Part of the samples to test on, in 0..1.

    Returns:
        The indices of each part.
    """
    return _cut(np.arange(count), validation, test)


def calibration_indices(labels: Array, per_class: int) -> Array:
    """The first samples of each class: what activation ranges are measured on.

    Args:
        labels: (samples,), integers.
        per_class: How many of each class.

    Returns:
        Indices, ascending.
    """
    return np.sort(np.concatenate([np.flatnonzero(labels == label)[:per_class] for label in np.unique(labels)]))


def _cut(order: Array, validation: float, test: float) -> Parts:
    first = round(len(order) * (1.0 - validation - test))
    second = round(len(order) * (1.0 - test))
    if not 0 < first < second < len(order):
        raise SampleError("There are too few samples to train, validate and test on", got=len(order))
    return {
        "train": np.sort(order[:first]),
        "validation": np.sort(order[first:second]),
        "test": np.sort(order[second:]),
    }
