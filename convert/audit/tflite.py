"""The weights of a TFLite file."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from litefoot.runtime.errors import UnreadableModel, first_line, require

from ..tflite_tables import read_tables
from .constants import Array, Constant
from .sparse_tensors import densify

_CHANNELS = {"DEPTHWISE_CONV_2D": -1, "CONV_3D": -1, "GATHER": -1, "EMBEDDING_LOOKUP": -1, "BATCH_MATMUL": -1}
"""Where the axis of an operator's output channels is not the first of its weights."""
_MATRICES = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV", "CONV_3D", "BATCH_MATMUL", "GATHER"}
PASSED_ON = {"DEQUANTIZE", "DENSIFY"}
"""Operators that only bring a constant into another form."""
_BITS = {"INT4": 4, "INT8": 8, "UINT8": 8, "INT16": 16, "FLOAT16": 16, "FLOAT32": 32}


def read_tflite(path: Path) -> list[Constant]:
    """Read the weights of a TFLite file: constants of at least two dimensions that operators compute with.

    Args:
        path: The file.

    Returns:
        Each weight once, in the order of the operators.

    Raises:
        UnreadableModel: It is no TFLite file, or damaged.
        MissingDependency: The extra ``tflite`` is not installed.
    """
    opened = TFLiteFile(path)
    try:
        return [opened.constant(weight) for weight in opened.weights()]
    except (struct.error, LookupError, AttributeError, TypeError, ValueError) as error:
        raise UnreadableModel("This TFLite file is damaged", where=path, got=first_line(error)) from error


class Weight(NamedTuple):
    """A weight at its place: the tables are those of TFLite's schema.

    Attributes:
        tensor: The tensor that holds it.
        kind: The first operator that takes it.
        names: Of what that operator makes, and of its other constants.
    """

    tensor: Any
    kind: str
    names: tuple[str, ...]


class TFLiteFile:
    """A TFLite file, its tables unpacked.

    Attributes:
        model: The ``ModelT`` of the schema.
    """

    def __init__(self, path: Path) -> None:
        """Unpack a file.

        Args:
            path: The file.

        Raises:
            UnreadableModel: It is no TFLite file, or damaged.
            MissingDependency: The extra ``tflite`` is not installed.
        """
        schema = require("ai_edge_litert.schema_py_generated", "tflite")
        self.model = read_tables(path)
        self._operators = {code: name for name, code in vars(schema.BuiltinOperator).items() if name[0] != "_"}
        self._types = {code: name for name, code in vars(schema.TensorType).items() if name[0] != "_"}

    def weights(self) -> Iterator[Weight]:
        """Each weight, at the first operator that takes it.

        Yields:
            The weights.
        """
        seen: set[int] = set()
        for graph in self.model.subgraphs:
            behind = self._passed_on(graph)
            for operator in graph.operators:
                kind = self.kind(operator)
                given = [] if kind in PASSED_ON or operator.inputs is None else operator.inputs
                for index in (behind.get(int(index), int(index)) for index in given if index >= 0):
                    tensor = graph.tensors[index]
                    if tensor.buffer not in seen and self._is_weight(tensor, kind):
                        seen.add(tensor.buffer)
                        yield Weight(tensor, kind, self._names(graph, operator))

    def _passed_on(self, graph: Any) -> dict[int, int]:
        """From what stands for a constant in other operators, as its float form does, to the constant."""
        behind: dict[int, int] = {}
        for operator in graph.operators:
            given = int(operator.inputs[0]) if operator.inputs is not None and len(operator.inputs) else -1
            if self.kind(operator) in PASSED_ON and (given in behind or self._data(graph.tensors[given]) is not None):
                behind[int(operator.outputs[0])] = behind.get(given, given)
        return behind

    def kind(self, operator: Any) -> str:
        """The type of an operator.

        Args:
            operator: An ``OperatorT``.

        Returns:
            Its name in the schema.
        """
        code = self.model.operatorCodes[operator.opcodeIndex]
        return str(self._operators[max(code.builtinCode, code.deprecatedBuiltinCode)])

    def _names(self, graph: Any, operator: Any) -> tuple[str, ...]:
        constants = [index for index in operator.inputs if index >= 0 and self._data(graph.tensors[index]) is not None]
        return tuple(_text(graph.tensors[index].name) for index in (*operator.outputs, *constants))

    def _data(self, tensor: Any) -> bytes | None:
        buffer = self.model.buffers[tensor.buffer]
        return None if buffer.data is None or len(buffer.data) == 0 else bytes(buffer.data)

    def _is_weight(self, tensor: Any, kind: str) -> bool:
        shape = [] if tensor.shape is None else list(tensor.shape)
        wide = len(shape) > 1 and (kind in _MATRICES or sum(size > 1 for size in shape) > 1)
        return wide and self._types[tensor.type] in _BITS and self._data(tensor) is not None

    def constant(self, weight: Weight) -> Constant:
        """The numbers of a weight.

        Args:
            weight: One of `weights`.

        Returns:
            The same, with its numbers.
        """
        tensor = weight.tensor
        data, stored_as = self._data(tensor) or b"", self._types[tensor.type]
        shape = tuple(int(size) for size in tensor.shape)
        stored = _numbers(data, stored_as)
        sparse = tensor.sparsity is not None
        stored = densify(stored, tensor.sparsity, shape) if sparse else stored[: math.prod(shape)].reshape(shape)
        scale, zero_point = _quantization(tensor.quantization, shape)
        return Constant(
            tensor=_text(tensor.name),
            names=weight.names,
            operator=weight.kind,
            stored=stored,
            axis=_CHANNELS.get(weight.kind, 0),
            dtype=stored_as.lower(),
            bits=_BITS[stored_as],
            data=data,
            scale=scale,
            zero_point=zero_point,
            sparse=sparse,
        )


def _text(name: bytes | None) -> str:
    return (name or b"").decode(errors="replace")


def _numbers(data: bytes, stored_as: str) -> Array:
    """Four bits stand two in a byte, the lower ones first."""
    if stored_as == "INT4":
        packed = np.frombuffer(data, np.uint8)
        nibbles = np.stack([packed & 15, packed >> 4], axis=1).ravel().astype(np.int8)
        return np.where(nibbles > 7, nibbles - 16, nibbles).astype(np.int8)
    return np.frombuffer(data, stored_as.lower())


def _quantization(parameters: Any, shape: tuple[int, ...]) -> tuple[Array | None, Array | None]:
    """Scales and zero points, shaped to be broadcast; none where the file gives them in another form."""
    scales = None if parameters is None or parameters.scale is None else np.asarray(parameters.scale)
    if scales is None or len(scales) == 0:
        return None, None
    across = [1] * len(shape)
    if len(scales) > 1:
        across[parameters.quantizedDimension] = len(scales)
    points = parameters.zeroPoint if parameters.zeroPoint is not None and len(parameters.zeroPoint) else [0]
    points = np.asarray(points, np.float64)
    return scales.reshape(across), points.reshape(across if len(points) > 1 else [1] * len(shape))
