"""Preprocessed samples and their right answers, in three parts, known again by their digest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.contract import ModelContract

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Samples:
    """Samples of one part of a data set.

    Attributes:
        inputs: By input name, preprocessed by the contract's own steps, (samples, ...).
        targets: The right answers as the loss takes them, (samples, ...); by output name where there are several
            outputs.
    """

    inputs: dict[str, Array]
    targets: Array | dict[str, Array]

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))

    def take(self, indices: Array) -> Samples:
        """Some of the samples.

        Args:
            indices: Which, (chosen,), integers.

        Returns:
            The samples in the order of the indices.
        """
        inputs = {name: array[indices] for name, array in self.inputs.items()}
        targets = self.targets
        if isinstance(targets, dict):
            return Samples(inputs, {name: array[indices] for name, array in targets.items()})
        return Samples(inputs, targets[indices])


@dataclass(frozen=True)
class Data:
    """A data set that is ready to be trained on.

    Attributes:
        contract: What a model of it promises: inputs, outputs, preprocessing, labels, metric.
        train: What the weights are fitted to.
        validation: What decides when to stop and which weights are the best, not trained on; None where nothing does.
        test: What the shipped files are judged on; looked at once, at the end.
        origin: Where the data are from, and under which licence; for people.
        indices: For the name of a part, where its samples stand in the data set, ascending.
    """

    contract: ModelContract
    train: Samples
    validation: Samples | None
    test: Samples
    origin: str
    indices: dict[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def parts(self) -> dict[str, Samples]:
        """The parts that there are, by their names."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: samples for name, samples in parts.items() if samples is not None}

    @property
    def digest(self) -> str:
        """SHA-256 over names, dtypes, shapes and bytes of all arrays: the same data and split, the same digest."""
        digest = hashlib.sha256()
        for part, samples in self.parts.items():
            targets = samples.targets if isinstance(samples.targets, dict) else {"": samples.targets}
            arrays = [*sorted(samples.inputs.items()), *((f"target {name}", targets[name]) for name in sorted(targets))]
            for name, array in arrays:
                digest.update(f"{part} {name} {array.dtype.str} {array.shape}".encode())
                digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()
