"""Random inputs that a Keras 3 model accepts: shapes, types, and numbers below the size of the tables they index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from .graph import all_layers, functional_of, nodes_of
from .refusal import Refusal, not_carried

Array = npt.NDArray[Any]

FREE_LENGTH = 8
"""For a free dimension of a sequence, in steps."""
FREE_SIZE = 96
"""For a free dimension of an image or a volume, in pixels: the convolutional networks of keras.applications need 75."""
_KEEPS_NUMBERS = {
    "Cast", "ExpandDims", "Flatten", "GetItem", "Identity", "Permute", "RepeatVector", "Reshape", "Split", "Squeeze",
    "Stack", "Concatenate", "Take", "Transpose", "ConvertToTensor", "Copy", "Masking", "InputLayer",
}  # fmt: skip
"""Layers and operations whose output holds the numbers of their input."""


def random_inputs(model: Any, seed: int = 0, batch: int = 2) -> list[Array]:
    """One batch of random inputs.

    Floats are uniform in [-1, 1]; where the model masks time steps by a value, some hold it. Numbers that index a
    table (Embedding, CategoryEncoding, one_hot, take) are below its size, and some are 0, the value that may be masked.
    Other integers are those of 8-bit images.

    Args:
        model: A Keras 3 functional or sequential model.
        seed: Of the random numbers.
        batch: The batch size, where the model leaves it free.

    Returns:
        One array for each of ``model.inputs``, in their order, in the type of the input.

    Raises:
        NotCarried: The model takes text.
    """
    generator = np.random.default_rng(seed)
    graph = functional_of(model)
    masked = [layer.mask_value for layer in all_layers(graph) if type(layer).__name__ == "Masking"]
    return [_random(tensor, graph, masked, generator, batch) for tensor in graph.inputs]


def _random(tensor: Any, graph: Any, masked: list[float], generator: np.random.Generator, batch: int) -> Array:
    if tensor.dtype == "string":
        raise not_carried([Refusal(tensor.name, "InputLayer", "it takes text")])
    shape = _shape(tensor.shape, batch)
    sizes = list(_table_sizes(tensor, graph))
    if sizes:
        return _shortened(generator.integers(0, min(sizes), shape).astype(tensor.dtype), 0, generator)
    if tensor.dtype == "bool":
        return generator.integers(0, 2, shape).astype(bool)
    if np.issubdtype(np.dtype(tensor.dtype), np.integer):
        return generator.integers(0, min(255, np.iinfo(tensor.dtype).max), shape, endpoint=True).astype(tensor.dtype)
    values = generator.uniform(-1.0, 1.0, shape).astype(tensor.dtype)
    return _shortened(values, masked[0], generator) if masked and len(shape) > 2 else values


def _shape(shape: tuple[int | None, ...], batch: int) -> tuple[int, ...]:
    free = FREE_SIZE if len(shape) > 3 else FREE_LENGTH
    return tuple(size or (free if axis else batch) for axis, size in enumerate(shape))


def _shortened(values: Array, filler: float, generator: np.random.Generator) -> Array:
    """Sequences of several lengths: the last steps filled, at most half of them, at least one in the last sample."""
    if values.ndim > 1 and values.shape[1] > 1:
        filled = generator.integers(0, values.shape[1] // 2 + 1, len(values))
        filled[-1] = max(1, filled[-1])
        for sample, steps in zip(values, filled, strict=True):
            sample[len(sample) - steps :] = filler
    return values


def _table_sizes(tensor: Any, graph: Any) -> Iterator[int]:
    """The sizes of the tables that a tensor's numbers index, as they are or moved about."""
    for node in nodes_of(graph):
        if any(taken is tensor for taken in node.input_tensors):
            yield from _table_sizes_at(node, tensor)
            if type(node.operation).__name__ in _KEEPS_NUMBERS:
                for output in node.outputs:
                    yield from _table_sizes(output, graph)


def _table_sizes_at(node: Any, tensor: Any) -> Iterator[int]:
    operation, kind = node.operation, type(node.operation).__name__
    inner = functional_of(operation)
    if inner is not None:
        for position, taken in zip(inner.inputs, node.input_tensors, strict=False):
            yield from _table_sizes(position, inner) if taken is tensor else ()
    elif kind == "TimeDistributed" and hasattr(operation.layer, "input_dim"):
        yield operation.layer.input_dim
    elif kind == "Embedding":
        yield operation.input_dim
    elif kind == "CategoryEncoding":
        yield operation.num_tokens
    elif kind == "OneHot":
        yield operation.num_classes
    elif kind == "Take" and tensor is node.arguments.args[1]:
        table, axis = node.arguments.args[0], operation.axis
        yield int(np.prod(table.shape) if axis is None else table.shape[axis])
