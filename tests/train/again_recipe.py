"""A recipe of two outputs from the user's file; ``AGAIN`` says what is other than when it was trained."""

import os

import numpy as np

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.tensors import TensorSpec
from litefoot.train import Data, Delivery, Recipe, Samples


class Again(Recipe):
    name = "again"
    summary = "two outputs"
    epochs = quick_epochs = 1
    batch = 4
    monitor = None

    def load(self, request):
        values = np.loadtxt(request.source, dtype=np.float32).reshape(-1, 1)
        specs = [TensorSpec(name, (None, 1), "float32", kind="regression") for name in ("x", "low", "high")]
        contract = ModelContract(inputs=tuple(specs[:1]), outputs=tuple(specs[1:]), task="")
        samples = Samples({"x": values}, {"low": values - 1, "high": values + request.seed})
        return Data(contract, samples, None, samples, "made up")

    def build(self, data, plan):
        import tf_keras

        x = tf_keras.Input((1,), name="x")
        kind = tf_keras.Model
        if os.environ.get("AGAIN") == "own step":
            kind = type("Stepping", (tf_keras.Model,), {"train_step": lambda self, data: {}})
        model = kind(x, [tf_keras.layers.Dense(1, name=name)(x) for name in ("low", "high")])
        factor = 2.0
        losses = {"low": "mse", "high": tf_keras.losses.Huber(0.5)}
        if os.environ.get("AGAIN") == "closure":
            losses["low"] = lambda targets, values: factor * (targets - values) ** 2
        model.compile("sgd", losses, loss_weights={"low": 2.0}, metrics={"high": ["mae"]})
        return model

    def deliver(self, model, data):
        (delivery,) = super().deliver(model, data).values()
        if os.environ.get("AGAIN") != "other":
            return {self.name: delivery}
        import tf_keras

        shipped = tf_keras.Model(model.inputs, model.outputs)
        found = delivery.calibration, delivery.evaluation, delivery.targets
        return {self.name: Delivery(shipped, delivery.contract, *found)}


RECIPE = Again()
