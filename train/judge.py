"""A small classifier of digits that judges pictures which a generator made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_PASSES = 8
_PRESENT = 0.01


@dataclass(frozen=True)
class Judgement:
    """What a classifier says of pictures that nobody labelled.

    Attributes:
        confidence: The mean probability of each picture's most probable class, in 0..1.
        coverage: The share of all classes that at least one picture in a hundred belongs to, in 0..1.
        counts: By class, how many pictures belong to it.
    """

    confidence: float
    coverage: float
    counts: tuple[int, ...]


class Judge:
    """A perceptron with one hidden layer, fitted to the real pictures that a generator learns from.

    Args:
        pictures: (samples, height, width, 1), float32 in -1..1.
        labels: (samples,), integers from 0, each class at least once.
    """

    def __init__(self, pictures: Array, labels: Array) -> None:
        from sklearn.neural_network import MLPClassifier

        self._classes = np.unique(labels)
        self._network = MLPClassifier((256,), batch_size=min(128, len(labels)), random_state=0)
        for _ in range(_PASSES):
            self._network.partial_fit(_flat(pictures), labels, classes=self._classes)

    def accuracy(self, pictures: Array, labels: Array) -> float:
        """How good the classifier itself is.

        Args:
            pictures: (samples, height, width, 1), float32 in -1..1, that it was not fitted to.
            labels: (samples,), integers.

        Returns:
            The share of pictures whose most probable class is the label.
        """
        return float(np.mean(self._network.predict(_flat(pictures)) == labels))

    def judge(self, pictures: Array) -> Judgement:
        """Classify pictures that a generator made.

        Args:
            pictures: (samples, height, width, 1), float32 in -1..1, at least one.

        Returns:
            How sure the classifier is, and which classes there are.
        """
        probabilities = self._network.predict_proba(_flat(pictures))
        counts = np.bincount(probabilities.argmax(-1), minlength=len(self._classes))
        return Judgement(
            confidence=float(probabilities.max(-1).mean()),
            coverage=float(np.mean(counts >= max(1.0, _PRESENT * len(pictures)))),
            counts=tuple(map(int, counts)),
        )


def _flat(pictures: Array) -> Array:
    return pictures.reshape(len(pictures), -1)
