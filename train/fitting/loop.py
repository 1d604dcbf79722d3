"""Fit a tf_keras model epoch by epoch: with progress, state on disk, and an error rather than a broken model."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from litefoot.runtime.errors import TrainingFailed

from ..data.samples import Data, Samples
from ..recipe import Plan, Recipe
from .state import State, StateFolder

Progress = Callable[[int, int, dict[str, float]], None]
"""Called several times a second with the batches done, all batches, and the figures of the last epoch."""

_SECONDS_BETWEEN_REPORTS = 0.2


@dataclass(frozen=True)
class Fit:
    """A fit that is to be carried out.

    Attributes:
        recipe: Whose augmentation, monitor and patience apply.
        data: To fit to.
        plan: How long.
        seed: Of the order of the samples and of what is random in them.
        folder: For TensorBoard's log and what the recipe keeps of an epoch.
        progress: Called as the batches are done.
    """

    recipe: Recipe
    data: Data
    plan: Plan
    seed: int
    folder: Path
    progress: Progress | None = None

    def carry_out(self, model: Any, states: StateFolder, state: State) -> State:
        """Fit the model, from where its state stands to the last epoch or until nothing gets better.

        Args:
            model: Compiled; trained in place. At the end it has the weights of the best epoch.
            states: Where its state is kept after each epoch.
            state: Where it stands.

        Returns:
            The state at the end.

        Raises:
            TrainingFailed: The loss is no longer a finite number.
        """
        import tf_keras

        if state.epoch < self.plan.epochs and not state.stopped:
            watch = _watch(self, states, state)
            log = tf_keras.callbacks.TensorBoard(self.folder / "tensorboard", write_graph=False)
            model.fit(
                self.batches(state.epoch),
                steps_per_epoch=self.plan.steps,
                initial_epoch=state.epoch,
                epochs=self.plan.epochs,
                validation_data=self._validation(),
                verbose=0,
                callbacks=[log, watch],
            )
            state = watch.state
        states.restore_best(state)
        return state

    def batches(self, first: int) -> Any:
        """The training batches of all epochs from one on; those of an epoch do not depend on where it begins.

        Args:
            first: The number of the first epoch, from 0.

        Returns:
            A ``tf.data.Dataset`` of (inputs by name, targets).
        """
        import tensorflow as tf

        samples = self.data.train
        examples = tf.nest.map_structure(tf.constant, (samples.inputs, samples.targets))
        varied = type(self.recipe).augment is not Recipe.augment

        def pick(indices: Any) -> Any:
            return tf.nest.map_structure(lambda array: tf.gather(array, indices), examples)

        def one_epoch(epoch: Any) -> Any:
            seed = tf.stack([self.seed, epoch])
            order = tf.random.experimental.stateless_shuffle(tf.range(len(samples), dtype=tf.int64), seed)
            indices = tf.data.Dataset.from_tensor_slices(order)
            if not varied:
                return indices.batch(self.recipe.batch).map(pick)

            def vary(index: Any) -> Any:
                return self.recipe.augment(*pick(index), tf.random.experimental.stateless_fold_in(seed, index))

            return indices.map(vary, num_parallel_calls=tf.data.AUTOTUNE).batch(self.recipe.batch)

        whole = tf.data.Dataset.range(first, self.plan.epochs).flat_map(one_epoch).prefetch(tf.data.AUTOTUNE)
        options = tf.data.Options()
        options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
        return whole.with_options(options)

    def _validation(self) -> Any:
        return None if self.data.validation is None else _in_order(self.data.validation, self.recipe.batch)


def _in_order(samples: Samples, batch: int) -> Any:
    import tensorflow as tf

    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    ordered = tf.data.Dataset.from_tensor_slices((samples.inputs, samples.targets)).batch(batch)
    return ordered.with_options(options)


def _watch(fit: Fit, states: StateFolder, begin: State) -> Any:
    """The callback that reports, keeps the state, and stops."""
    import tf_keras

    class Watch(tf_keras.callbacks.Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self._supports_tf_logs = True  # the figures of a batch are not looked at, so they need not be fetched
            self.state = begin
            self._reported = 0.0

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002 - the name is Keras's
            now = time.monotonic()
            if now - self._reported >= _SECONDS_BETWEEN_REPORTS:
                self._reported = now
                self._report(self.state.epoch * fit.plan.steps + batch + 1)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            figures = {name: float(value) for name, value in (logs or {}).items()}
            _check_finite(figures, epoch)
            self.state = _after(self.state, figures, fit.recipe)
            fit.recipe.after_epoch(self.model, fit.data, epoch + 1, fit.folder)
            states.write(self.state)
            self._report(self.state.epoch * fit.plan.steps)
            self.model.stop_training = self.state.stopped

        def _report(self, done: int) -> None:
            if fit.progress is not None:
                last = {name: values[-1] for name, values in self.state.history.items()}
                fit.progress(done, fit.plan.epochs * fit.plan.steps, last)

    return Watch()


def _check_finite(figures: dict[str, float], epoch: int) -> None:
    broken = {name: value for name, value in figures.items() if not math.isfinite(value)}
    if broken:
        raise TrainingFailed(
            "The loss is not finite",
            where=f"epoch {epoch + 1}",
            got=", ".join(f"{name} {value}" for name, value in broken.items()),
            fix="a smaller learning rate",
        )


def _after(state: State, figures: dict[str, float], recipe: Recipe) -> State:
    """The state after an epoch with these figures."""
    epoch = state.epoch + 1
    history = {name: [*state.history.get(name, []), value] for name, value in figures.items()}
    state = replace(state, epoch=epoch, history=history)
    if recipe.monitor is None:
        return replace(state, best=epoch)
    value = figures[recipe.monitor]
    if value < state.best_value:
        state = replace(state, best=epoch, best_value=value)
    patience = recipe.patience
    return replace(state, stopped=patience is not None and epoch - state.best >= patience)
