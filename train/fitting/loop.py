"""Fit a tf_keras model epoch by epoch: with progress, state on disk, and an error rather than a broken model."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from litefoot.runtime.errors import TrainingFailed, UsageError, first_line

from ..data.samples import Data
from ..recipe import Plan, Recipe
from .batches import training_batches, validation_batches
from .devices import Devices
from .log import Log
from .state import State, StateFolder

Progress = Callable[[int, int, dict[str, float]], None]
"""Called several times a second with the batches done, all batches, and the figures of the last epoch."""

LOG = "tensorboard"

_SECONDS_BETWEEN_REPORTS = 0.2
SECONDS_BETWEEN_STATES = 10.0
"""Of work that a kill may cost: a state takes as long to write as a short epoch of a small model to run."""


@dataclass(frozen=True)
class Fit:
    """A fit that is to be carried out.

    Attributes:
        recipe: Whose augmentation, monitor and patience apply.
        data: To fit to.
        plan: How long.
        devices: On what.
        seed: Of the order of the samples and of what is random in them.
        folder: For TensorBoard's log and what the recipe keeps of an epoch.
        progress: Called as the batches are done.
    """

    recipe: Recipe
    data: Data
    plan: Plan
    devices: Devices
    seed: int
    folder: Path
    progress: Progress | None = None

    def carry_out(self, model: Any, states: StateFolder, state: State) -> State:
        """Fit the model, from where its state stands to the last epoch or until nothing gets better.

        Args:
            model: Compiled; trained in place. At the end it has the weights of the best epoch.
            states: Where its state is kept.
            state: Where it stands.

        Returns:
            The state at the end.

        Raises:
            TrainingFailed: The loss is no longer a finite number, or a machine is lost.
            UsageError: The recipe's `monitor` is not a figure of its model.
        """
        if state.epoch < self.plan.epochs and not state.stopped:
            watch = _Watch(self, states, state)
            self._fit(model, watch)
            state = watch.state
        states.restore_best(state)
        return state

    def _fit(self, model: Any, watch: _Watch) -> None:
        import tensorflow as tf

        recipe, begin = self.recipe, watch.state.epoch
        validation = self.data.validation
        try:
            model.fit(
                training_batches(recipe, self.data.train, self.plan, self.seed, begin, self.devices),
                steps_per_epoch=self.plan.steps,
                initial_epoch=begin,
                epochs=self.plan.epochs,
                validation_data=None if validation is None else validation_batches(validation, recipe.batch),
                verbose=0,
                callbacks=[_callback(watch)],
            )
        except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.DeadlineExceededError) as error:
            raise TrainingFailed(
                "Another machine of this training is gone",
                where=f"epoch {watch.state.epoch + 1}",
                fix="start it on all machines again, with --resume",
            ) from error
        except tf.errors.ResourceExhaustedError as error:
            raise TrainingFailed(
                "The memory is too small for this training", got=first_line(error), fix="a smaller --batch"
            ) from error


class _Watch:
    """What happens between steps: reports, the log, the state on disk, and the end."""

    def __init__(self, fit: Fit, states: StateFolder, begin: State) -> None:
        self.state = begin
        self._fit = fit
        self._states = states
        self._log = Log(fit.folder / LOG)
        self._reported = 0.0
        self._written = -math.inf

    def report(self, steps: int = 0) -> None:
        """Say how many steps of this epoch are done."""
        if self._fit.progress is not None:
            last = {name: values[-1] for name, values in self.state.history.items()}
            plan = self._fit.plan
            self._fit.progress(self.state.epoch * plan.steps + steps, plan.epochs * plan.steps, last)

    def after_step(self, steps: int, figures: Mapping[str, Any]) -> None:
        """Look at the figures now and then: to fetch them takes time."""
        now = time.monotonic()
        if now - self._reported < _SECONDS_BETWEEN_REPORTS:
            return
        self._reported = now
        self._states.check_restored()
        if self._fit.devices.task.workers == 1:  # of several, all are to stop at the same place
            self._check({name: float(value) for name, value in figures.items()}, steps)
        self.report(steps)

    def after_epoch(self, model: Any, figures: Mapping[str, Any]) -> None:
        """Keep everything, and stop where nothing gets better."""
        found = {name: float(value) for name, value in figures.items()}
        self._states.check_restored()
        self._check(found, self._fit.plan.steps)
        self.state = _after(self.state, found, self._fit)
        self._states.note(self.state)
        self._log.write(found, self.state.epoch)
        self._fit.recipe.after_epoch(model, self._fit.data, self.state.epoch, self._fit.folder)
        self._keep()
        self.report()
        model.stop_training = self.state.stopped

    def _check(self, figures: Mapping[str, float], steps: int) -> None:
        broken = [f"{name} {value}" for name, value in figures.items() if not math.isfinite(value)]
        if broken:
            self._states.forget()  # to go on from it would end here again
            raise TrainingFailed(
                "The loss is not finite",
                where=f"epoch {self.state.epoch + 1}, step {steps} of {self._fit.plan.steps}",
                got=", ".join(broken),
                fix="the same command with a smaller --learning-rate; it begins anew",
            )

    def _keep(self) -> None:
        """Several machines write after each epoch: all do it together, and their clocks differ."""
        last = self.state.stopped or self.state.epoch == self._fit.plan.epochs
        waited = time.monotonic() - self._written >= SECONDS_BETWEEN_STATES
        if last or waited or self._fit.devices.task.workers > 1:
            self._states.write(self.state)
            self._written = time.monotonic()


def _callback(watch: _Watch) -> Any:
    import tf_keras

    class Callback(tf_keras.callbacks.Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self._supports_tf_logs = True  # figures that are not looked at need not be fetched

        def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002 - the names are Keras's
            watch.report()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            watch.after_step(batch + 1, logs or {})

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
            watch.after_epoch(self.model, logs or {})

    return Callback()


def _after(state: State, figures: dict[str, float], fit: Fit) -> State:
    """The state after an epoch with these figures."""
    epoch = state.epoch + 1
    history = {name: (*state.history.get(name, ()), value) for name, value in figures.items()}
    state = replace(state, epoch=epoch, history=history)
    monitor, patience = fit.recipe.monitor, fit.recipe.patience
    if monitor is None:
        return replace(state, best=epoch)
    if monitor not in figures:
        raise UsageError(
            "The recipe's monitor is not a figure of its model",
            got=monitor,
            expected=f"one of {', '.join(figures)}, or None",
        )
    if state.best_value is None or figures[monitor] < state.best_value:
        state = replace(state, best=epoch, best_value=figures[monitor])
    return replace(state, stopped=patience is not None and epoch - state.best >= patience)
