"""ONNX files by ONNX Runtime, every tensor made an output of the graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from litefoot.runtime.errors import UnreadableModel, first_line, require
from litefoot.runtime.tensors import Quantization, TensorSpec

from .probe import Array, Node, Storage

_CONVERSIONS = ("QuantizeLinear", "DequantizeLinear")
_GIVEN = "__given"
_PRODUCT = "_MatMul"
"""What ONNX Runtime's quantizer adds to the name of a Gemm's result, for that without the bias."""
_FATAL_ONLY = 4
_FLOATS = (np.float32, np.float16, np.float64)


class OnnxProbe:
    """An ONNX file; see `Probe`.

    Run without graph optimisations, which would fuse the tensors away: quantized operators compute in float between
    the rounding of their inputs and of their outputs, which is what the fused kernels do up to a step.

    Args:
        model: The file's protocol buffer.
        path: The file, for messages.
        given: For the name of each tensor that was cut, the name of the input that stands for it.
        outputs_alone: Keep no other tensors than the outputs.
    """

    def __init__(
        self, model: Any, path: Path, given: Mapping[str, str] | None = None, *, outputs_alone: bool = False
    ) -> None:
        self.model, self._path, self._given = model, path, dict(given or {})
        graph = model.graph
        self._constants = {tensor.name: tensor for tensor in graph.initializer}
        computing = _not_constant(graph.node, set(self._constants))
        called, read_from, storage = self._find_quantization(computing)
        named = {name: called.get(name, name) for node in computing for name in (*node.input, *node.output)}
        known = {name for name in named if name and name not in self._constants}
        read = {name for node in computing for name in node.input} | {each.name for each in graph.output}
        read.update(self._given)  # what was cut is still wanted
        integers = _on_integers(computing)
        self.nodes = tuple(
            Node(
                integers.get(node.output[0], node.op_type),
                node.name,
                tuple(named[name] for name in node.input if name in known),
                tuple(named[name] for name in node.output if name in known & read),
                tuple(name for name in node.input if name and name not in known),
            )
            for node in computing
            if node.op_type not in _CONVERSIONS
        )
        free = [each for each in graph.input if each.name not in {*self._constants, *self._given.values()}]
        self.inputs = tuple(_spec(each) for each in free)
        self.input_tensors = {spec.name: spec.name for spec in self.inputs}
        self.output_tensors = {each.name: each.name for each in graph.output}
        made = [name for node in self.nodes for name in node.outputs]
        if outputs_alone:
            made = [name for name in made if name in self.output_tensors]
        self._read_from = {name: read_from.get(name, name) for name in [*self.input_tensors, *made]}
        self.storage = {name: storage.get(name, Storage("float32")) for name in self._read_from}
        self._fetched = [name for name in dict.fromkeys(self._read_from.values()) if name not in self.input_tensors]
        self._session = _start(model, self._fetched, path)

    @classmethod
    def open(cls, path: Path) -> OnnxProbe:
        """Load a file.

        Args:
            path: The ``.onnx`` file.

        Returns:
            Its probe.

        Raises:
            UnreadableModel: It is no such file.
        """
        onnx = require("onnx", "convert")
        try:
            return cls(onnx.load(str(path)), path)
        except UnreadableModel:
            raise
        except Exception as error:  # a protocol buffer's own, which differ from version to version
            raise UnreadableModel("This is not an ONNX file", where=path, got=first_line(error)) from error

    def run(self, given: Mapping[str, Array], tensors: Mapping[str, Array] | None = None) -> dict[str, Array]:
        """Make one call; see `Probe.run`."""
        feed = {spec.name: np.asarray(given[spec.name]).astype(spec.dtype, copy=False) for spec in self.inputs}
        stand_ins = {name: np.asarray((tensors or {})[key], np.float32) for key, name in self._given.items()}
        values = dict(zip(self._fetched, self._session.run(self._fetched, feed | stand_ins), strict=True)) | feed
        read = {name: values[place] for name, place in self._read_from.items()}
        outputs = set(self.output_tensors.values())
        return {
            name: array.astype(np.float32, copy=False) if array.dtype in _FLOATS else array
            for name, array in read.items()
            if isinstance(array, np.ndarray) and (array.dtype in _FLOATS or name in outputs)
        }

    def cut(self, tensors: Sequence[str], *, outputs_alone: bool = False) -> OnnxProbe:
        """Give some tensors from outside; see `Probe.cut`."""
        onnx = require("onnx", "convert")
        model = type(self.model)()
        model.CopyFrom(self.model)
        instead = {name: name + _GIVEN for name in tensors}
        _rewire(model.graph.node, instead)
        for name in instead.values():
            model.graph.input.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
        if outputs_alone:
            kept = _needed(model.graph.node, {each.name for each in model.graph.output})
            del model.graph.node[:]
            model.graph.node.extend(kept)
        return OnnxProbe(model, self._path, instead, outputs_alone=outputs_alone)

    def _find_quantization(self, nodes: Sequence[Any]) -> tuple[dict[str, str], dict[str, str], dict[str, Storage]]:
        """What tensors around QuantizeLinear and DequantizeLinear are called, where each is read, how it is stored."""
        outputs = {each.name for each in self.model.graph.output}
        restored = {node.input[0]: node.output[0] for node in nodes if node.op_type == "DequantizeLinear"}
        called: dict[str, str] = {}
        storage: dict[str, Storage] = {}
        read_from: dict[str, str] = {}
        for node in nodes:
            if node.op_type != "QuantizeLinear" or node.output[0] not in restored:
                continue
            own, copy = node.input[0], restored[node.output[0]]
            # An output of the graph keeps its name, and the operator before it gets another.
            name = copy if copy in outputs else own
            called |= {own: name, copy: name}
            read_from[name] = copy
            if (stored := self._storage(node)) is not None:
                storage[name] = stored
        return called, read_from, storage

    def _storage(self, node: Any) -> Storage | None:
        to_array = require("onnx", "convert").numpy_helper.to_array
        parameters = [to_array(self._constants[name]) for name in node.input[1:] if name in self._constants]
        if len(parameters) != len(node.input) - 1 or not parameters or parameters[0].size != 1:
            return None
        zero = parameters[1] if len(parameters) > 1 else np.zeros((), np.uint8)
        if zero.dtype.kind not in "iu" or not parameters[0].item() > 0:
            return None
        return Storage.of(zero.dtype.name, Quantization(float(parameters[0].item()), int(zero.item())))


def _not_constant(nodes: Iterable[Any], constants: set[str]) -> list[Any]:
    """The nodes that depend on an input of the graph."""
    folded, left = set(constants), []
    for node in nodes:
        if _bodies(node) or not all(not name or name in folded for name in node.input):
            left.append(node)
        else:
            folded.update(node.output)
    return left


def _on_integers(nodes: Iterable[Any]) -> dict[str, str]:
    """By the tensor that has its result as real numbers, the operator on integers that a Cast and a Mul follow.

    So ONNX Runtime's quantizer writes a matrix whose activations are quantized while the file runs: the Mul has the
    name of the float file's tensor; of a Gemm, which it takes apart, the Add behind.
    """
    made: dict[str, str] = {}
    scaled: dict[str, str] = {}
    for node in nodes:
        operator = next((made[name] for name in node.input if name in made), "")
        if node.op_type.endswith("Integer"):
            made[node.output[0]] = node.op_type
        elif operator and node.op_type == "Cast":
            made[node.output[0]] = operator
        elif operator and node.op_type == "Mul":
            scaled[node.output[0]] = operator
        elif node.op_type == "Add" and (product := node.output[0] + _PRODUCT) in node.input and product in scaled:
            scaled[node.output[0]] = scaled[product]
    return scaled


def _bodies(node: Any) -> list[Any]:
    return [attribute.g for attribute in node.attribute if attribute.HasField("g")]


def _needed(nodes: Sequence[Any], wanted: set[str]) -> list[Any]:
    """The nodes that some tensors depend on, in their order."""
    kept = []
    for node in reversed(nodes):
        if wanted & set(node.output):
            wanted = wanted | _read_by(node)
            kept.append(node)
    return kept[::-1]


def _read_by(node: Any) -> set[str]:
    """What a node reads, inside its loops and branches too."""
    return set(node.input).union(*(_read_by(inner) for body in _bodies(node) for inner in body.node))


def _rewire(nodes: Iterable[Any], instead: Mapping[str, str]) -> None:
    """Read other tensors, inside loops and branches too."""
    for node in nodes:
        node.input[:] = [instead.get(name, name) for name in node.input]
        for body in _bodies(node):
            _rewire(body.node, instead)


def _spec(value: Any) -> TensorSpec:
    tensor = value.type.tensor_type
    dtype = require("onnx", "convert").helper.tensor_dtype_to_np_dtype(tensor.elem_type)
    sizes = tuple(size.dim_value if size.HasField("dim_value") else None for size in tensor.shape.dim)
    return TensorSpec(value.name, sizes, np.dtype(dtype).name)


def _start(model: Any, tensors: Sequence[str], path: Path) -> Any:
    onnx, ort = require("onnx", "convert"), require("onnxruntime", "convert")
    tapped = type(model)()
    tapped.CopyFrom(model)
    del tapped.graph.output[:]
    tapped.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in tensors)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL_ONLY
    try:
        return ort.InferenceSession(
            tapped.SerializeToString(), options, providers=["CPUExecutionProvider"], enable_fallback=False
        )
    except Exception as error:  # its own exceptions have no common base
        raise UnreadableModel("ONNX Runtime cannot load this file", where=path, got=first_line(error)) from error
