"""Take a speech network step by step and over whole sequences, with weights and frames at random; print how far apart.

Run as a program, since TensorFlow stays out of the tests' own process.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import tf_keras

from litefoot.runtime.sequences import roll_out
from litefoot.runtime.tensors import TensorSpec
from litefoot.train.networks.recurrent import gated_scores
from litefoot.train.recipes.speech import step_model

STEPS, BANDS, UNITS, CLASSES = 61, 32, 64, 10


def networks() -> tuple[Any, Any, Any]:
    """Over the sequence judged at its end, over the sequence judged at each step, and one step; of the same weights."""
    frames = tf_keras.layers.Input((STEPS, BANDS), name="frame")
    last = tf_keras.Model(frames, gated_scores(frames, UNITS, CLASSES))
    random = np.random.default_rng(0)
    last.set_weights([random.normal(0.0, 0.3, weights.shape) for weights in last.get_weights()])
    every = tf_keras.Model(frames, gated_scores(frames, UNITS, CLASSES, every_step=True))
    every.set_weights(last.get_weights())
    return last, every, step_model(last)


def main() -> None:
    """Print the largest value and the largest differences."""
    last, every, step = networks()
    frames = np.random.default_rng(1).normal(size=(8, STEPS, BANDS)).astype(np.float32)
    inputs = (
        TensorSpec("frame", (None, BANDS), "float32"),
        TensorSpec("state", (None, UNITS), "float32"),
    )
    names = ("logits", "next_state")
    streamed = roll_out(
        lambda given: dict(zip(names, step.predict_on_batch(given), strict=True)),
        inputs,
        {"state": "next_state"},
        {"frame": frames},
    )["logits"]
    whole = every.predict_on_batch(frames)
    found = {
        "largest": float(np.abs(whole).max()),
        "at each step": float(np.abs(streamed - whole).max()),
        "at the end": float(np.abs(streamed[:, -1] - last.predict_on_batch(frames)).max()),
        "layers": sorted({type(layer).__name__ for layer in step.layers}),
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
