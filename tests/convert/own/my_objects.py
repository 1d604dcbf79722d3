"""Classes of a user's own, given to the conversion by --custom-objects."""

from __future__ import annotations

from typing import Any

import keras


class Multiply(keras.layers.Layer):
    """``x * factor``"""

    def __init__(self, factor: float, **settings: Any) -> None:
        super().__init__(**settings)
        self.factor = factor

    def call(self, x: Any) -> Any:
        return x * self.factor

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": self.factor}


class Doubling(keras.Model):
    """Subclassed: (samples, 3) to the sum of the doubled values, (samples, 1)."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.multiply = Multiply(2.0, name="twice")
        self.add_up = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", name="add_up")

    def call(self, x: Any) -> Any:
        return self.add_up(self.multiply(x))

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name}


def above(x: Any) -> Any:
    """An activation: ``max(x - 1, 0)``"""
    return keras.ops.relu(x - 1)


EVERYTHING = {"Doubling": Doubling, "Multiply": Multiply, "above": above}
