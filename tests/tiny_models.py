"""Model files small enough to know their answers by hand, made without TensorFlow; the suffix decides the format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
import onnx
from ai_edge_litert import schema_py_generated as schema
from onnx import TensorProto, helper, numpy_helper

from litefoot.runtime.tensors import Quantization

Array = npt.NDArray[Any]

WEIGHTS = np.array([[1.0, 0.0, -2.0], [0.5, 3.0, 1.0]], np.float32)
BIAS = np.array([1.0, -1.0], np.float32)
TABLE = np.array([[0.0, 1.0], [10.0, 11.0], [20.0, 21.0]], np.float32)

# Powers of two: whole inputs up to 9 are computed without any rounding.
STORED_INPUT = Quantization(0.5, 3)
STORED_WEIGHTS = Quantization(0.5, 0)
STORED_BIAS = Quantization(0.25, 0)
STORED_OUTPUT = Quantization(0.5, -4)


def affine(x: Array, weights: Array = WEIGHTS) -> Array:
    """What every file by `write_affine` computes: (samples, 3) to (samples, 2)."""
    return (x @ weights.T + BIAS).astype(np.float32)


def write_affine(path: Path, *, weights: Array = WEIGHTS, signature: bool = True, batch: int | None = None) -> Path:
    """``x`` float32 to ``y`` float32; by a signature, or by the tensors' own names ``t_x`` and ``t_y``.

    Without a batch, it is free in ONNX, and in TFLite one that can be resized.
    """
    if path.suffix == ".onnx":
        gemm = helper.make_node("Gemm", ["x", "w", "b"], ["y"], transB=1)
        return _write_onnx(path, [gemm], {"x": (batch, 3)}, {"y": (batch, 2)}, {"w": weights, "b": BIAS})
    graph = _TFLite()
    x, y = graph.tensor("t_x", (batch or 1, 3)), graph.tensor("t_y", (batch or 1, 2))
    graph.fully_connected(x, graph.constant("w", weights), graph.constant("b", BIAS), y)
    return graph.write(path, {"x": x}, {"y": y}, signature=signature)


def write_affine_int8(path: Path, *, weights: Array = WEIGHTS, float_io: bool = False) -> Path:
    """The same in integers: TFLite with int8 inputs and outputs, or float ones; ONNX in QDQ form."""
    if path.suffix == ".onnx":
        return _write_qdq(path, weights)
    graph = _TFLite()
    if not float_io:
        x = graph.tensor("t_x_stored", (1, 3), "int8", STORED_INPUT)
        return graph.write(path, {"x": x}, {"y": _affine_of_stored(graph, x, weights)})
    given, returned = graph.tensor("t_x", (1, 3)), graph.tensor("t_y", (1, 2))
    graph.operator("DEQUANTIZE", [_affine_in_integers(graph, given, weights)], [returned], version=2)
    return graph.write(path, {"x": given}, {"y": returned})


def write_output_taken_as_float(path: Path) -> Path:
    """TFLite: the same, and ``twice`` = y + y in integers, whose operator is handed the float y."""
    graph = _TFLite()
    given, y, twice = (graph.tensor(name, (1, size)) for name, size in (("t_x", 3), ("t_y", 2), ("t_twice", 2)))
    stored = _affine_in_integers(graph, given, WEIGHTS)
    double = graph.tensor("t_twice_stored", (1, 2), "int8", Quantization(1.0, 0))
    graph.operator("DEQUANTIZE", [stored], [y], version=2)
    graph.operator("ADD", [y, y], [double], ("AddOptions", schema.AddOptionsT()), version=2)
    graph.operator("DEQUANTIZE", [double], [twice], version=2)
    return graph.write(path, {"x": given}, {"y": y, "twice": twice})


def write_output_of_another_name(path: Path) -> Path:
    """TFLite: the same, where the graph returns an integer copy of what its signature names."""
    graph = _TFLite()
    given, y = graph.tensor("t_x", (1, 3)), graph.tensor("t_y", (1, 2))
    copy = graph.tensor("t_y_copy", (1, 2), "int8", STORED_OUTPUT)
    graph.operator("DEQUANTIZE", [_affine_in_integers(graph, given, WEIGHTS)], [y], version=2)
    graph.operator("QUANTIZE", [y], [copy])
    return graph.write(path, {"x": given}, {"y": y}, returned=[copy])


def write_affine_uint8(path: Path, *, weights: Array = WEIGHTS) -> Path:
    """TFLite: the same in the older quantization, everything uint8 around a zero point in the middle."""
    stored_input, stored_weights, stored_output = Quantization(0.5, 131), Quantization(0.5, 128), Quantization(0.5, 124)
    graph = _TFLite()
    x = graph.tensor("t_x", (1, 3), "uint8", stored_input)
    y = graph.tensor("t_y", (1, 2), "uint8", stored_output)
    w = graph.constant("w", _stored(weights, stored_weights, "uint8"), stored_weights)
    b = graph.constant("b", _stored(BIAS, STORED_BIAS, "int32"), STORED_BIAS)
    graph.fully_connected(x, w, b, y)
    return graph.write(path, {"x": x}, {"y": y}, signature=False)


def write_affine_hybrid(path: Path, *, weights: Array = WEIGHTS) -> Path:
    """The same with float activations and int8 weights."""
    stored = _stored(weights, STORED_WEIGHTS, "int8")
    if path.suffix == ".onnx":
        nodes = [
            helper.make_node("DequantizeLinear", ["w_stored", "w_scale", "w_zero"], ["w"]),
            helper.make_node("Gemm", ["x", "w", "b"], ["y"], transB=1),
        ]
        constants = {"w_stored": stored, "b": BIAS, **_parameters("w", STORED_WEIGHTS)}
        return _write_onnx(path, nodes, {"x": (None, 3)}, {"y": (None, 2)}, constants)
    graph = _TFLite()
    x, y = graph.tensor("t_x", (1, 3)), graph.tensor("t_y", (1, 2))
    graph.fully_connected(x, graph.constant("w", stored, STORED_WEIGHTS), graph.constant("b", BIAS), y, version=3)
    return graph.write(path, {"x": x}, {"y": y})


def write_affine_stored(path: Path, *, weights: Array = WEIGHTS) -> Path:
    """ONNX: the same with int8 weights that are brought back into float32 by a Cast and a Mul."""
    nodes = [
        helper.make_node("Cast", ["w_stored"], ["w_float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["w_float", "w_scale"], ["w"]),
        helper.make_node("Gemm", ["x", "w", "b"], ["y"], transB=1),
    ]
    scale = _parameters("w", STORED_WEIGHTS)["w_scale"]
    constants = {"w_stored": _stored(weights, STORED_WEIGHTS, "int8"), "b": BIAS, "w_scale": scale}
    return _write_onnx(path, nodes, {"x": (None, 3)}, {"y": (None, 2)}, constants)


def write_sum_and_difference(path: Path, *, signature: bool = True, batch: int = 1) -> Path:
    """``a`` and ``b``, each (batch, 2), to ``sum`` = a + b and ``difference`` = a - b; free in ONNX."""
    if path.suffix == ".onnx":
        nodes = [helper.make_node("Add", ["a", "b"], ["sum"]), helper.make_node("Sub", ["a", "b"], ["difference"])]
        shapes = dict.fromkeys(("a", "b"), (None, 2)), dict.fromkeys(("sum", "difference"), (None, 2))
        return _write_onnx(path, nodes, *shapes, {})
    graph = _TFLite()
    a, b, total, difference = (graph.tensor(f"t_{name}", (batch, 2)) for name in ("a", "b", "sum", "difference"))
    graph.operator("ADD", [a, b], [total], ("AddOptions", schema.AddOptionsT()))
    graph.operator("SUB", [a, b], [difference], ("SubOptions", schema.SubOptionsT()))
    return graph.write(path, {"a": a, "b": b}, {"sum": total, "difference": difference}, signature=signature)


def write_lookup(path: Path) -> Path:
    """``tokens``, whole numbers (1,), to the ``rows`` of `TABLE`; int32 in TFLite, int64 in ONNX."""
    if path.suffix == ".onnx":
        gather = helper.make_node("Gather", ["table", "tokens"], ["rows"])
        return _write_onnx(path, [gather], {"tokens": (None,)}, {"rows": (None, 2)}, {"table": TABLE}, "INT64")
    graph = _TFLite()
    tokens, rows = graph.tensor("t_tokens", (1,), "int32"), graph.tensor("t_rows", (1, 2))
    graph.operator(
        "GATHER", [graph.constant("table", TABLE), tokens], [rows], ("GatherOptions", schema.GatherOptionsT())
    )
    return graph.write(path, {"tokens": tokens}, {"rows": rows})


def write_negation(path: Path) -> Path:
    """``x`` to ``y`` = -x, both without any dimension."""
    if path.suffix == ".onnx":
        return _write_onnx(path, [helper.make_node("Neg", ["x"], ["y"])], {"x": ()}, {"y": ()}, {})
    graph = _TFLite()
    x, y = graph.tensor("t_x", ()), graph.tensor("t_y", ())
    graph.operator("NEG", [x], [y])
    return graph.write(path, {"x": x}, {"y": y})


def write_reshaped(path: Path) -> Path:
    """TFLite: ``x`` (1, 4) to ``y`` (2, 2), the same values."""
    graph = _TFLite()
    x, y = graph.tensor("t_x", (1, 4)), graph.tensor("t_y", (2, 2))
    graph.operator("RESHAPE", [x, graph.constant("shape", np.array([2, 2], np.int32))], [y])
    return graph.write(path, {"x": x}, {"y": y})


def write_accumulator(path: Path, *, units: int = 1) -> Path:
    """TFLite: ``x`` (1, units) to ``y`` = the state, to which every inference adds x; from a fresh state y is x."""
    graph = _TFLite()
    one, state = np.eye(units, dtype=np.float32), graph.tensor("state", (1, units), variable=True)
    x, y = graph.tensor("t_x", (1, units)), graph.tensor("t_y", (1, units))
    weights = [graph.constant("w", one), graph.constant("r", one), graph.constant("b", np.zeros(units, np.float32))]
    graph.operator("RNN", [x, *weights, state], [y], ("RNNOptions", schema.RNNOptionsT()))
    return graph.write(path, {"x": x}, {"y": y})


def write_custom(path: Path) -> Path:
    """TFLite: one operator that no engine knows, `Mystery`."""
    graph = _TFLite()
    x, y = graph.tensor("t_x", (1, 3)), graph.tensor("t_y", (1, 3))
    graph.operator("CUSTOM", [x], [y], custom=b"Mystery")
    return graph.write(path, {"x": x}, {"y": y})


def write_two_layers(path: Path, first: Array, second: Array, *, ceiling: bool = False) -> Path:
    """``x`` to ``y`` = second @ relu(first @ x), or with a ReLU6; weights (outputs, inputs). Tensors: x, h, y."""
    if path.suffix == ".onnx":
        between = (
            helper.make_node("Clip", ["g", "zero", "six"], ["h"]) if ceiling else helper.make_node("Relu", ["g"], ["h"])
        )
        nodes = [
            helper.make_node("Gemm", ["x", "w1", "b1"], ["g"], "one/dense/MatMul", transB=1),
            between,
            helper.make_node("Gemm", ["h", "w2", "b2"], ["y"], "one/last/MatMul", transB=1),
        ]
        constants = {"w1": first, "b1": _zeros(first), "w2": second, "b2": _zeros(second)}
        limits = {"zero": np.zeros((), np.float32), "six": np.array(6.0, np.float32)} if ceiling else {}
        shapes = {"x": (None, first.shape[1])}, {"y": (None, second.shape[0])}
        return _write_onnx(path, nodes, *shapes, constants | limits)
    graph = _TFLite()
    x, h, y = (
        graph.tensor(name, (1, size))
        for name, size in (
            ("x", first.shape[1]),
            ("one/dense/MatMul", first.shape[0]),
            ("one/last/MatMul", second.shape[0]),
        )
    )
    kinds = schema.ActivationFunctionType
    fused = schema.FullyConnectedOptionsT(fusedActivationFunction=kinds.RELU6 if ceiling else kinds.RELU)
    layer = [x, graph.constant("w1", first), graph.constant("b1", _zeros(first))]
    graph.operator("FULLY_CONNECTED", layer, [h], ("FullyConnectedOptions", fused))
    graph.fully_connected(h, graph.constant("w2", second), graph.constant("b2", _zeros(second)), y)
    return graph.write(path, {"x": x}, {"y": y})


def write_masked(path: Path, mask: Array, *, step: float | None = None) -> Path:
    """``scores`` (1, n) to ``weights`` = softmax(scores + mask); in ONNX with a step, the sum is stored in 8 bits."""
    shape, stored = (1, mask.size), Quantization(step or 1.0, 127)
    if path.suffix == ".onnx":
        last = "sum_real" if step else "sum"
        nodes = [helper.make_node("Add", ["scores", "mask"], ["sum"]), helper.make_node("Softmax", [last], ["weights"])]
        if step:
            nodes[1:1] = [
                helper.make_node("QuantizeLinear", ["sum", "sum_scale", "sum_zero"], ["sum_stored"]),
                helper.make_node("DequantizeLinear", ["sum_stored", "sum_scale", "sum_zero"], ["sum_real"]),
            ]
        constants = {"mask": mask.reshape(shape), **(_parameters("sum", stored) if step else {})}
        return _write_onnx(path, nodes, {"scores": shape}, {"weights": shape}, constants)
    graph = _TFLite()
    scores, total, weights = (graph.tensor(name, shape) for name in ("scores", "sum", "weights"))
    given = graph.constant("mask", mask.reshape(shape))
    graph.operator("ADD", [scores, given], [total], ("AddOptions", schema.AddOptionsT()))
    graph.operator("SOFTMAX", [total], [weights], ("SoftmaxOptions", schema.SoftmaxOptionsT(beta=1.0)))
    return graph.write(path, {"scores": scores}, {"weights": weights})


def _zeros(weights: Array) -> Array:
    return np.zeros(len(weights), np.float32)


class _TFLite:
    """A TFLite file in the making, by the object interface of the schema."""

    def __init__(self) -> None:
        self.subgraph = schema.SubGraphT(tensors=[], operators=[])
        self.model = schema.ModelT(version=3, operatorCodes=[], subgraphs=[self.subgraph], buffers=[schema.BufferT()])

    def tensor(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: str = "float32",
        quantization: Quantization | None = None,
        *,
        buffer: int = 0,
        variable: bool = False,
    ) -> int:
        affine = schema.QuantizationParametersT()
        if quantization is not None:
            affine.scale, affine.zeroPoint = [quantization.scale], [quantization.zero_point]
        kind = getattr(schema.TensorType, dtype.upper())
        self.subgraph.tensors.append(
            schema.TensorT(
                name=name, shape=list(shape), type=kind, buffer=buffer, quantization=affine, isVariable=variable
            )
        )
        return len(self.subgraph.tensors) - 1

    def constant(self, name: str, values: Array, quantization: Quantization | None = None) -> int:
        self.model.buffers.append(schema.BufferT(data=np.frombuffer(values.tobytes(), np.uint8)))
        return self.tensor(name, values.shape, values.dtype.name, quantization, buffer=len(self.model.buffers) - 1)

    def operator(
        self,
        name: str,
        inputs: list[int],
        outputs: list[int],
        options: tuple[str, Any] | None = None,
        *,
        version: int = 1,
        custom: bytes | None = None,
    ) -> None:
        code = getattr(schema.BuiltinOperator, name)
        self.model.operatorCodes.append(
            schema.OperatorCodeT(builtinCode=code, deprecatedBuiltinCode=code, version=version, customCode=custom)
        )
        operator = schema.OperatorT(opcodeIndex=len(self.model.operatorCodes) - 1, inputs=inputs, outputs=outputs)
        if options is not None:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, options[0])
            operator.builtinOptions = options[1]
        self.subgraph.operators.append(operator)

    def fully_connected(self, x: int, weights: int, bias: int, y: int, *, version: int = 1) -> None:
        options = ("FullyConnectedOptions", schema.FullyConnectedOptionsT())
        self.operator("FULLY_CONNECTED", [x, weights, bias], [y], options, version=version)

    def write(
        self,
        path: Path,
        inputs: Mapping[str, int],
        outputs: Mapping[str, int],
        *,
        signature: bool = True,
        returned: list[int] | None = None,
    ) -> Path:
        """Write it; what the graph returns is what its signature names, unless something else is said."""
        self.subgraph.inputs, self.subgraph.outputs = list(inputs.values()), returned or list(outputs.values())
        if signature:
            sides = ([schema.TensorMapT(name, index) for name, index in side.items()] for side in (inputs, outputs))
            self.model.signatureDefs = [schema.SignatureDefT(*sides, signatureKey="serving_default")]
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        path.write_bytes(bytes(builder.Output()))
        return path


def _affine_in_integers(graph: _TFLite, given: int, weights: Array) -> int:
    """From a float input to the stored output."""
    x = graph.tensor("t_x_stored", (1, 3), "int8", STORED_INPUT)
    graph.operator("QUANTIZE", [given], [x])
    return _affine_of_stored(graph, x, weights)


def _affine_of_stored(graph: _TFLite, x: int, weights: Array) -> int:
    y = graph.tensor("t_y_stored", (1, 2), "int8", STORED_OUTPUT)
    w = graph.constant("w", _stored(weights, STORED_WEIGHTS, "int8"), STORED_WEIGHTS)
    b = graph.constant("b", _stored(BIAS, STORED_BIAS, "int32"), STORED_BIAS)
    graph.fully_connected(x, w, b, y, version=4)
    return y


def _write_qdq(path: Path, weights: Array) -> Path:
    def step(op: str, source: str, name: str, target: str) -> onnx.NodeProto:
        return helper.make_node(op, [source, f"{name}_scale", f"{name}_zero"], [target])

    nodes = [
        step("QuantizeLinear", "x", "x", "x_stored"),
        step("DequantizeLinear", "x_stored", "x", "x_real"),
        step("DequantizeLinear", "w_stored", "w", "w"),
        helper.make_node("Gemm", ["x_real", "w", "b"], ["y_real"], transB=1),
        step("QuantizeLinear", "y_real", "y", "y_stored"),
        step("DequantizeLinear", "y_stored", "y", "y"),
    ]
    constants = {"w_stored": _stored(weights, STORED_WEIGHTS, "int8"), "b": BIAS}
    for name, quantization in (("x", STORED_INPUT), ("w", STORED_WEIGHTS), ("y", STORED_OUTPUT)):
        constants |= _parameters(name, quantization)
    return _write_onnx(path, nodes, {"x": (None, 3)}, {"y": (None, 2)}, constants)


def _write_onnx(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: Mapping[str, tuple[int | None, ...]],
    outputs: Mapping[str, tuple[int | None, ...]],
    constants: Mapping[str, Array],
    input_type: str = "FLOAT",
) -> Path:
    kind = getattr(TensorProto, input_type)
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path


def _parameters(name: str, quantization: Quantization) -> dict[str, Array]:
    return {
        f"{name}_scale": np.array(quantization.scale, np.float32),
        f"{name}_zero": np.array(quantization.zero_point, np.int8),
    }


def _stored(values: Array, quantization: Quantization, dtype: str) -> Array:
    return (np.rint(values / quantization.scale) + quantization.zero_point).astype(dtype)
