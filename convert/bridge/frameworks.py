"""TensorFlow and the two Keras, imported when they are first needed: only a worker's process ever does."""

from __future__ import annotations

import functools
import importlib
from typing import Any


def keras() -> Any:
    """Keras 3.

    Returns:
        The package ``keras``.
    """
    return importlib.import_module("keras")


def tf_keras() -> Any:
    """Keras 2, as it lives on beside Keras 3.

    Returns:
        The package ``tf_keras``.
    """
    return importlib.import_module("tf_keras")


def tensorflow() -> Any:
    """TensorFlow.

    Returns:
        The package ``tensorflow``.
    """
    return importlib.import_module("tensorflow")


@functools.cache
def find(path: str) -> Any:
    """What a dotted path names.

    Args:
        path: For example ``keras.layers.Dense`` or ``tensorflow.math.abs``.

    Returns:
        The class or function, or None where this version of the framework does not have it.
    """
    parts = path.split(".")
    for end in range(len(parts) - 1, 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            found = getattr(found, part, None)
        return found
    return None


def is_symbolic(value: Any) -> bool:
    """Whether a value is a tensor of a tf_keras graph.

    Args:
        value: Anything that stands in a call's arguments.

    Returns:
        False for constants, and for what is no tensor.
    """
    return isinstance(value, find("tf_keras.src.engine.keras_tensor.KerasTensor"))
