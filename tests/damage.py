"""Spoil a model file so that it still loads: only what it computes can give the change away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
import onnx
from ai_edge_litert import schema_py_generated as schema

Array = npt.NDArray[Any]
Change = Callable[[Array], Array]


def edit_tflite(path: Path, change: Callable[[Any], None]) -> None:
    """Read a TFLite file as objects, change them, write them back."""
    content = path.read_bytes()
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    change(model)
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))


def edit_onnx(path: Path, change: Callable[[Any], None]) -> None:
    """Read an ONNX file, change it, write it back."""
    model = onnx.load(str(path))
    change(model)
    onnx.save(model, str(path))


def change_dense(path: Path, change: Change) -> None:
    """Change the float weights of the last dense layer, always given as (classes, features)."""
    if path.suffix == ".tflite":
        edit_tflite(path, lambda model: _change_fully_connected(model, change))
    else:
        edit_onnx(path, lambda model: _change_matmul(model, change))


def expose_outputs_tflite(model: Any, exposed: dict[str, str]) -> None:
    """Let the signature return, under new names, what it returned under others."""
    signature, subgraph = model.signatureDefs[0], model.subgraphs[0]
    tensors = {output.name.decode(): output.tensorIndex for output in signature.outputs}
    signature.outputs = []
    for name, source in exposed.items():
        output = schema.TensorMapT()
        output.name, output.tensorIndex = name.encode(), tensors[source]
        signature.outputs.append(output)
    subgraph.outputs = np.array([output.tensorIndex for output in signature.outputs], np.int32)


def expose_outputs_onnx(model: Any, exposed: dict[str, str]) -> None:
    """Let the graph return, under new names, what it returned under others."""
    graph = model.graph
    kept = {output.name: output for output in graph.output}
    for node in graph.node:
        node.output[:] = [f"inner/{name}" if name in kept else name for name in node.output]
        node.input[:] = [f"inner/{name}" if name in kept else name for name in node.input]
    del graph.output[:]
    for name, source in exposed.items():
        graph.node.append(onnx.helper.make_node("Identity", [f"inner/{source}"], [name]))
        output = graph.output.add()
        output.CopyFrom(kept[source])
        output.name = name


def _change_fully_connected(model: Any, change: Change) -> None:
    subgraph = model.subgraphs[0]
    dense = next(
        operator
        for operator in subgraph.operators
        if _code(model, operator.opcodeIndex) == schema.BuiltinOperator.FULLY_CONNECTED
    )
    tensor = subgraph.tensors[dense.inputs[1]]
    assert tensor.type == schema.TensorType.FLOAT32
    buffer = model.buffers[tensor.buffer]
    weights = np.frombuffer(bytes(buffer.data), np.float32).reshape(tensor.shape)
    buffer.data = np.frombuffer(change(weights.copy()).astype(np.float32).tobytes(), np.uint8)


def _code(model: Any, index: int) -> int:
    code = model.operatorCodes[index]
    return max(code.builtinCode, code.deprecatedBuiltinCode)


def _change_matmul(model: Any, change: Change) -> None:
    matmul = next(node for node in model.graph.node if node.op_type == "MatMul")
    tensor = next(tensor for tensor in model.graph.initializer if tensor.name == matmul.input[1])
    weights = onnx.numpy_helper.to_array(tensor).T.copy()
    tensor.CopyFrom(onnx.numpy_helper.from_array(np.ascontiguousarray(change(weights).T), tensor.name))
