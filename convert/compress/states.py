"""The state of a fit on disk, whole after each epoch: what was done before an interrupt is not done again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.storage.codec import decode, encode

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class State:
    """Where a fit stands.

    Attributes:
        epoch: The epochs done.
        best: The epoch with the smallest loss on the samples that were held back; 0 before there is one.
        best_loss: That loss; None before there is one.
        stopped: Whether nothing has got better for too long.
        history: By the name of a figure, its value in each epoch.
    """

    epoch: int = 0
    best: int = 0
    best_loss: float | None = None
    stopped: bool = False
    history: dict[str, tuple[float, ...]] = field(default_factory=dict)

    def after(self, figures: dict[str, float], *, counts: bool, patience: int | None) -> State:
        """The state after one more epoch.

        Args:
            figures: Of that epoch, among them ``loss`` and, where samples were held back, ``val_loss``.
            counts: Whether its weights may be kept: not while the share of zeros still rises.
            patience: Epochs without a smaller loss after which the fit stops.

        Returns:
            The state.
        """
        epoch = self.epoch + 1
        history = {name: (*self.history.get(name, ()), value) for name, value in figures.items()}
        state = replace(self, epoch=epoch, history=history)
        if not counts:
            return state
        loss = figures.get("val_loss")
        if loss is None:  # nothing tells which is the best: the last
            return replace(state, best=epoch)
        if self.best_loss is None or loss < self.best_loss:
            return replace(state, best=epoch, best_loss=loss)
        return replace(state, stopped=patience is not None and epoch - self.best >= patience)


@dataclass(frozen=True)
class StateFile:
    """The state of one fit, with the values of all variables.

    Attributes:
        path: An ``.npz`` file, replaced as a whole.
    """

    path: Path

    def read(self, variables: Sequence[Any]) -> tuple[State, list[Array] | None]:
        """Read the state and set the variables.

        Args:
            variables: Of the model and its optimizer, in their order.

        Returns:
            The state, a new one where there is no file; and the best values so far, None before there are any.
        """
        if not self.path.is_file():
            return State(), None
        with np.load(self.path, allow_pickle=False) as content:
            state = decode(State, json.loads(str(content["state"])), self.path.name)
            for i, variable in enumerate(variables):
                variable.assign(content[f"now{i}"])
            best = [content[f"best{i}"] for i in range(len(variables))] if state.best else None
        return state, best

    def write(self, state: State, variables: Sequence[Any], best: list[Array] | None) -> None:
        """Write the state and the variables.

        Args:
            state: Where the fit stands.
            variables: Of the model and its optimizer, in their order.
            best: The best values so far.
        """
        arrays = {f"now{i}": variable.numpy() for i, variable in enumerate(variables)}
        arrays |= {f"best{i}": value for i, value in enumerate(best or ())}
        partial = self.path.with_name(f"partial-{self.path.name}")
        np.savez(partial, state=np.array(json.dumps(encode(state))), **arrays)
        partial.replace(self.path)
