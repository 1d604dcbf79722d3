"""What a compressed model is fine-tuned with: handed over by whoever has it, or read and completed for a user."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.storage.files import read_arrays

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class TrainingData:
    """What a model was trained with.

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

    def write(self, path: Path) -> None:
        """Write it where a worker finds it.

        Args:
            path: An ``.npz`` file.
        """
        targets = self.targets if isinstance(self.targets, dict) else {"": self.targets}
        arrays = {f"input/{name}": array for name, array in self.inputs.items()}
        arrays |= {f"target/{name}": array for name, array in targets.items()}
        rest = json.dumps([self.loss, self.loss_weights, self.batch, self.source])
        np.savez(path, allow_pickle=False, **{**arrays, "rest": np.array(rest)})


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
    loss, weights, batch, source = json.loads(str(parts["rest"][""]))
    targets = parts["target"]
    return TrainingData(parts["input"], targets.get("", targets), loss, weights, batch, source)
