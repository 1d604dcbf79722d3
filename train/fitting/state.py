"""A training's state on disk after each epoch: what is needed to go on as if it had never stopped.

A state is complete when ``state.json`` names it; that file is replaced last, at once, so a process may be killed at
any time. The arrays are TensorFlow's checkpoints: weights, the optimizer's slots and step, the random layers' state.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from litefoot.runtime.errors import UsageError
from litefoot.runtime.storage.codec import encode, read_document
from litefoot.runtime.storage.folder import write_json

STATE = "state.json"


@dataclass(frozen=True)
class State:
    """Where a training stands.

    Attributes:
        key: Recipe, data and options; a training is gone on with only where they are the same.
        epoch: Epochs done.
        history: By the name of a figure, its value in each epoch.
        best: The epoch whose weights are the best so far; 0 before there is one.
        best_value: The figure of that epoch; smaller is better.
        stopped: Whether it ended before its last epoch because nothing got better.
    """

    key: dict[str, Any]
    epoch: int = 0
    history: dict[str, list[float]] = field(default_factory=dict)
    best: int = 0
    best_value: float = float("inf")
    stopped: bool = False


class StateFolder:
    """The folder of a training's state.

    Args:
        path: The folder; made where it is missing.
        model: The compiled tf_keras model whose weights and optimizer are kept.
    """

    def __init__(self, path: Path, model: Any) -> None:
        import tensorflow as tf

        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self._checkpoint = tf.train.Checkpoint(model=model)

    def read(self, key: dict[str, Any]) -> State:
        """Read the state and put the model back into it.

        Args:
            key: Of the training that is to go on.

        Returns:
            The state; that of a training which has not begun where there is none.

        Raises:
            UsageError: It is the state of another training.
        """
        if not (self.path / STATE).is_file():
            return State(key)
        state = read_document(State, self.path / STATE)
        if state.key != key:
            differing = sorted(name for name in {*state.key, *key} if state.key.get(name) != key.get(name))
            raise UsageError(
                "The interrupted training was another one",
                where=self.path,
                got=", ".join(f"{name} {state.key.get(name)}" for name in differing),
                expected=", ".join(f"{name} {key.get(name)}" for name in differing),
                fix="give the same options, or --force to begin anew",
            )
        if state.epoch:
            self._checkpoint.read(self._weights(state.epoch)).expect_partial()
        return state

    def write(self, state: State) -> None:
        """Keep the model as it is now, and forget what is no longer needed.

        Args:
            state: To be written with it.
        """
        self._checkpoint.write(self._weights(state.epoch))
        partial = self.path / f"{STATE}.partial"
        write_json(partial, encode(state))
        partial.replace(self.path / STATE)
        for file in self.path.glob("epoch-*"):
            if file.name.split(".")[0] not in (f"epoch-{state.epoch}", f"epoch-{state.best}"):
                file.unlink()

    def restore_best(self, state: State) -> None:
        """Put the weights of the best epoch into the model.

        Args:
            state: The last one.
        """
        if state.best and state.best != state.epoch:
            self._checkpoint.read(self._weights(state.best)).expect_partial()

    def _weights(self, epoch: int) -> str:
        return str(self.path / f"epoch-{epoch}")
