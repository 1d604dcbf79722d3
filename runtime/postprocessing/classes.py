"""Scores per class to labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .answers import Answer, output_of, softmax

if TYPE_CHECKING:
    import numpy.typing as npt

    from ..contract import ModelContract

    Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Label:
    """A class and how probable it is.

    Attributes:
        label: Its name.
        score: In 0..1.
    """

    label: str
    score: float


@dataclass(frozen=True)
class Labels(Answer):
    """The classes of a sample.

    Attributes:
        labels: The most probable first.
    """

    labels: tuple[Label, ...]

    def __str__(self) -> str:
        width = max(len(entry.label) for entry in self.labels)
        lines = [f"{entry.label:<{width}}  {entry.score:.4f}" for entry in self.labels]
        return "\n".join([f"label {self.labels[0].label}", *lines])


@dataclass(frozen=True)
class Classes:
    """The most probable classes of an output of probabilities or logits.

    An output with a step axis is read at its last step; one value alone is the probability of the second of two
    classes, or its logit.

    Attributes:
        most: How many classes are named.
    """

    most: int = 10
    op: Literal["classes"] = "classes"

    def __str__(self) -> str:
        return f"the {self.most} most probable classes"

    def answer(self, outputs: Mapping[str, Array], contract: ModelContract) -> Labels:
        """The classes of one sample.

        Args:
            outputs: By output name, without a batch axis.
            contract: For kinds and labels; a class without a label is called by its number.

        Returns:
            The classes.

        Raises:
            UsageError: The model has no such output.
        """
        scores, kind = output_of(outputs, contract, "probabilities", "logits")
        scores = scores.reshape(-1, scores.shape[-1])[-1].astype(np.float64)
        if len(scores) == 1:
            scores = np.append(0.0 if kind == "logits" else 1.0 - scores, scores)
        probabilities = softmax(scores) if kind == "logits" else scores
        names = contract.labels if len(contract.labels) == len(scores) else tuple(map(str, range(len(scores))))
        ranked = np.argsort(-probabilities, kind="stable")[: self.most]
        return Labels(tuple(Label(names[i], float(probabilities[i])) for i in ranked))
