"""Float ONNX files, read to be changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from litefoot.runtime.errors import require

from ..explain.onnx import OnnxProbe
from ..explain.probe import Node, Probe
from .float_file import Array, Linear


class OnnxFile:
    """A float ONNX file; see `FloatFile`.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        probe = OnnxProbe.open(path)
        self.nodes: tuple[Node, ...] = probe.nodes
        self._model = probe.model
        self._read: dict[str, list[Any]] = {}
        for node in self._model.graph.node:
            for name in node.input:
                self._read.setdefault(name, []).append(node)

    def probe(self) -> Probe:
        """The file as it is now; see `FloatFile.probe`."""
        return OnnxProbe(self._model, self.path)

    def constants(self) -> dict[str, Array]:
        """Every constant of float32; see `FloatFile.constants`."""
        to_array = require("onnx", "convert").numpy_helper.to_array
        found = {name: to_array(tensor) for name, tensor in self._tensors().items()}
        return {name: array for name, array in found.items() if array.dtype == np.float32}

    def set_constant(self, name: str, values: Array) -> None:
        """Give a constant another content; see `FloatFile.set_constant`."""
        from_array = require("onnx", "convert").numpy_helper.from_array
        self._tensors()[name].CopyFrom(from_array(np.ascontiguousarray(values, np.float32), name))

    def linears(self) -> tuple[Linear, ...]:
        """The layers with weights; see `FloatFile.linears`."""
        constants = self.constants()
        found = (self._linear(node, constants) for node in self._model.graph.node)
        return tuple(linear for linear in found if linear is not None)

    def drop_ceiling(self, tensor: str) -> None:
        """Make a ReLU6 a ReLU; see `FloatFile.drop_ceiling`."""
        for node in self._model.graph.node:
            if tensor in node.output and node.op_type == "Clip":
                node.op_type = "Relu"
                del node.input[1:]
                del node.attribute[:]

    def save(self, out: Path) -> None:
        """Write the file; see `FloatFile.save`."""
        out.write_bytes(self._model.SerializeToString())

    def _tensors(self) -> dict[str, Any]:
        """What holds each constant: an initializer, or the attribute of a node Constant."""
        held = {tensor.name: tensor for tensor in self._model.graph.initializer}
        for node in self._model.graph.node:
            for each in node.attribute:
                if node.op_type == "Constant" and each.name == "value":
                    held[node.output[0]] = each.t
        return held

    def _linear(self, node: Any, constants: dict[str, Array]) -> Linear | None:
        if node.op_type not in ("Conv", "ConvTranspose", "Gemm", "MatMul") or node.input[1] not in constants:
            return None
        settings = {each.name: each for each in node.attribute}
        bias = node.input[2] if len(node.input) > 2 and node.input[2] else None
        output = node.output[0]
        if node.op_type == "MatMul":
            bias, output = self._added(output, constants)
        if bias is not None and bias not in constants:
            return None
        axes = _axes(node.op_type, settings, constants[node.input[1]])
        if axes is None:
            return None
        of_pictures = node.op_type in ("Conv", "ConvTranspose")
        return Linear(node.input[0], output, node.input[1], bias, *axes, "none", 1 if of_pictures else -1)

    def _added(self, tensor: str, constants: dict[str, Array]) -> tuple[str | None, str]:
        """The bias that an Add gives to a product, and what it writes."""
        readers = self._read.get(tensor, [])
        if len(readers) == 1 and readers[0].op_type == "Add":
            other = [name for name in readers[0].input if name != tensor]
            if len(other) == 1 and other[0] in constants and constants[other[0]].ndim == 1:
                return other[0], readers[0].output[0]
        return None, tensor


def _axes(operator: str, settings: dict[str, Any], weights: Array) -> tuple[int, int] | None:
    """The axes of the weights along which outputs and inputs are; None where neither is simple."""
    group = settings["group"].i if "group" in settings else 1
    if operator == "MatMul":
        return (1, 0) if weights.ndim == 2 else None
    if operator == "Gemm":
        plain = all(name not in settings or settings[name].f == 1.0 for name in ("alpha", "beta"))
        turned = "transB" in settings and settings["transB"].i == 1
        return ((0, 1) if turned else (1, 0)) if plain and not ("transA" in settings and settings["transA"].i) else None
    if group == 1:
        return (0, 1) if operator == "Conv" else (1, 0)
    alone = operator == "Conv" and weights.shape[1] == 1 and weights.shape[0] == group
    return (0, 0) if alone else None
