"""What is inside a finished model file: its operators, its weights, and what of them is quantized. Nothing is run."""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from .errors import UnreadableModel, first_line, require

Arithmetic = Literal["float", "hybrid", "integer", "conversion"]

_CONVERSIONS = {
    "QUANTIZE",
    "DEQUANTIZE",
    "CAST",
    "QuantizeLinear",
    "DequantizeLinear",
    "DynamicQuantizeLinear",
    "Cast",
}
_RESTORING = {"Cast", "DequantizeLinear", "Mul"}
_WHILE_RUNNING = "DynamicQuantize"
"""How the names of ONNX operators begin that measure the range of their activations in each call."""
_STORED_INTEGERS = {"INT4", "INT8", "UINT8", "INT16", "UINT16"}


@dataclass(frozen=True)
class Operator:
    """All operators of one type and arithmetic.

    Attributes:
        name: Its type in the format's own words, for example ``CONV_2D`` or ``Conv``.
        arithmetic: ``integer``: on quantized activations; ``hybrid``: float activations, quantized weights; ``float``;
            ``conversion``: between types. ONNX operators between DequantizeLinear nodes count as integer, since that
            is how ONNX Runtime executes them; what brings constants back into float is a conversion.
        count: How many.
    """

    name: str
    arithmetic: Arithmetic
    count: int


@dataclass(frozen=True)
class Graph:
    """The content of a model file.

    Attributes:
        operators: By type and arithmetic, the most frequent first.
        weight_bytes: By element type, the bytes of all constants.
        output_steps: For the name of an output with quantization behind it, the size of one step, in real units. Names
            are those of the file's signature where it has one.
    """

    operators: tuple[Operator, ...]
    weight_bytes: dict[str, int]
    output_steps: dict[str, float]

    @property
    def while_running(self) -> bool:
        """Whether activations are quantized in each call, by ranges that are measured then."""
        return any(operator.name.startswith(_WHILE_RUNNING) for operator in self.operators)

    @property
    def integer_share(self) -> float:
        """Share of the operators, conversions aside, that compute on integers; 0..1, 0 without operators."""
        computing = [op for op in self.operators if op.arithmetic != "conversion"]
        total = sum(op.count for op in computing)
        return sum(op.count for op in computing if op.arithmetic == "integer") / total if total else 0.0


def read_graph(path: Path) -> Graph:
    """Read the graph of a model file.

    Args:
        path: A ``.tflite`` or ``.onnx`` file.

    Returns:
        What is in it.

    Raises:
        UnreadableModel: It is not such a file.
        MissingDependency: TFLite files need the extra ``tflite``, ONNX files the extra ``inspect``.
    """
    readers = {".tflite": _read_tflite, ".onnx": _read_onnx}
    if not path.is_file() or path.suffix.lower() not in readers:
        raise UnreadableModel("This is not a model file", where=path, expected="an existing .tflite or .onnx file")
    return readers[path.suffix.lower()](path)


def _read_tflite(path: Path) -> Graph:
    schema = require("ai_edge_litert.schema_py_generated", "tflite")
    content = path.read_bytes()
    if content[4:8] != b"TFL3":
        raise UnreadableModel(
            "This is not a TFLite file",
            where=path,
            got=repr(content[4:8]),
            expected="the mark 'TFL3' at byte 4",
        )
    try:
        model = schema.ModelT.InitFromPackedBuf(content, 0)
        names = {code: name for name, code in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
        types = {code: name for name, code in vars(schema.TensorType).items() if not name.startswith("_")}
        return _summarise_tflite(model, names, types)
    except (struct.error, LookupError, AttributeError, TypeError, ValueError) as error:
        raise UnreadableModel("This TFLite file is damaged", where=path, got=first_line(error)) from error


def _summarise_tflite(model: Any, names: dict[int, str], types: dict[int, str]) -> Graph:
    counts: Counter[tuple[str, Arithmetic]] = Counter()
    weights: Counter[str] = Counter()
    producers: dict[int, tuple[str, Any]] = {}
    for number, subgraph in enumerate(model.subgraphs):
        tensors = subgraph.tensors
        constant = [_stored_bytes(model, tensor) for tensor in tensors]
        for tensor, size in zip(tensors, constant, strict=True):
            if size:
                weights[types[tensor.type].lower()] += size
        for operator in _listed(subgraph.operators):
            name = _tflite_name(model.operatorCodes[operator.opcodeIndex], names)
            inputs = [int(i) for i in _listed(operator.inputs) if i >= 0]
            outputs = [int(i) for i in _listed(operator.outputs)]
            activations = {types[tensors[i].type] for i in [*inputs, *outputs] if not constant[i]}
            parameters = {types[tensors[i].type] for i in inputs if constant[i]}
            counts[name, _arithmetic(name, activations, parameters)] += 1
            if number == 0:
                producers |= dict.fromkeys(outputs, (name, inputs))
    return Graph(_operators(counts), dict(weights), _tflite_steps(model, producers, types))


def _tflite_name(code: Any, names: dict[int, str]) -> str:
    """Builtin codes above 126 stand in a second field; custom operators bring their own name."""
    name = names[max(code.builtinCode, code.deprecatedBuiltinCode)]
    return f"CUSTOM {code.customCode.decode(errors='replace')}" if name == "CUSTOM" else name


def _arithmetic(name: str, activations: set[str], parameters: set[str]) -> Arithmetic:
    if name in _CONVERSIONS:
        return "conversion"
    if activations & _STORED_INTEGERS:
        return "integer"
    return "hybrid" if parameters & _STORED_INTEGERS else "float"


def _tflite_steps(model: Any, producers: dict[int, tuple[str, Any]], types: dict[int, str]) -> dict[str, float]:
    """Steps of the outputs that are stored as integers, or dequantized from integers by the file's last operator."""
    tensors = model.subgraphs[0].tensors
    steps = {}
    for name, index in _tflite_outputs(model).items():
        producer, inputs = producers.get(index, ("", ()))
        stored = tensors[inputs[0]] if producer == "DEQUANTIZE" else tensors[index]
        scales = _listed(stored.quantization.scale) if stored.quantization else []
        if types[stored.type] in _STORED_INTEGERS and len(scales) == 1 and scales[0] > 0:
            steps[name] = float(scales[0])
    return steps


def _tflite_outputs(model: Any) -> dict[str, int]:
    """Output tensors by the name that a caller uses."""
    signatures = _listed(model.signatureDefs)
    if len(signatures) == 1:
        return {output.name.decode(): int(output.tensorIndex) for output in signatures[0].outputs}
    subgraph = model.subgraphs[0]
    return {subgraph.tensors[index].name.decode(): int(index) for index in _listed(subgraph.outputs)}


def _stored_bytes(model: Any, tensor: Any) -> int:
    """The bytes of a constant, 0 of what is none; those of larger files lie behind the tables, at an offset."""
    buffer = model.buffers[tensor.buffer]
    return int(buffer.size) if buffer.offset > 1 else 0 if buffer.data is None else len(buffer.data)


def _listed(values: Any) -> list[Any]:
    return [] if values is None else list(values)


def _read_onnx(path: Path) -> Graph:
    onnx = require("onnx", "inspect")
    try:
        model = onnx.load(str(path), load_external_data=False)
    except Exception as error:
        raise UnreadableModel("This is not an ONNX file", where=path, got=first_line(error)) from error
    if not model.graph.node:
        raise UnreadableModel("This ONNX file has no operators", where=path)
    try:
        return _summarise_onnx(onnx, model.graph)
    except (LookupError, TypeError, ValueError) as error:
        raise UnreadableModel("This ONNX file is damaged", where=path, got=first_line(error)) from error


def _summarise_onnx(onnx: Any, graph: Any) -> Graph:
    weights: Counter[str] = Counter()
    for tensor in graph.initializer:
        weights[_onnx_type(onnx, tensor)] += _onnx_bytes(onnx, tensor)
    stored = {tensor.name: _onnx_type(onnx, tensor).upper() for tensor in graph.initializer}
    for node in graph.node:  # what brings constants back into float has the type of what is stored
        if node.op_type in _RESTORING and all(name in stored for name in node.input):
            stored |= dict.fromkeys(node.output, stored[node.input[0]])
    producers = {name: node for node in graph.node for name in node.output}
    counts = Counter((node.op_type, _onnx_arithmetic(node, producers, stored)) for node in graph.node)
    return Graph(_operators(counts), dict(weights), _onnx_steps(onnx, graph, producers))


def _onnx_type(onnx: Any, tensor: Any) -> str:
    return str(onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type))


def _onnx_bytes(onnx: Any, tensor: Any) -> int:
    itemsize = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
    return int(math.prod(tensor.dims) * itemsize)


def _onnx_arithmetic(node: Any, producers: dict[str, Any], stored: dict[str, str]) -> Arithmetic:
    if node.op_type in _CONVERSIONS or node.output[0] in stored:
        return "conversion"
    if node.op_type.startswith(("QLinear", _WHILE_RUNNING)) or node.op_type.endswith("Integer"):
        return "integer"
    activations = {producers[name].op_type for name in node.input if name in producers and name not in stored}
    if activations == {"DequantizeLinear"}:
        return "integer"
    return "hybrid" if any(stored.get(name) in _STORED_INTEGERS for name in node.input) else "float"


def _onnx_steps(onnx: Any, graph: Any, producers: dict[str, Any]) -> dict[str, float]:
    initializers = {tensor.name: tensor for tensor in graph.initializer}
    steps = {}
    for output in graph.output:
        node = producers.get(output.name)
        behind = node.input[1] if node is not None and node.op_type == "DequantizeLinear" else None
        scale = onnx.numpy_helper.to_array(initializers[behind]) if behind in initializers else None
        if scale is not None and scale.size == 1 and scale.item() > 0:
            steps[output.name] = float(scale.item())
    return steps


def _operators(counts: Iterable[tuple[str, Arithmetic]]) -> tuple[Operator, ...]:
    ordered = sorted(Counter(counts).items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(Operator(name, arithmetic, count) for (name, arithmetic), count in ordered)
