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


def make() -> None:
    """Make the files that are missing."""
    if MOBILENET.is_file() and SPECTROGRAM.is_file():
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
