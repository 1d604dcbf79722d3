"""What carried models need beyond tf_keras itself: known to tf_keras by name, so that they can be saved and loaded."""

from __future__ import annotations

import functools
from typing import Any

from .activations import ADDED
from .frameworks import find, tensorflow, tf_keras
from .layers import PRIVATE


@functools.cache
def register() -> None:
    """Make tf_keras know them, as ``litefoot>name``; to be called before a carried model is loaded from a file."""
    known = {**ADDED, "Einsum": einsum_layer(), **{row.keras.rpartition(".")[2]: find(row.tf_keras) for row in PRIVATE}}
    for name, thing in known.items():
        if thing is not None:  # a tf_keras without that model of keras.applications
            tf_keras().saving.register_keras_serializable(package="litefoot", name=name)(thing)


@functools.cache
def einsum_layer() -> Any:
    """A layer for ``ops.einsum``, because tf_keras cannot load a model in which ``tf.einsum`` itself stands.

    Returns:
        The class; it takes the equation, and is called on a list of tensors.
    """

    class Einsum(tf_keras().layers.Layer):  # type: ignore[misc]  # the base is not known before tf_keras is imported
        def __init__(self, equation: str, **options: Any) -> None:
            super().__init__(**options)
            self.equation = equation

        def call(self, inputs: list[Any]) -> Any:
            return tensorflow().einsum(self.equation, *inputs)

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "equation": self.equation}

    return Einsum
