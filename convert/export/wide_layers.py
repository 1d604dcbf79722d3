"""Dense layers with so many outputs that a scale for each weighs more than it is worth."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..tflite_tables import read_tables

_BYTES_PER_CHANNEL = 24
"""A scale and a zero point for the weights of an output, and the same for its bias."""
_WORTH = 0.125
_LEAST_CHANNELS = 1024
_LEAST_SQNR_DB = 35.0
"""Of the weights with one scale for all; below it they would add to the noise of activations in 8 bits."""


def wide_layers(source: Path) -> list[str]:
    """Dense layers of a float32 file that one scale for all their weights suits better than one for each output.

    A generator's first layer has a hundred inputs and twelve thousand outputs: scales took 15 % of its int8 file, and
    without them the pictures were as near to the full-precision model's.

    Args:
        source: A ``.tflite`` file.

    Returns:
        The names of the tensors that the layers write.
    """
    from ai_edge_litert import schema_py_generated as schema

    model = read_tables(source)
    found = []
    for graph in model.subgraphs:
        for operator in graph.operators:
            code = model.operatorCodes[operator.opcodeIndex]
            if max(code.builtinCode, code.deprecatedBuiltinCode) == schema.BuiltinOperator.FULLY_CONNECTED:
                weights = _constant(model, graph.tensors[operator.inputs[1]])
                if weights is not None and is_wide(weights):
                    found.append(graph.tensors[operator.outputs[0]].name.decode())
    return found


def is_wide(weights: npt.NDArray[np.float32]) -> bool:
    """Whether one scale suits a layer's weights better than one for each output.

    Args:
        weights: (outputs, inputs), float32.

    Returns:
        Whether the scales of all outputs would be an eighth of the weights' bytes or more, and one scale is fine
        enough for them.
    """
    channels, inputs = weights.shape
    if channels < _LEAST_CHANNELS or _WORTH * inputs > _BYTES_PER_CHANNEL:
        return False
    step = float(np.abs(weights).max()) / 127.0
    if not step:
        return False
    noise = weights - np.rint(weights / step) * step
    power, lost = float(np.square(weights).mean()), float(np.square(noise).mean())
    return not lost or 10.0 * math.log10(power / lost) >= _LEAST_SQNR_DB


def _constant(model: Any, tensor: Any) -> npt.NDArray[np.float32] | None:
    content = model.buffers[tensor.buffer].data
    if content is None or len(content) == 0 or len(tensor.shape) != 2:
        return None
    return np.frombuffer(bytes(content), np.float32).reshape(tensor.shape)
