"""Fitting a wrapped model for some epochs more, with what it was trained on."""

from __future__ import annotations

import importlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.errors import TrainingFailed, UsageError

from .recipe import Compression
from .states import State, StateFile
from .training_data import TrainingData

Array = npt.NDArray[Any]
Progress = Callable[[str, int, int], None]
"""Called with what is going on and the last figures, the batches done and all batches of a step."""

_WRAPPERS = {"prune": "prune_low_magnitude_", "cluster": "cluster_", "quantize_aware": "quant_"}
_LEAST_EPOCHS = 8
_LEAST_BATCHES = 500
_SECONDS_BETWEEN_REPORTS = 0.2


@dataclass(frozen=True)
class Fitting:
    """What every step of a compression is fitted with.

    Attributes:
        compression: How long and how fast.
        data: What the model is fitted to.
        outputs: The names of the model's outputs, in their order.
        folder: Where the state is kept while it goes on.
        progress: Called several times a second.
        as_trained: How the model was trained, see `TrainingData.as_trained`; None where that is not known.
    """

    compression: Compression
    data: TrainingData
    outputs: tuple[str, ...]
    folder: Path
    progress: Progress
    as_trained: Any = None

    @property
    def batch(self) -> int:
        """Samples in a batch."""
        return min(self.compression.batch or self.data.batch or 32, len(self._parts[0]))

    @property
    def epochs(self) -> int:
        """Passes over the samples, at most."""
        return self.compression.epochs or max(_LEAST_EPOCHS, -(-_LEAST_BATCHES // self.batches))

    @property
    def batches(self) -> int:
        """How many there are in an epoch."""
        return -(-len(self._parts[0]) // self.batch)

    @property
    def _parts(self) -> tuple[Array, Array]:
        """The indices of what is trained on, and of what is held back."""
        count = len(self.data)
        order = np.random.default_rng(self.compression.seed).permutation(count)
        held = round(count * self.compression.held_back)
        return np.sort(order[held:]), np.sort(order[:held])

    def fit(self, model: Any, name: str, *, counts_from: int = 0, callbacks: Sequence[Any] = ()) -> State:
        """Fit a model; after an interrupt, from the epoch after the last whole one.

        Args:
            model: A tf_keras model with a flat list of inputs and outputs; trained in place. In the end it has the
                weights of the best epoch.
            name: Of the step.
            counts_from: The epochs that come before any whose weights may be kept.
            callbacks: Of the step.

        Returns:
            How it went.

        Raises:
            TrainingFailed: The loss is no longer a finite number.
            UsageError: The targets do not fit the loss.
        """
        import tf_keras

        # Loshchilov and Hutter, "SGDR", arXiv:1608.03983, equation 5, without restarts.
        rate = tf_keras.optimizers.schedules.CosineDecay(self.compression.learning_rate, self.epochs * self.batches)
        model.compile(tf_keras.optimizers.Adam(rate), *self._losses())
        model.optimizer.build(model.trainable_variables)
        variables = unique([*model.variables, *model.optimizer.variables])
        file = StateFile(self.folder / f"{name}.npz")
        state, best = file.read(variables)
        train, held = (self._taken(part) for part in self._parts)
        while state.epoch < self.epochs and not state.stopped:
            figures = self._epoch(model, name, state, train, held, callbacks)
            before, counts = state.best, state.epoch >= counts_from
            state = state.after(figures, counts=counts, patience=self.compression.patience)
            best = [variable.numpy() for variable in variables] if state.best != before else best
            file.write(state, variables, best)
        for variable, value in zip(variables, best or (), strict=bool(best)):
            variable.assign(value)
        return state

    def _epoch(
        self, model: Any, name: str, state: State, train: Any, held: Any, callbacks: Sequence[Any]
    ) -> dict[str, float]:
        """Fit one epoch: samples in an order of its own, so that an interrupted fit goes on with the same."""
        import tensorflow as tf

        order = np.random.default_rng([self.compression.seed, state.epoch]).permutation(len(train[0][0]))
        inputs, targets = ([array[order] for array in arrays] for arrays in train)
        try:
            done = model.fit(
                inputs,
                _bare(targets),
                batch_size=self.batch,
                initial_epoch=state.epoch,
                epochs=state.epoch + 1,
                shuffle=False,
                validation_data=(held[0], _bare(held[1])) if len(held[0][0]) else None,
                verbose=0,
                callbacks=[*callbacks, self._watch(name, state)],
            )
        except (ValueError, TypeError, tf.errors.InvalidArgumentError) as error:
            raise UsageError(
                "The training data do not fit the model and its loss",
                where=self.data.source,
                got=_last_words(error),
                fix="--loss with the loss that the model was trained with",
            ) from error
        # the output's own name, not its wrapper's
        figures = {key.replace(_WRAPPERS[name], "", 1): float(values[-1]) for key, values in done.history.items()}
        self._check(figures, f"{name}, epoch {state.epoch + 1}")
        return figures

    def _watch(self, name: str, state: State) -> Any:
        import tf_keras

        fitting, told = self, [0.0]
        total, before = self.epochs * self.batches, state.epoch * self.batches
        last = " ".join(f"{key} {values[-1]:.4f}" for key, values in state.history.items())
        words = f"{name}, epoch {state.epoch + 1} of {self.epochs} {last}"

        class Watch(tf_keras.callbacks.Callback):  # type: ignore[misc]  # the base is not known before it is imported
            def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
                if time.monotonic() - told[0] > _SECONDS_BETWEEN_REPORTS:
                    told[0] = time.monotonic()
                    fitting._check({key: float(value) for key, value in (logs or {}).items()}, words)
                    fitting.progress(words, before + batch + 1, total)

            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
                del epoch, logs
                fitting.progress(words, before + fitting.batches, total)

        return Watch()

    def _check(self, figures: dict[str, float], where: str) -> None:
        broken = [f"{name} {value}" for name, value in figures.items() if not math.isfinite(value)]
        if broken:
            raise TrainingFailed(
                "The loss is not finite",
                where=where,
                got=", ".join(broken),
                fix="a smaller learning_rate in the compression recipe",
            )

    def _taken(self, part: Array) -> tuple[list[Array], list[Array]]:
        targets = self.data.targets
        answers = [targets[name] for name in self.outputs] if isinstance(targets, dict) else [targets]
        return [array[part] for array in self.data.inputs.values()], [array[part] for array in answers]

    def _losses(self) -> tuple[Any, Any, Any]:
        """As `compile` takes them: losses, metrics, weights; of several outputs in their order."""
        loss, weights = self.data.loss, self.data.loss_weights
        if loss is None:
            return self.as_trained.losses, self.as_trained.metrics, self.as_trained.loss_weights
        losses = [find_loss(one) for one in self._each(loss)]
        metrics = [[metric] if (metric := _metric(one)) else [] for one in self._each(loss)]
        return losses, metrics, None if weights is None else [weights.get(name, 1.0) for name in self.outputs]

    def _each(self, loss: Any) -> list[Any]:
        if isinstance(loss, dict) and set(loss) == set(self.outputs):
            return [loss[name] for name in self.outputs]
        return [loss] * len(self.outputs)


def _last_words(error: Exception) -> str:
    """What TensorFlow says behind its traceback, and before the names of its nodes."""
    lines = [line.strip() for line in str(error).splitlines()]
    return next((line for line in reversed(lines) if line and not line.startswith("[[")), "no message")


def _bare(arrays: list[Array]) -> Any:
    """As `fit` takes targets: a list of one it would take for a tensor."""
    return arrays if len(arrays) > 1 else arrays[0]


def unique(variables: Sequence[Any]) -> list[Any]:
    """Each variable once, in order.

    Args:
        variables: Some of them several times.

    Returns:
        The variables.
    """
    return list({id(variable): variable for variable in variables}.values())


def find_loss(loss: Any) -> Any:
    """A loss as tf_keras takes it.

    Args:
        loss: Its name, its configuration, or ``module:name``.

    Returns:
        The loss.

    Raises:
        UsageError: There is no such loss.
    """
    import tf_keras

    try:
        if isinstance(loss, str) and ":" in loss:
            module, _, name = loss.partition(":")
            return getattr(importlib.import_module(module), name)
        return tf_keras.losses.get(loss)
    except Exception as error:
        raise UsageError(
            "There is no such loss", got=loss, expected="a loss of Keras, such as sparse_categorical_crossentropy"
        ) from error


def _metric(loss: Any) -> str | None:
    """What is shown beside a loss of classes."""
    name = loss if isinstance(loss, str) else loss.get("config", {}).get("name", "") if isinstance(loss, dict) else ""
    return "accuracy" if name.endswith("crossentropy") else None
