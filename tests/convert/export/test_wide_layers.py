"""One scale for all weights of a layer, where scales would weigh much and one is fine enough; the file shrinks."""

from __future__ import annotations

from pathlib import Path

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from litefoot.convert.export.quantize_tflite import write
from litefoot.convert.export.wide_layers import is_wide, wide_layers
from litefoot.runtime.model import load


def normal(channels: int, inputs: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((channels, inputs), np.float32)


@pytest.mark.parametrize(
    ("channels", "inputs", "wide"),
    [(12544, 100, True), (1024, 192, True), (1023, 100, False), (4096, 193, False), (10, 64, False)],
)
def test_a_layer_is_wide_by_what_its_scales_weigh(channels: int, inputs: int, wide: bool) -> None:
    assert is_wide(normal(channels, inputs)) == wide


def test_weights_of_very_different_size_keep_their_scales() -> None:
    weights = normal(2048, 50)
    weights[0] *= 100.0
    assert not is_wide(weights)
    assert not is_wide(np.zeros((2048, 50), np.float32))


def dense(path: Path, weights: np.ndarray) -> Path:
    """A file of one dense layer: ``x`` (1, inputs) to ``y`` (1, outputs)."""
    outputs, inputs = weights.shape

    def tensor(name: str, shape: tuple[int, ...], buffer: int) -> schema.TensorT:
        made = schema.TensorT()
        made.name, made.shape, made.buffer, made.type = name.encode(), list(shape), buffer, schema.TensorType.FLOAT32
        return made

    def buffer(content: bytes | None) -> schema.BufferT:
        made = schema.BufferT()
        made.data = None if content is None else np.frombuffer(content, np.uint8)
        return made

    operator, code, graph, model = schema.OperatorT(), schema.OperatorCodeT(), schema.SubGraphT(), schema.ModelT()
    operator.inputs, operator.outputs, operator.opcodeIndex = [0, 1, 2], [3], 0
    operator.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
    operator.builtinOptions = schema.FullyConnectedOptionsT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FULLY_CONNECTED
    code.version = 1
    names = (("x", (1, inputs), 0), ("w", weights.shape, 1), ("b", (outputs,), 2), ("y", (1, outputs), 0))
    graph.tensors = [tensor(*parts) for parts in names]
    graph.inputs, graph.outputs, graph.operators = [0], [3], [operator]
    model.version, model.operatorCodes, model.subgraphs = 3, [code], [graph]
    model.buffers = [buffer(None), buffer(weights.tobytes()), buffer(np.zeros(outputs, np.float32).tobytes())]
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(builder.Output())
    return path


@pytest.mark.parametrize("channels", [2048, 512])
def test_a_wide_layers_file_is_as_small_as_its_weights(tmp_path: Path, channels: int) -> None:
    weights = normal(channels, 64)
    source, out = dense(tmp_path / "float.tflite", weights), tmp_path / "dynamic.tflite"
    assert wide_layers(source) == (["y"] if channels == 2048 else [])
    write(source=str(source), precision="dynamic", integer_io=False, calibration=None, out=str(out))
    scales = out.stat().st_size - weights.size
    assert (scales < 0.1 * weights.size + 4 * channels) == (channels == 2048)
    values = np.random.default_rng(1).standard_normal((1, 64), np.float32)
    result = load(out)(values)
    assert isinstance(result, np.ndarray)
    error = np.linalg.norm(result - values @ weights.T) / np.linalg.norm(result)
    assert error < 0.02
