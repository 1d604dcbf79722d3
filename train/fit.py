"""Fit a tf_keras model, seeded, with progress, and stop with an error rather than keep a broken model."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any

from litefoot.runtime.errors import TrainingFailed, require
from litefoot.runtime.native_log import native_log_silenced

Progress = Callable[[int, int, dict[str, float]], None]
"""Called after each epoch with the epochs done, all epochs, and the figures of this one."""


def make_deterministic(seed: int) -> None:
    """Seed Python, numpy and TensorFlow, and choose kernels that repeat their results.

    Args:
        seed: Any integer of 32 bits without sign.

    Raises:
        MissingDependency: TensorFlow or tf_keras is not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with native_log_silenced():
        tf = require("tensorflow", "train")
        tf_keras = require("tf_keras", "train")

    tf_keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def fit(model: Any, batches: Any, *, epochs: int, progress: Progress | None = None) -> dict[str, list[float]]:
    """Fit a compiled model.

    Args:
        model: A compiled tf_keras model; trained in place.
        batches: A ``tf.data.Dataset`` of (inputs, labels).
        epochs: Passes over the data.
        progress: Called after each epoch.

    Returns:
        By the name of a figure, its value in each epoch.

    Raises:
        TrainingFailed: The loss is no longer a finite number.
    """
    import tf_keras

    class Watch(tf_keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            figures = {name: float(value) for name, value in (logs or {}).items()}
            if not math.isfinite(figures["loss"]):
                raise TrainingFailed(
                    "The loss is not finite",
                    where=f"epoch {epoch + 1}",
                    got=figures["loss"],
                    fix="a smaller learning rate",
                )
            if progress is not None:
                progress(epoch + 1, epochs, figures)

    history = model.fit(batches, epochs=epochs, verbose=0, callbacks=[Watch()])
    return {name: [float(value) for value in values] for name, values in history.history.items()}
