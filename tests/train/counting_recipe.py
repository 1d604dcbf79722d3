"""A recipe whose every figure is known: one weight that grows by one in each epoch, and is best at three.

The loss is ``|w - 10|``, so its gradient is -1 at every step, and the learning rate is 1; validation wants 3.
``BREAK`` says what goes wrong.
"""

import os

import numpy as np

from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.tensors import TensorSpec
from litefoot.train import Data, Recipe, Samples

WRONG = os.environ.get("BREAK", "")


def samples(count, wanted, name="x"):
    return Samples({name: np.ones((count, 1), np.float32)}, np.full((count, 1), wanted, np.float32))


def fail(where):
    if where == WRONG:
        raise RuntimeError(f"no {where} today")


class Counting(Recipe):
    name = "counting"
    summary = "counts"
    epochs = 9
    quick_epochs = 2
    batch = 8
    learning_rate = 1.0
    patience = 2
    monitor = "no_loss" if WRONG == "monitor" else "val_loss"

    def load(self, request):
        fail("load")
        output = "z" if WRONG == "output name" else "y"
        shape = (None, 2) if WRONG == "input shape" else (None, 1)
        dtype = "float64" if WRONG == "output dtype" else "float32"
        contract = ModelContract(
            inputs=(TensorSpec("x", shape, "float32"),),
            outputs=(TensorSpec(output, (None, 1), dtype, kind="regression"),),
            task="counting",
            metric=Metric("accuracy" if WRONG == "metric" else "rmse", max_drop=0.1),
        )
        name = "data" if WRONG == "input name" else "x"
        return Data(contract, samples(8, 10.0, name), samples(4, 3.0, name), samples(5, 3.0, name), "made up")

    def build(self, data, plan):
        import tf_keras
        from tf_keras import layers

        fail("build")
        x = layers.Input((1,), name="x")
        y = layers.Dense(1, use_bias=WRONG == "rebuilt" and self.again(), kernel_initializer="zeros", name="y")(x)
        model = tf_keras.Model(x, y)
        if WRONG != "not compiled":
            model.compile(tf_keras.optimizers.SGD(plan.learning_rate), "mean_absolute_error")
        return model

    def again(self):
        self.built = getattr(self, "built", 0) + 1
        return self.built > 1

    def augment(self, inputs, targets, seed):
        import tensorflow as tf

        fail("augment")
        if WRONG == "traced":
            return tf.reshape(inputs["x"], [3]), targets
        if WRONG == "running":
            tf.debugging.assert_less(targets, 5.0, "the target is too large")
        return inputs, targets

    def after_epoch(self, model, data, epoch, folder):
        fail("after_epoch")
        (folder / f"weight-{epoch}.txt").write_text(str(float(model.get_weights()[0][0, 0])))

    def deliver(self, model, data):
        fail("deliver")
        return super().deliver(model, data)


RECIPE = Counting()
