"""The weights of an ONNX file."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from litefoot.runtime.errors import UnreadableModel, first_line, require

from .constants import Array, Constant

CHANNELS = {
    "Conv": 0, "ConvTranspose": 1, "LSTM": 1, "GRU": 1, "RNN": 1, "QLinearConv": 0, "ConvInteger": 0,
    "DynamicQuantizeLSTM": 2, "Gather": 0,
}  # fmt: skip
"""The axis of an operator's output channels, where it is not the last of its weights."""
_RECURRENT = ("LSTM", "GRU", "RNN", "DynamicQuantizeLSTM")
TAKEN_AT = {
    **dict.fromkeys(("Conv", "ConvTranspose", "ConvInteger"), (1,)),
    **dict.fromkeys(("MatMul", "Gemm", "MatMulInteger"), (0, 1)),
    **dict.fromkeys(_RECURRENT, (1, 2)),
    "QLinearConv": (3,),
    "QLinearMatMul": (0, 3),
    "Gather": (0,),
}
"""At which inputs an operator takes its weights; elsewhere stand biases and parameters."""
PASSED_ON = {"DequantizeLinear", "Cast", "Transpose", "Identity", "QuantizeLinear"}
"""Operators that only bring a constant into another form."""
_WHILE_RUNNING = {"MatMulInteger", "ConvInteger"}
"""Operators on integers whose results are multiplied with the scales behind them."""
_LSTM_SCALES = {1: 8, 2: 10}
"""At which inputs a DynamicQuantizeLSTM takes the scales of its weights; their zero points follow."""
_BITS = {"int4": 4, "uint4": 4, "int8": 8, "uint8": 8, "int16": 16, "uint16": 16, "float16": 16, "bfloat16": 16}


def read_onnx(path: Path) -> list[Constant]:
    """Read the weights of an ONNX file: constants of at least two dimensions that operators compute with.

    Args:
        path: The file.

    Returns:
        Each weight once, in the order of the operators.

    Raises:
        UnreadableModel: It is no ONNX file, or damaged.
        MissingDependency: The extra ``inspect`` is not installed.
    """
    onnx = require("onnx", "inspect")
    try:
        model = onnx.load(str(path))
    except Exception as error:
        raise UnreadableModel("This is not an ONNX file", where=path, got=first_line(error)) from error
    if not model.graph.node:
        raise UnreadableModel("This ONNX file has no operators", where=path)
    try:
        return list(_Reader(onnx, model.graph).constants())
    except (LookupError, TypeError, ValueError) as error:
        raise UnreadableModel("This ONNX file is damaged", where=path, got=first_line(error)) from error


class _Reader:
    def __init__(self, onnx: Any, graph: Any) -> None:
        self._onnx, self._graph = onnx, graph
        self._tensors = {tensor.name: tensor for tensor in graph.initializer}
        self._dequantizing: dict[str, Any] = {}
        self._multiplied: dict[str, str] = {}
        self._behind: dict[str, str] = {}
        self._producers = {name: node for node in graph.node for name in node.output}
        self._readers: dict[str, list[Any]] = {}
        for node in graph.node:
            for name in node.input:
                self._readers.setdefault(name, []).append(node)
            given = node.input[0] if node.input else ""
            if node.op_type in PASSED_ON and (given in self._tensors or given in self._behind):
                source = self._behind[node.output[0]] = self._behind.get(given, given)
                if node.op_type == "DequantizeLinear" and given in self._tensors:
                    self._dequantizing[source] = node
            elif node.op_type == "Mul" and self._restores(node):
                source = self._behind[node.output[0]] = self._behind[given]
                self._multiplied[source] = node.input[1]

    def constants(self) -> Iterator[Constant]:
        """Each weight, at the first operator that takes it."""
        seen: set[str] = set()
        for node in self._graph.node:
            if node.op_type in PASSED_ON or node.output[0] in self._behind:
                continue
            taken = TAKEN_AT.get(node.op_type, range(len(node.input)))
            for name in (self._behind.get(given, given) for at, given in enumerate(node.input) if at in taken):
                if name in self._tensors and name not in seen and self._is_weight(self._tensors[name], node.op_type):
                    seen.add(name)
                    yield from _directions(self._constant(name, node))

    def _restores(self, node: Any) -> bool:
        """Whether it multiplies a constant that is stored in integers with its scales."""
        source, scale = self._behind.get(node.input[0], ""), node.input[1]
        return source in self._tensors and scale in self._tensors and "int" in self._dtype(self._tensors[source])

    def _is_weight(self, tensor: Any, kind: str) -> bool:
        shape = list(tensor.dims)
        wide = len(shape) > 1 and (kind in TAKEN_AT or sum(size > 1 for size in shape) > 1)
        dtype = self._dtype(tensor)
        return wide and ("float" in dtype or dtype in _BITS) and math.prod(shape) > 0

    def _dtype(self, tensor: Any) -> str:
        name = str(self._onnx.TensorProto.DataType.Name(tensor.data_type)).lower()
        return {"float": "float32", "double": "float64"}.get(name, name)

    def _constant(self, name: str, node: Any) -> Constant:
        tensor = self._tensors[name]
        stored = np.asarray(self._onnx.numpy_helper.to_array(tensor))
        dtype = self._dtype(tensor)
        scale, zero_point = self._quantization(name, stored, node)
        constants = [self._behind.get(given, given) for given in node.input]
        return Constant(
            tensor=name,
            names=(node.name, *node.output, *(given for given in constants if given in self._tensors)),
            operator=node.op_type,
            stored=stored.astype(np.int8) if dtype == "int4" else stored,
            axis=_axis(node, stored.ndim),
            dtype=dtype,
            bits=_BITS.get(dtype, 8 * stored.dtype.itemsize),
            data=tensor.raw_data or stored.tobytes(),
            scale=scale,
            zero_point=zero_point,
        )

    def _quantization(self, name: str, stored: Array, node: Any) -> tuple[Array | None, Array | None]:
        """Scale and zero point of a weight, shaped to be broadcast."""
        if name in self._multiplied:
            return self._array(self._multiplied[name]), None
        if (restoring := self._dequantizing.get(name)) is not None:
            axis = next((attribute.i for attribute in restoring.attribute if attribute.name == "axis"), 1)
            given = [each for each in restoring.input[1:] if each]
        else:
            axis, given = _axis(node, stored.ndim), self._given_elsewhere(name, node)
        if not given or any(each not in self._tensors for each in given):
            return None, None
        scale, *points = [self._array(each) for each in given]
        across = [1] * stored.ndim
        if scale.size > 1:
            across[axis] = stored.shape[axis]
            across[0] = scale.size // stored.shape[axis] if axis else across[0]  # an LSTM's two directions
        points = [point.astype(np.float64).reshape(across) for point in points]
        return scale.reshape(across), points[0] if points else None

    def _given_elsewhere(self, name: str, node: Any) -> list[str]:
        """Where operators on integers are given the scale and the zero point of a weight, by their tensors' names."""
        if node.op_type == "DynamicQuantizeLSTM":
            first = _LSTM_SCALES[list(node.input).index(name)]
            return list(node.input[first : first + 2])
        read = self._readers.get(node.output[0], [])
        if node.op_type == "Gather":
            return next((list(each.input[1:]) for each in read if each.op_type == "DequantizeLinear"), [])
        if node.op_type not in _WHILE_RUNNING:
            return []
        read = [reader for each in read if each.op_type == "Cast" for reader in self._readers.get(each.output[0], [])]
        products = [self._producers.get(given) for each in read if each.op_type == "Mul" for given in each.input]
        scales = [given for each in products if each is not None for given in each.input if given in self._tensors]
        return [*scales[:1], *node.input[3:4]] if scales else []

    def _array(self, name: str) -> Array:
        return np.asarray(self._onnx.numpy_helper.to_array(self._tensors[name]))


def _directions(constant: Constant) -> Iterator[Constant]:
    """The weights of a recurrent layer's directions, which lie in one tensor, each for itself as Keras has them."""
    count = len(constant.stored)
    if constant.operator not in _RECURRENT or count == 1:
        yield constant
        return
    size = len(constant.data) // count
    for at in range(count):
        scale, zero_point = (
            given if given is None or len(given) == 1 else given[at : at + 1]
            for given in (constant.scale, constant.zero_point)
        )
        yield replace(
            constant,
            tensor=f"{constant.tensor}[{at}]",
            stored=constant.stored[at : at + 1],
            data=constant.data[at * size : (at + 1) * size],
            scale=scale,
            zero_point=zero_point,
        )


def _axis(node: Any, dimensions: int) -> int:
    """The axis of the output's channels in what the file stores."""
    if node.op_type == "Gemm":
        transposed = next((attribute.i for attribute in node.attribute if attribute.name == "transB"), 0)
        return 0 if transposed else 1
    return CHANNELS.get(node.op_type, dimensions - 1)
