"""The sample of a user's own recipe without what differs between one device and several."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "samples"))

from my_recipe import Machine


class Dense(Machine):
    name = "dense"

    def build(self, data, plan):
        import tf_keras
        from tf_keras import layers

        readings = layers.Input((3,), name="readings")
        x = layers.Dense(32, activation="relu")(readings)
        state = layers.Dense(3, activation="softmax", dtype="float32", name="state")(x)
        model = tf_keras.Model(readings, state)
        model.compile(tf_keras.optimizers.Adam(plan.cosine()), "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model


RECIPE = Dense()
