"""Make tiny TrainedModels and models as users have them. A program: TensorFlow is imported into its process alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import keras
import models
import numpy as np
import tensorflow as tf
import tf_keras
from tf_keras import layers

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.storage.trained import MODEL, TrainedModel
from litefoot.runtime.tensors import TensorSpec

LEFT = np.array([[1.0, 0.0], [0.0, 2.0]], np.float32)
"""total = left @ LEFT + right @ RIGHT; gap = left @ LEFT - right @ RIGHT"""
RIGHT = np.array([[3.0, 0.0], [0.0, 4.0], [1.0, 1.0]], np.float32)
HOSTILE_NAME = "<script>alert('x')</script> [/bold] & sons"


def weights_of_two() -> tuple[tf_keras.Model, ModelContract]:
    """Two inputs, two outputs of the same shape; neither side is in alphabetical order."""
    right, left = layers.Input((3,), name="right"), layers.Input((2,), name="left")
    of_left = layers.Dense(2, use_bias=False, kernel_initializer=tf_keras.initializers.Constant(LEFT))(left)
    of_right = layers.Dense(2, use_bias=False, kernel_initializer=tf_keras.initializers.Constant(RIGHT))(right)
    total = layers.Add(name="total")([of_left, of_right])
    gap = layers.Subtract(name="gap")([of_left, of_right])
    contract = ModelContract(
        inputs=(TensorSpec("right", (None, 3), "float32"), TensorSpec("left", (None, 2), "float32")),
        outputs=(
            TensorSpec("total", (None, 2), "float32", kind="regression"),
            TensorSpec("gap", (None, 2), "float32", kind="regression"),
        ),
        task="arithmetic",
    )
    return tf_keras.Model([right, left], [total, gap], name="two"), contract


def fused() -> tuple[tf_keras.Model, ModelContract]:
    """An LSTM, which becomes TFLite's fused operator and keeps its state between inferences."""
    steps = layers.Input((6, 4), name="steps")
    contract = ModelContract(
        inputs=(TensorSpec("steps", (None, 6, 4), "float32"),),
        outputs=(TensorSpec("scores", (None, 8), "float32", kind="regression"),),
        task="sequence regression",
    )
    return tf_keras.Model(steps, layers.LSTM(8, name="scores")(steps)), contract


class Counter(tf.Module):
    """Adds its input to a resource variable, which the interpreter's own reset does not reach."""

    def __init__(self) -> None:
        super().__init__()
        self.total = tf.Variable(tf.zeros((1, 1)))

    @tf.function(input_signature=[tf.TensorSpec((1, 1), tf.float32, name="x")])
    def step(self, x: Any) -> dict[str, Any]:
        total = self.total.read_value() + x
        self.total.assign(total)
        return {"y": total}


def write_counter(out: Path) -> None:
    counter = Counter()
    tf.saved_model.save(counter, out / "counter", signatures=counter.step)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(out / "counter"))
    converter.experimental_enable_resource_variables = True
    (out / "counter.tflite").write_bytes(converter.convert())


def write(folder: Path, name: str, model: tf_keras.Model, contract: ModelContract) -> None:
    folder.mkdir()
    model.save(folder / MODEL)
    samples = np.random.default_rng(0)
    arrays = {spec.name: samples.uniform(-1, 1, (64, *spec.shape[1:])).astype(spec.dtype) for spec in contract.inputs}
    document = TrainedModel("litefoot-trained", 1, name, contract, metric_value=None, provenance={"made": "by a test"})
    corners = {key: np.sign(array[:32]) for key, array in arrays.items()}  # ranges that no other sample exceeds
    document.write(folder, corners, {key: array[32:] for key, array in arrays.items()}, targets=None)


def main() -> None:
    out = Path(sys.argv[1])
    tf_keras.utils.set_random_seed(0)
    two, contract = weights_of_two()
    write(out / "two", HOSTILE_NAME, two, contract)
    write(out / "fused", "fused", *fused())
    write_counter(out)
    keras.utils.set_random_seed(0)
    own = out / "own"
    own.mkdir()
    models.write(own)


if __name__ == "__main__":
    main()
