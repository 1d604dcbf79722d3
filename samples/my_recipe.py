"""A recipe of one's own: the state of a machine from its readings, a CSV file with the state in the last column.

litefoot train samples/my_recipe.py --out runs/machine
litefoot train samples/my_recipe.py --data my_readings.csv --out runs/machine
"""

import csv
from pathlib import Path
from typing import Any

import numpy as np

from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.errors import SampleError
from litefoot.runtime.preprocessing import Scale, preprocess
from litefoot.runtime.tensors import TensorSpec
from litefoot.train import Data, Plan, Recipe, Request, Samples
from litefoot.train.data.splits import stratified_split


class Machine(Recipe):
    """The state of a machine."""

    name = "machine"
    summary = "the state of a machine from its readings, a CSV file with the state in the last column"
    epochs = 40
    quick_epochs = 10
    batch = 16
    learning_rate = 5e-3
    patience = 10
    monitor = "val_loss"

    def load(self, request: Request) -> Data:
        """Read the file, split it by state, and preprocess it by the contract."""
        path = request.source or Path(__file__).with_name("readings.csv")
        with path.open(newline="", encoding="utf-8") as file:
            header, *rows = [row for row in csv.reader(file) if row]
        labels = tuple(sorted({row[-1] for row in rows}))
        if len(labels) < 2:
            raise SampleError("The last column holds at least two states", where=path, got=", ".join(labels))
        contract = ModelContract(
            inputs=(TensorSpec("readings", (None, len(header) - 1), "float32"),),
            outputs=(TensorSpec("state", (None, len(labels)), "float32", kind="probabilities"),),
            task="state of a machine",
            preprocessing={"readings": (Scale(1 / 100),)},
            labels=labels,
            metric=Metric("accuracy", max_drop=0.02),
        )
        steps = contract.preprocessing["readings"]
        readings = np.stack([preprocess(np.array(row[:-1], np.float64), steps) for row in rows])
        states = np.array([labels.index(row[-1]) for row in rows])
        parts = stratified_split(states, validation=0.2, test=0.2, seed=request.seed)
        whole = Samples({"readings": readings}, states)
        return Data(
            contract=contract,
            train=whole.take(parts["train"]),
            validation=whole.take(parts["validation"]),
            test=whole.take(parts["test"]),
            origin=path.name,
            indices={name: tuple(map(int, indices)) for name, indices in parts.items()},
        )

    def build(self, data: Data, plan: Plan) -> Any:
        """Two dense layers; inputs and outputs are named as in the contract. (batch, readings) -> (batch, states)."""
        import tf_keras
        from tf_keras import layers

        readings = layers.Input(data.contract.inputs[0].shape[1:], name="readings")
        x = layers.BatchNormalization(momentum=0.9)(readings)
        x = layers.Dense(32, activation="relu")(x)
        x = layers.Dropout(0.1)(x)
        x = layers.Dense(32, activation="relu")(x)
        state = layers.Dense(len(data.contract.labels), activation="softmax", dtype="float32", name="state")(x)
        model = tf_keras.Model(readings, state)
        model.compile(tf_keras.optimizers.Adam(plan.cosine()), "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    def augment(self, inputs: dict[str, Any], targets: Any, seed: Any) -> tuple[dict[str, Any], Any]:
        """Sensors are not exact: a little noise."""
        import tensorflow as tf

        noise = tf.random.stateless_normal(tf.shape(inputs["readings"]), seed, stddev=0.01)
        return {"readings": inputs["readings"] + noise}, targets


RECIPE = Machine()
