"""Steps per second of `litefoot train`, its state, log and checks included, beside plain ``model.fit``.

Both train the same model on the same arrays with the same variations of the samples, in batches of the same size, with
the same kernels that repeat their results. Startup and the first epoch, in which TensorFlow compiles, are left out.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from .harness import Row, plain_code

RECIPES = ("digits", "machine")
ROUNDS = 5
EPOCHS = {"digits": 16, "machine": 100}
RATIO = 0.98
_NAMES = {"digits": "digits", "machine": "samples/my_recipe.py"}


def run() -> list[Row]:
    """Measure in alternating processes.

    Returns:
        The comparisons.
    """
    return [_compare(name) for name in RECIPES]


def _compare(name: str) -> Row:
    rates: dict[str, list[float]] = {"ours": [], "plain": []}
    for number in range(ROUNDS):
        for side in ("ours", "plain") if number % 2 else ("plain", "ours"):
            command = [sys.executable, "-m", "benchmarks.training", side, name]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            rates[side].append(json.loads(done.stdout.splitlines()[-1]))
    ours, plain = (float(np.median(rates[side])) for side in ("ours", "plain"))
    ratio = float(np.median(np.divide(rates["ours"], rates["plain"])))
    target = f"ratio >= {RATIO} ({ratio:.3f})"
    what = f"train {name}, steps per second"
    return Row(what, f"{ours:.0f}", f"{plain:.0f}", target, ratio >= RATIO, plain_code(plain_fit))


def ours(name: str) -> float:
    """Steps per second of `litefoot train` after its first epoch, in this process.

    Args:
        name: Of the recipe.

    Returns:
        Steps per second.
    """
    from litefoot.train import Options, train

    times: list[tuple[int, float]] = []

    def note(done: int, _: int, figures: dict[str, float]) -> None:
        if figures:  # an epoch is done
            times.append((done, time.perf_counter()))

    with tempfile.TemporaryDirectory() as folder:
        train(_NAMES[name], Path(folder) / "out", options=Options(epochs=EPOCHS[name]), progress=note)
    (first, begin), (last, end) = times[0], times[-1]
    return (last - first) / (end - begin)


def plain(name: str) -> float:
    """The same of plain ``model.fit``.

    Args:
        name: Of the recipe.

    Returns:
        Steps per second.
    """
    from litefoot.train import Plan, Request, find_recipe
    from litefoot.train.fitting.determinism import make_deterministic

    make_deterministic(0)
    recipe = find_recipe(_NAMES[name])
    data = recipe.load(Request())
    steps = len(data.train) // recipe.batch
    model = recipe.build(data, Plan(EPOCHS[name], steps, recipe.learning_rate))
    validation = None if data.validation is None else (data.validation.inputs, data.validation.targets)
    times = plain_fit(model, recipe, data.train, validation, EPOCHS[name])
    return steps * (len(times) - 1) / (times[-1] - times[0])


def plain_fit(model: Any, recipe: Any, samples: Any, validation: Any, epochs: int) -> list[float]:
    """Train as most would write it; when each epoch ended."""
    import tensorflow as tf
    import tf_keras

    def vary(sample: Any, number: Any) -> Any:
        return recipe.augment(*sample, tf.stack([number, 0]))

    shuffled = tf.data.Dataset.from_tensor_slices((samples.inputs, samples.targets)).shuffle(len(samples))
    varied = tf.data.Dataset.zip((shuffled, tf.data.Dataset.counter())).map(vary, num_parallel_calls=tf.data.AUTOTUNE)
    batches = varied.batch(recipe.batch, drop_remainder=True).prefetch(tf.data.AUTOTUNE)
    times: list[float] = []
    ended = tf_keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: times.append(time.perf_counter()))
    model.fit(
        batches,
        epochs=epochs,
        validation_data=validation,
        validation_batch_size=recipe.batch,
        verbose=0,
        callbacks=[ended],
    )
    return times


if __name__ == "__main__":
    print(json.dumps((ours if sys.argv[1] == "ours" else plain)(sys.argv[2])))
