"""The shortest way through a model with one input and one output."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .engines import Engine
from .errors import InputMismatch
from .quantization import Dequantizer, Quantizer

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]


def make_shortcut(engine: Engine) -> Callable[[Array], Array] | None:
    """Make the shortest way through a model file.

    Args:
        engine: The loaded file.

    Returns:
        A function from real values to real values, which raises anything where they do not fit; None for a file with
        several inputs or outputs, or of which only one side is quantized.
    """
    if len(engine.inputs) != 1 or len(engine.outputs) != 1:
        return None
    call = engine.shortcut()
    given, returned = engine.inputs[0], engine.outputs[0]
    if given.quantization is None and returned.quantization is None:
        return call
    if given.quantization is None or returned.quantization is None:
        return None
    shape = tuple(size or 0 for size in given.shape)
    store = Quantizer(shape, given.quantization, given.dtype)
    restore = Dequantizer(returned.quantization, returned.dtype)
    float32 = np.dtype(np.float32)

    def converted(values: Array) -> Array:
        if values.shape != shape or values.dtype != float32:
            raise InputMismatch("not a float32 array of the model's shape")
        return restore(call(store(values)))

    return converted
