"""The models that the benchmarks run, made once into ``build/benchmarks`` by a child process with TensorFlow."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path("build/benchmarks")
MOBILENET = FOLDER / "mobilenet-int8.tflite"
SPECTROGRAM = FOLDER / "spectrogram-int8-io.tflite"
CONVERTED = ("resnet8", "mobilenetv2")
"""Keras 3 models to convert, each with samples beside it."""


def make() -> None:
    """Make the files that are missing."""
    if all(path.is_file() for path in (MOBILENET, SPECTROGRAM, *(FOLDER / f"{name}.keras" for name in CONVERTED))):
        return
    print("making the models of the benchmarks (once, about a minute)", flush=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", __name__], check=True, stderr=subprocess.DEVNULL)


def _make_here() -> None:
    """MobileNetV2 0.35 at 96 x 96 with random weights, and one dense layer on a 49 x 40 spectrogram."""
    import tensorflow as tf
    import tf_keras

    tf_keras.utils.set_random_seed(0)
    mobilenet = tf_keras.applications.MobileNetV2((96, 96, 3), alpha=0.35, weights=None, classes=10)
    _quantize(tf, mobilenet, MOBILENET, integer_io=False)
    layers = [tf_keras.layers.Input((1960,)), tf_keras.layers.Dense(12, activation="softmax")]
    _quantize(tf, tf_keras.Sequential(layers), SPECTROGRAM, integer_io=True)
    _resnet8()
    _mobilenetv2()


def _resnet8() -> None:
    """The ResNet of MLPerf Tiny, trained for a few seconds on the digits of scikit-learn at 32 x 32 x 3."""
    import keras
    from keras import layers
    from sklearn.datasets import load_digits

    keras.utils.set_random_seed(0)
    digits = load_digits()
    images = (digits.images / 16).astype(np.float32).repeat(4, axis=1).repeat(4, axis=2)[..., None].repeat(3, axis=3)

    def convolution(x: Any, filters: int, size: int, strides: int) -> Any:
        x = layers.Conv2D(filters, size, strides, padding="same", use_bias=False)(x)
        return layers.BatchNormalization(momentum=0.9)(x)

    given = keras.Input((32, 32, 3), name="image")
    x = layers.ReLU()(convolution(given, 16, 3, 1))
    for filters, strides in ((16, 1), (32, 2), (64, 2)):
        y = layers.ReLU()(convolution(x, filters, 3, strides))
        y = convolution(y, filters, 3, 1)
        x = layers.ReLU()(layers.Add()([x if strides == 1 else convolution(x, filters, 1, strides), y]))
    scores = layers.Dense(10, activation="softmax", name="scores")(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(given, scores)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(images[:1200], digits.target[:1200], 64, 4, verbose=0)
    model.save(FOLDER / "resnet8.keras")
    np.savez(FOLDER / "resnet8-calibration.npz", image=images[:200])
    np.savez(FOLDER / "resnet8-evaluation.npz", image=images[1200:], labels=digits.target[1200:])


def _mobilenetv2() -> None:
    """MobileNetV2 at 224 x 224 with random weights, its batch statistics settled on the samples."""
    import keras

    keras.utils.set_random_seed(1)
    image = keras.Input((224, 224, 3), name="image")
    model = keras.applications.MobileNetV2(input_tensor=image, weights=None, classifier_activation=None)
    samples = np.random.default_rng(0).uniform(-1, 1, (120, 7, 7, 3)).astype(np.float32)
    pictures = np.array(keras.ops.image.resize(samples, (224, 224)))  # smooth spots of colour
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.5
    for begin in range(0, 96, 24):
        model(pictures[begin : begin + 24], training=True)
    model.save(FOLDER / "mobilenetv2.keras")
    np.savez(FOLDER / "mobilenetv2-calibration.npz", image=pictures[:100])
    np.savez(FOLDER / "mobilenetv2-evaluation.npz", image=pictures[100:])


def _quantize(tf: Any, model: Any, path: Path, *, integer_io: bool) -> None:
    shape = (1, *model.inputs[0].shape[1:])
    generator = np.random.default_rng(0)

    def samples() -> Iterator[list[Any]]:
        for _ in range(20):
            yield [generator.random(shape, dtype=np.float32)]

    concrete = tf.function(lambda x: model(x, training=False)).get_concrete_function(tf.TensorSpec(shape, tf.float32))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = samples
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    if integer_io:
        converter.inference_input_type = converter.inference_output_type = tf.int8
    path.write_bytes(converter.convert())


if __name__ == "__main__":
    _make_here()
