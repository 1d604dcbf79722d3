"""Constants of an ONNX file stored in fewer bits than it computes with, and restored when it is loaded."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..audit.onnx import CHANNELS, TAKEN_AT

LEAST_HALVES = 256
"""Of smaller constants the node that restores them is about as long as what they would save."""
_LARGEST_HALF = float(np.finfo(np.float16).max)
_STORED = "_stored"
_HANDED_ON = ("Loop", "Scan")
"""Operators that hand their weights on to those inside them, from step to step."""


def weights_of(graph: Any) -> dict[str, Any]:
    """The float32 constants of at least two dimensions that operators take as weights.

    Args:
        graph: A ``GraphProto``.

    Returns:
        By the constant's name the first operator that takes it, in loops and branches too.
    """
    floats = {tensor.name for tensor in _floats(graph) if len(tensor.dims) > 1}
    found: dict[str, Any] = {}
    for node in nodes_of(graph):
        taken = range(len(node.input)) if node.op_type in _HANDED_ON else TAKEN_AT.get(node.op_type, ())
        for at in taken:
            if at < len(node.input) and node.input[at] in floats:
                found.setdefault(node.input[at], node)
    return found


def nodes_of(graph: Any) -> Iterator[Any]:
    """All operators of a graph.

    Args:
        graph: A ``GraphProto``.

    Yields:
        Its nodes, and those of its loops and branches.
    """
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from nodes_of(attribute.g)


def store_halves(graph: Any) -> int:
    """Store constants as float16, each behind one Cast, which ONNX Runtime carries out when it loads the file.

    Operators on float16 are no better on its CPU provider: they have no kernels and get a Cast on each side.

    Args:
        graph: A ``GraphProto``, changed in place.

    Returns:
        How many constants it was. Small ones stay as they are, and those with values beyond float16 such as masks.
    """
    from onnx import TensorProto, helper, numpy_helper

    restoring = []
    for tensor in list(_floats(graph)):
        values = numpy_helper.to_array(tensor)
        if values.size >= LEAST_HALVES and np.abs(values).max() <= _LARGEST_HALF:
            name, stored = tensor.name, tensor.name + _STORED
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), stored))
            restoring.append(helper.make_node("Cast", [stored], [name], stored, to=TensorProto.FLOAT))
    _prepend(graph, restoring)
    return len(restoring)


def store_bytes(graph: Any, axes: Mapping[str, int | None]) -> None:
    """Store constants as int8 with scales, each behind a Cast and a Mul, which are carried out when the file is loaded.

    A DequantizeLinear would say the same in one node, but ONNX Runtime keeps it for the kernels that could take it in,
    and where there are none it is carried out in every call (docs/supported.md has the times).

    Args:
        graph: A ``GraphProto``, changed in place.
        axes: By the constant's name the axis along which each entry has a scale of its own; None for one scale.
    """
    from onnx import TensorProto, helper, numpy_helper

    restoring = []
    for tensor in [tensor for tensor in _floats(graph) if tensor.name in axes]:
        values, name, stored = numpy_helper.to_array(tensor), tensor.name, tensor.name + _STORED
        axis = axes[name]
        others = tuple(i for i in range(values.ndim) if axis is None or i != axis % values.ndim)
        scale = np.abs(values).max(axis=others, keepdims=True) / np.float32(127)
        scale[scale == 0] = 1
        tensor.CopyFrom(numpy_helper.from_array(np.rint(values / scale).astype(np.int8), stored))
        graph.initializer.append(numpy_helper.from_array(scale, f"{name}_scale"))
        restoring += [
            helper.make_node("Cast", [stored], [f"{stored}_float"], stored, to=TensorProto.FLOAT),
            helper.make_node("Mul", [f"{stored}_float", f"{name}_scale"], [name], f"{stored}_scaled"),
        ]
    _prepend(graph, restoring)


def axis_of(node: Any, dimensions: int) -> int:
    """Along which axis of its weights an operator's output channels lie.

    Args:
        node: The operator.
        dimensions: Of the weights.

    Returns:
        The axis; of a table that rows are gathered from, that of the rows.
    """
    if node.op_type == "Gather":
        return 0
    if node.op_type == "Gemm" and any(each.name == "transB" and each.i for each in node.attribute):
        return 0
    return CHANNELS.get(node.op_type, dimensions - 1)


def is_grouped(node: Any) -> bool:
    """Whether an operator is a convolution within groups of channels, as depthwise ones are.

    Args:
        node: The operator.

    Returns:
        Whether it has more than one group.
    """
    return any(entry.name == "group" and entry.i > 1 for entry in node.attribute)


def _floats(graph: Any) -> Iterator[Any]:
    from onnx import TensorProto

    for tensor in graph.initializer:
        if tensor.data_type == TensorProto.FLOAT and math.prod(tensor.dims) > 0:
            yield tensor


def _prepend(graph: Any, nodes: list[Any]) -> None:
    after = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *after])
