"""The models of the sweep, built one at a time by a child process: ``python -m benchmarks.zoo NAME FOLDER``."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SAMPLES = 24
CLASSES = 10

SIZES = {"InceptionV3": 75, "InceptionResNetV2": 75, "Xception": 71}
"""Architectures that refuse the usual 64 x 64 pixels."""

APPLICATIONS = (
    "ConvNeXtSmall", "ConvNeXtTiny", "DenseNet121", "DenseNet169", "DenseNet201", "EfficientNetB0", "EfficientNetB1",
    "EfficientNetB2", "EfficientNetB3", "EfficientNetB4", "EfficientNetB5", "EfficientNetB6", "EfficientNetB7",
    "EfficientNetV2B0", "EfficientNetV2B1", "EfficientNetV2B2", "EfficientNetV2B3", "EfficientNetV2M",
    "EfficientNetV2S", "InceptionResNetV2", "InceptionV3", "MobileNet", "MobileNetV2", "MobileNetV3Large",
    "MobileNetV3Small", "NASNetMobile", "ResNet101", "ResNet101V2", "ResNet152", "ResNet152V2", "ResNet50",
    "ResNet50V2", "VGG16", "VGG19", "Xception",
)  # fmt: skip
"""Those of keras.applications with up to 70 million weights at this size."""


def _application(name: str) -> Any:
    import keras

    size = SIZES.get(name, 64)
    build = getattr(keras.applications, name)
    return build(weights=None, input_shape=(size, size, 3), classes=CLASSES, classifier_activation=None)


def _lstm() -> Any:
    import keras
    from keras import layers

    given = keras.Input((20, 8), name="sequence")
    return keras.Model(given, layers.Dense(CLASSES)(layers.LSTM(32)(layers.LSTM(32, return_sequences=True)(given))))


def _gru() -> Any:
    import keras
    from keras import layers

    given = keras.Input((20, 8), name="sequence")
    return keras.Model(given, layers.Dense(CLASSES)(layers.GRU(32)(given)))


def _bidirectional() -> Any:
    import keras
    from keras import layers

    given = keras.Input((20,), dtype="int32", name="tokens")
    embedded = layers.Embedding(100, 16)(given)
    return keras.Model(given, layers.Dense(CLASSES)(layers.Bidirectional(layers.LSTM(16))(embedded)))


def _transformer() -> Any:
    """Two encoder blocks over tokens with learned positions (Vaswani et al. 2017, post-norm, GELU)."""
    import keras
    from keras import layers, ops

    tokens = keras.Input((24,), dtype="int32", name="tokens")
    x = layers.Embedding(100, 32)(tokens) + layers.Embedding(24, 32)(ops.arange(24))
    for _ in range(2):
        x = layers.LayerNormalization()(x + layers.MultiHeadAttention(4, 8)(x, x))
        hidden = layers.Dense(64, activation="gelu")(x)
        x = layers.LayerNormalization()(x + layers.Dense(32)(hidden))
    return keras.Model(tokens, layers.Dense(CLASSES)(layers.GlobalAveragePooling1D()(x)))


def _two_inputs() -> Any:
    import keras
    from keras import layers

    picture, numbers = keras.Input((32, 32, 3), name="picture"), keras.Input((6,), name="numbers")
    seen = layers.GlobalAveragePooling2D()(layers.Conv2D(16, 3, activation="relu")(picture))
    joined = layers.Concatenate()([seen, layers.Dense(16, activation="relu")(numbers)])
    return keras.Model({"picture": picture, "numbers": numbers}, layers.Dense(CLASSES)(joined))


def _two_outputs() -> Any:
    import keras
    from keras import layers

    picture = keras.Input((32, 32, 3), name="picture")
    seen = layers.Conv2D(16, 3, strides=2, activation="relu")(picture)
    scores = layers.Dense(CLASSES)(layers.GlobalAveragePooling2D()(seen))
    mask = layers.Conv2DTranspose(1, 4, strides=2, activation="sigmoid")(seen)
    return keras.Model(picture, {"scores": scores, "mask": mask})


MODELS: dict[str, Callable[[], Any]] = {
    "lstm": _lstm,
    "gru": _gru,
    "bidirectional-lstm": _bidirectional,
    "transformer-encoder": _transformer,
    "two-inputs": _two_inputs,
    "two-outputs": _two_outputs,
    **{name: functools.partial(_application, name) for name in APPLICATIONS},
}


def _samples(model: Any) -> dict[str, Any]:
    """Random tokens, or values in -1..1; the pictures are smooth."""
    import keras

    random = np.random.default_rng(0)
    arrays = {}
    for tensor in model.inputs:
        shape = (SAMPLES, *tensor.shape[1:])
        if "int" in str(tensor.dtype):
            arrays[tensor.name] = random.integers(0, 100, shape).astype(str(tensor.dtype))
        elif len(shape) == 4:
            spots = random.uniform(-1, 1, (SAMPLES, 8, 8, shape[3])).astype(np.float32)
            arrays[tensor.name] = np.array(keras.ops.image.resize(spots, shape[1:3]))
        else:
            arrays[tensor.name] = random.uniform(-1, 1, shape).astype(np.float32)
    return arrays


def _spread(model: Any) -> None:
    """Weights of convolutions that keep the size of what goes through them (He et al. 2015).

    Keras's default halves it at every layer, until a network of a hundred layers returns zeros; architectures with
    an initializer of their own keep it.
    """
    random = np.random.default_rng(0)
    for layer in model._flatten_layers():
        own = getattr(layer, "depthwise_initializer", getattr(layer, "kernel_initializer", None))
        for weight in layer.weights if type(own).__name__ == "GlorotUniform" else ():
            shape = weight.shape
            if len(shape) == 4:
                alone = "depthwise" in f"{type(layer).__name__} {weight.name}".lower()
                fan_in = shape[0] * shape[1] * (1 if alone else shape[2])
                weight.assign(random.normal(0, np.sqrt(2 / fan_in), shape))


def main() -> None:
    """Build one model and its samples."""
    import keras

    name, folder = sys.argv[1], Path(sys.argv[2])
    keras.utils.set_random_seed(0)
    model = MODELS[name]()
    _spread(model)
    model.save(folder / f"{name}.keras")
    np.savez(folder / f"{name}.npz", **_samples(model))


if __name__ == "__main__":
    main()
