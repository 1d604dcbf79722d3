"""What a compressed model is fine-tuned with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class TrainingData:
    """What a model was trained with, handed over by whoever has it.

    Attributes:
        inputs: By input name, preprocessed samples, (samples, ...).
        targets: The right answers as the loss takes them, (samples, ...); by output name where there are several.
        loss: The name of a loss of Keras, its configuration, or ``module:name`` of a function of one's own; by output
            name where they differ.
        loss_weights: By output name, how much its loss weighs; 1 where nothing is said.
        batch: Samples in a batch.
        source: Where the samples are from, for messages.
    """

    inputs: dict[str, Array]
    targets: Array | dict[str, Array]
    loss: str | dict[str, Any]
    loss_weights: dict[str, float] | None = None
    batch: int | None = None
    source: str = "the training data"

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))
