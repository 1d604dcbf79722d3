"""A training's state on disk: what is needed to go on as if it had never stopped.

The state after an epoch is ``epoch-N.json`` with its arrays beside it: a TensorFlow checkpoint of the weights, the
optimizer and the random layers, and the best weights where they are older. The document is put in place last, at
once, so a process may be killed at any time: a state without its document is not one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from typing import Any

import numpy as np

from litefoot.runtime.errors import TrainingFailed, UnreadableModel, UsageError, first_line
from litefoot.runtime.storage.codec import encode, read_document
from litefoot.runtime.storage.files import read_arrays
from litefoot.runtime.storage.folder import write_json

Weights = list[np.ndarray[Any, Any]]


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
    history: dict[str, tuple[float, ...]] = field(default_factory=dict)
    best: int = 0
    best_value: float | None = None
    stopped: bool = False


def newest_state(folder: Path) -> int:
    """How far the training whose state is in a folder has come.

    Args:
        folder: The folder; it need not be there.

    Returns:
        The epochs done; 0 where there is no state.
    """
    return max(_epochs(folder), default=0)


class StateFolder:
    """The folder of a training's state.

    Args:
        path: The folder; made where it is missing.
        model: The compiled tf_keras model whose weights and optimizer are kept.
    """

    def __init__(self, path: Path, model: Any) -> None:
        import tensorflow as tf

        self.path = path
        self._model = model
        self._best: Weights | None = None
        self._restored: Any = None
        self._checkpoint = tf.train.Checkpoint(model=model, random=_generators(model))
        path.mkdir(parents=True, exist_ok=True)

    def read(self, key: dict[str, Any], epoch: int) -> State:
        """Read a state and put the model back into it.

        Args:
            key: Of the training that is to go on.
            epoch: Whose state; 0 for that of a training which has not begun.

        Returns:
            The state.

        Raises:
            UsageError: It is the state of another training.
            UnreadableModel: It is damaged.
        """
        if not epoch:
            return State(key)
        state = read_document(State, self.path / f"epoch-{epoch}.json")
        _same(state.key, key, self.path)
        try:
            self._restored = self._checkpoint.read(str(self.path / f"epoch-{epoch}"))
            self._restored.assert_existing_objects_matched()
        except Exception as error:
            raise UnreadableModel(
                "The state of the interrupted training is damaged, or its model was another one",
                where=self.path,
                got=first_line(error),
                fix="--force to begin anew",
            ) from error
        self.note(state)
        if state.best not in (0, epoch):
            arrays = read_arrays(self.path / f"epoch-{epoch}-best.npz")
            self._best = [arrays[f"arr_{index}"] for index in range(len(arrays))]
        return state

    def check_restored(self) -> None:
        """After the first step: what is made only then, as the slots of an optimizer, was restored as well.

        Raises:
            TrainingFailed: It was not.
        """
        restored, self._restored = self._restored, None
        if restored is None:
            return
        try:
            restored.assert_consumed()
        except AssertionError as error:
            raise TrainingFailed(
                "This model cannot be gone on with: part of its state is made too late to be restored",
                got=first_line(error),
                fix="build every optimizer in the recipe's build(); --force to begin anew",
            ) from error

    def note(self, state: State) -> None:
        """Remember the model's weights if they are the best.

        Args:
            state: After the epoch that just ended.
        """
        if state.best_value is not None and state.best == state.epoch:
            self._best = self._model.get_weights()

    def write(self, state: State) -> None:
        """Keep the model as it is now, and the state before it; forget what is older.

        Args:
            state: To be written with it.

        Raises:
            UsageError: There is no space for it.
        """
        import tensorflow as tf

        name = f"epoch-{state.epoch}"
        try:
            self._checkpoint.write(str(self.path / name))
        except tf.errors.OpError as error:
            raise UsageError(
                "The state of the training cannot be written",
                where=self.path,
                got=first_line(error),
                fix="free space, then --resume",
            ) from error
        if state.best not in (0, state.epoch):
            assert self._best is not None
            np.savez(self.path / f"{name}-best.npz", *self._best)
        partial = self.path / "partial.json"
        write_json(partial, encode(state))
        partial.replace(self.path / f"{name}.json")
        self._forget_before(state.epoch)

    def restore_best(self, state: State) -> None:
        """Put the weights of the best epoch into the model.

        Args:
            state: The last one.
        """
        if state.best != state.epoch and self._best is not None:
            self._model.set_weights(self._best)

    def forget(self) -> None:
        """Remove every state."""
        rmtree(self.path)

    def _forget_before(self, epoch: int) -> None:
        """Two states are kept: of several machines that are killed, one may be an epoch behind."""
        kept = {f"epoch-{number}" for number in sorted(number for number in _epochs(self.path) if number <= epoch)[-2:]}
        for path in self.path.iterdir():
            if path.name.split(".")[0].removesuffix("-best") in kept:
                continue
            if path.is_dir():
                rmtree(path)  # where TensorFlow was killed while it wrote
            else:
                path.unlink()


def _epochs(folder: Path) -> list[int]:
    return [int(path.stem.removeprefix("epoch-")) for path in folder.glob("epoch-*.json")]


def _same(found: dict[str, Any], key: dict[str, Any], where: Path) -> None:
    differing = sorted(name for name in {*found, *key} if found.get(name) != key.get(name))
    if differing:
        raise UsageError(
            "The interrupted training was another one",
            where=where,
            got=", ".join(f"{name} {key.get(name)}" for name in differing),
            expected=", ".join(f"{name} {found.get(name)}" for name in differing),
            fix="give the same options and data, or --force to begin anew",
        )


def _generators(model: Any) -> list[Any]:
    """The random generators of the layers, in their order: Keras keeps them out of checkpoints on purpose."""
    holders = (getattr(layer, "_random_generator", None) for layer in (model, *model.submodules))
    found = (getattr(holder, "_generator", None) for holder in holders)
    return list({id(generator): generator for generator in found if generator is not None}.values())
