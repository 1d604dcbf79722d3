"""Write a network of the form that XNNPACK's sparse kernels take. A program: TensorFlow stays in its process."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras
from tf_keras import layers


def main() -> None:
    tf_keras.utils.set_random_seed(0)
    image = layers.Input((16, 16, 3), name="image")
    x = layers.Conv2D(8, 3, strides=2, activation="relu")(layers.ZeroPadding2D(1)(image))
    x = layers.Conv2D(16, 1, activation="relu", name="pointwise")(layers.DepthwiseConv2D(3, padding="same")(x))
    scores = layers.Conv2D(8, 1, name="scores")(layers.GlobalAveragePooling2D(keepdims=True)(x))
    model = tf_keras.Model(image, scores, name="mobile")
    for layer in (model.get_layer("pointwise"), model.get_layer("scores")):
        kernel, bias = layer.get_weights()
        kernel[np.random.default_rng(0).random(kernel.shape) < 0.85] = 0
        layer.set_weights([kernel, bias])
    call = tf.function(lambda image: {"scores": model(image)})
    concrete = call.get_concrete_function(tf.TensorSpec((1, 16, 16, 3), name="image"))
    for name, ways in (("dense", []), ("sparse", [tf.lite.Optimize.EXPERIMENTAL_SPARSITY])):
        converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], model)
        converter.optimizations = ways
        (Path(sys.argv[1]) / f"{name}.tflite").write_bytes(converter.convert())


if __name__ == "__main__":
    main()
