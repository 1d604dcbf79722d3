"""The three models of ``make rescue``: trained on MNIST's rows of pixels in a minute each, and written as ``.keras``.

Called as ``python -m benchmarks.rescue_models NAME FOLDER``; the folder of MNIST is in ``LITEFOOT_DATA``.
"""

from __future__ import annotations

import gzip
import itertools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import layers

Array = npt.NDArray[Any]

_PICTURES, _ANSWERS = 16, 8
"""Bytes of the headers of MNIST's two files."""

SEED = 7
TRAIN = 8000
CALIBRATION = 300
SCALES = 2.0 ** np.arange(-6, 7)
"""Powers of two, so that the scaled network's float outputs stay the same to the last bit of their mantissas."""


def separable() -> tuple[keras.Model, int]:
    """Depthwise-separable convolutions; its channels are scaled after training, see `scale_channels`.

    Returns:
        The model, and its epochs.
    """
    inputs = keras.Input((28, 28, 1), name="rows")
    x = _normalised(layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False), inputs)
    for filters, stride in ((64, 1), (128, 2), (128, 1)):
        x = _normalised(layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False), x)
        x = _normalised(layers.Conv2D(filters, 1, use_bias=False), x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax", name="digit")(x)), 6


def recurrent() -> tuple[keras.Model, int]:
    """An LSTM that reads a picture row by row.

    Returns:
        The model, and its epochs.
    """
    inputs = keras.Input((28, 28), name="rows")
    x = layers.LSTM(64)(inputs)
    return keras.Model(inputs, layers.Dense(10, activation="softmax", name="digit")(x)), 8


def attention() -> tuple[keras.Model, int]:
    """Two blocks of a Transformer that reads a picture row by row and never looks ahead.

    Returns:
        The model, and its epochs.
    """
    inputs = keras.Input((28, 28), name="rows")
    x = layers.Dense(64)(inputs)
    for _ in range(2):
        attended = layers.MultiHeadAttention(4, 16)(x, x, use_causal_mask=True)
        x = layers.LayerNormalization()(x + attended)
        widened = layers.Dense(64)(layers.Dense(128, activation="relu")(x))
        x = layers.LayerNormalization()(x + widened)
    return keras.Model(inputs, layers.Dense(10, activation="softmax", name="digit")(x[:, -1])), 8


MODELS: dict[str, Callable[[], tuple[keras.Model, int]]] = {
    "separable": separable,
    "recurrent": recurrent,
    "attention": attention,
}


def scale_channels(model: keras.Model) -> None:
    """Make channels wide and narrow between consecutive layers, while the float outputs stay as they are.

    ``relu(s x) = s relu(x)`` for ``s > 0``: what a channel's normalisation multiplies, the depthwise kernel that reads
    it divides by (the inverse of cross-layer equalisation: Nagel et al. 2019, arXiv:1906.04721, section 4.1).

    Args:
        model: Of `separable`, trained; changed in place.
    """
    random = np.random.default_rng(SEED)
    found = [layer for layer in model.layers if layer.weights]
    for before, after in itertools.pairwise(found):
        if isinstance(before, layers.BatchNormalization) and isinstance(after, layers.DepthwiseConv2D):
            gamma, beta, mean, variance = before.get_weights()
            factors = random.choice(SCALES, len(gamma)).astype(np.float32)
            before.set_weights([gamma * factors, beta * factors, mean, variance])
            (kernel,) = after.get_weights()
            after.set_weights([kernel / factors[:, np.newaxis]])


def digits(name: str) -> tuple[Array, Array]:
    """All pictures of MNIST's test set, mixed, in the shape that a model takes.

    Args:
        name: Of `MODELS`.

    Returns:
        Pictures in 0..1, float32, (10000, 28, 28) or (10000, 28, 28, 1), and their digits.
    """
    folder = Path(os.environ["LITEFOOT_DATA"]) / "mnist"
    pictures, answers = (_read(folder, kind) for kind in ("images", "labels"))
    order = np.random.default_rng(SEED).permutation(len(answers) - _ANSWERS)
    values = pictures[_PICTURES:].reshape(-1, 28, 28)[order].astype(np.float32) / 255
    return (values[..., np.newaxis] if name == "separable" else values), answers[_ANSWERS:][order].astype(np.int32)


def main() -> None:
    """Train one model and write it with its samples."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    keras.utils.set_random_seed(SEED)
    model, epochs = MODELS[name]()
    pictures, answers = digits(name)
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(pictures[:TRAIN], answers[:TRAIN], batch_size=64, epochs=epochs, verbose=2)
    before = model.predict(pictures[TRAIN:], verbose=0)
    if name == "separable":
        scale_channels(model)
    apart = float(np.abs(model.predict(pictures[TRAIN:], verbose=0) - before).max())
    print(f"scaled outputs differ by {apart:.1e}")
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / "calibration.npz", rows=pictures[:CALIBRATION])
    np.savez_compressed(folder / "evaluation.npz", rows=pictures[TRAIN:], labels=answers[TRAIN:])
    model.save(folder / "model.keras")


def _normalised(layer: Any, x: Any) -> Any:
    return layers.ReLU()(layers.BatchNormalization()(layer(x)))


def _read(folder: Path, kind: str) -> Array:
    with gzip.open(next(folder.glob(f"*{kind}*.gz"))) as file:
        return np.frombuffer(file.read(), np.uint8)


if __name__ == "__main__":
    main()
