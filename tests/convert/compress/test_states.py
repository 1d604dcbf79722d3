"""The state of a fit: which epoch is the best, when it stops, and that it comes back from disk as it was."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.convert.compress.states import State, StateFile


def fitted(losses: list[float], *, counts_from: int = 0, patience: int | None = None) -> State:
    state = State()
    for loss in losses:
        if not state.stopped:
            counts = state.epoch >= counts_from
            state = state.after({"loss": 1.0, "val_loss": loss}, counts=counts, patience=patience)
    return state


def test_the_best_epoch_is_the_one_with_the_smallest_loss_on_held_back_samples() -> None:
    state = fitted([3.0, 1.0, 2.0])
    assert (state.epoch, state.best, state.best_loss, state.stopped) == (3, 2, 1.0, False)
    assert state.history == {"loss": (1.0, 1.0, 1.0), "val_loss": (3.0, 1.0, 2.0)}


def test_epochs_while_zeros_still_rise_do_not_count_and_stop_nothing() -> None:
    state = fitted([0.1, 0.2, 0.3, 0.9, 0.8], counts_from=3, patience=1)
    assert (state.epoch, state.best, state.best_loss) == (5, 5, 0.8)


def test_it_stops_after_as_many_epochs_without_a_better_one_as_patience_has() -> None:
    state = fitted([2.0, 1.0, 1.5, 1.5, 0.5], patience=2)
    assert (state.epoch, state.best, state.stopped) == (4, 2, True)


def test_without_held_back_samples_the_last_epoch_is_the_best() -> None:
    state = State().after({"loss": 1.0}, counts=True, patience=1).after({"loss": 2.0}, counts=True, patience=1)
    assert (state.best, state.stopped) == (2, False)


@dataclass
class Variable:
    """As much of TensorFlow's as a state file uses."""

    value: npt.NDArray[Any]

    def numpy(self) -> npt.NDArray[Any]:
        return self.value

    def assign(self, value: npt.NDArray[Any]) -> None:
        self.value = value


def test_it_comes_back_from_disk(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "prune.npz")
    variables = [Variable(np.arange(3.0)), Variable(np.array(7, np.int64))]
    assert file.read(variables) == (State(), None)
    state = fitted([2.0, 1.0, 3.0])
    file.write(state, variables, [np.zeros(3), np.array(1)])
    others = [Variable(np.zeros(3)), Variable(np.array(0, np.int64))]
    found, best = file.read(others)
    assert found == state
    assert [variable.value.tolist() for variable in others] == [[0.0, 1.0, 2.0], 7]
    assert best is not None
    assert [value.tolist() for value in best] == [[0.0, 0.0, 0.0], 1]
    assert [path.name for path in tmp_path.iterdir()] == ["prune.npz"]
