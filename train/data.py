"""Samples with labels, split with a seed, and known again by their digest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Split:
    """Preprocessed samples with their labels, those to train on and those never to be seen in training.

    Attributes:
        train: By input name, (samples, ...).
        train_labels: (samples,), integers.
        test: By input name, (samples, ...).
        test_labels: (samples,), integers.
        test_indices: Where the test samples stand in the data set, (samples,).
    """

    train: dict[str, Array]
    train_labels: Array
    test: dict[str, Array]
    test_labels: Array
    test_indices: Array

    @property
    def digest(self) -> str:
        """SHA-256 over names, dtypes, shapes and bytes of all arrays: the same data and split, the same digest."""
        digest = hashlib.sha256()
        arrays = [*sorted(self.train.items()), ("train labels", self.train_labels)]
        arrays += [*sorted(self.test.items()), ("test labels", self.test_labels)]
        for name, array in arrays:
            digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def stratified_split(labels: Array, test_share: float, seed: int) -> tuple[Array, Array]:
    """Split a data set so that both parts hold each class in the same proportion.

    Args:
        labels: (samples,), integers.
        test_share: Part of the samples to test on, in 0..1.
        seed: Of the shuffle.

    Returns:
        Indices of the training samples and of the test samples, ascending.
    """
    from sklearn.model_selection import train_test_split

    train, test = train_test_split(np.arange(len(labels)), test_size=test_share, stratify=labels, random_state=seed)
    return np.sort(train), np.sort(test)


def calibration_indices(labels: Array, per_class: int) -> Array:
    """The first samples of each class: what activation ranges are measured on.

    Args:
        labels: (samples,), integers.
        per_class: How many of each class.

    Returns:
        Indices, ascending.
    """
    return np.sort(np.concatenate([np.flatnonzero(labels == label)[:per_class] for label in np.unique(labels)]))
