"""What a compressed model is fine-tuned with: handed over by whoever has it, or read and completed for a user."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.storage.files import read_arrays

from ..workers.unneeded import show_unneeded

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class TrainingData:
    """What a model was trained with.

    Attributes:
        inputs: By input name, preprocessed samples, (samples, ...).
        targets: The right answers as the loss takes them, (samples, ...); by output name where there are several.
        loss: The name of a loss of Keras, its configuration, or ``module:name`` of a function of one's own; by output
            name where they differ. None for that of `as_trained`, or without it for the usual one.
        loss_weights: By output name, how much its `loss` weighs; 1 where nothing is said.
        batch: Samples in a batch.
        source: Where the samples are from, for messages.
        as_trained: ``module:name`` of a function, and the text that it is called with where the model is fine-tuned.
            What it returns has the attributes `losses`, `loss_weights` and `metrics`, as ``compile`` of tf_keras takes
            them, in the outputs' order.
    """

    inputs: dict[str, Array]
    targets: Array | dict[str, Array]
    loss: str | dict[str, Any] | None = None
    loss_weights: dict[str, float] | None = None
    batch: int | None = None
    source: str = "the training data"
    as_trained: tuple[str, str] | None = None

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))

    @property
    def arrays(self) -> dict[str, Array]:
        """All arrays: inputs and targets, by what they are and their name; a target without a name has none."""
        targets = self.targets if isinstance(self.targets, dict) else {"": self.targets}
        arrays = {f"input/{name}": array for name, array in self.inputs.items()}
        return arrays | {f"target/{name}": array for name, array in targets.items()}

    @property
    def rest(self) -> str:
        """All but the arrays, as JSON."""
        return json.dumps([self.loss, self.loss_weights, self.batch, self.source, self.as_trained])

    def write(self, path: Path) -> None:
        """Write it where a worker finds it.

        Args:
            path: An ``.npz`` file.
        """
        np.savez(path, allow_pickle=False, **{**self.arrays, "rest": np.array(self.rest)})


def call_as_trained(data: TrainingData) -> Any:
    """Carry out what `TrainingData.as_trained` says.

    Args:
        data: The training data.

    Returns:
        What the function returned; None where there is none.
    """
    if data.as_trained is None:
        return None
    place, argument = data.as_trained
    show_unneeded()
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)(argument)


def read_training(path: Path) -> TrainingData:
    """Read what `TrainingData.write` wrote.

    Args:
        path: The file.

    Returns:
        The training data.
    """
    parts: dict[str, dict[str, Array]] = {"input": {}, "target": {}, "rest": {}}
    for key, array in read_arrays(path).items():
        part, _, name = key.partition("/")
        parts[part][name] = array
    loss, weights, batch, source, as_trained = json.loads(str(parts["rest"][""]))
    targets = parts["target"]
    given = None if as_trained is None else tuple(as_trained)
    return TrainingData(parts["input"], targets.get("", targets), loss, weights, batch, source, given)
