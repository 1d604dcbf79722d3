"""The scale of an int8 LSTM's cell state: widened where its kernel could not compute with it, and nothing else."""

from __future__ import annotations

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from litefoot.convert.export.lstm import widen_cells

INPUTS = 24
CELL = 19


def lstm_file(scale: float, *, kind: int = schema.TensorType.INT16, fused: bool = True) -> bytes:
    """A file with the tensors of one operator, each of the same scale; not one that runs."""
    tensors = []
    for number in range(INPUTS):
        quantization = schema.QuantizationParametersT()
        quantization.scale, quantization.zeroPoint = [scale], [0]
        tensor = schema.TensorT()
        tensor.type = kind if number == CELL else schema.TensorType.INT8
        tensor.shape, tensor.buffer, tensor.quantization = [1], 0, quantization
        tensors.append(tensor)
    operator, code = schema.OperatorT(), schema.OperatorCodeT()
    operator.inputs, operator.outputs, operator.opcodeIndex = list(range(INPUTS)), [], 0
    code.builtinCode = (
        schema.BuiltinOperator.UNIDIRECTIONAL_SEQUENCE_LSTM if fused else schema.BuiltinOperator.CONCATENATION
    )
    graph, model = schema.SubGraphT(), schema.ModelT()
    graph.tensors, graph.operators, graph.inputs, graph.outputs = tensors, [operator], [], []
    model.version, model.subgraphs, model.operatorCodes, model.buffers = 3, [graph], [code], [schema.BufferT()]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def scales(content: bytes) -> list[float]:
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    return [float(tensor.quantization.scale[0]) for tensor in model.subgraphs[0].tensors]


@pytest.mark.parametrize("exponent", [-16, -17, -20])
def test_a_cell_finer_than_the_kernel_knows_is_widened_alone(exponent: int) -> None:
    content = lstm_file(2.0**exponent)
    widened = widen_cells(content)
    expected = [2.0**-15 if number == CELL else 2.0**exponent for number in range(INPUTS)]
    assert scales(widened) == expected
    assert len(widened) == len(content)
    assert np.count_nonzero(np.frombuffer(widened, "u1") != np.frombuffer(content, "u1")) <= 4
    assert widen_cells(widened) == widened


@pytest.mark.parametrize(
    "content",
    [
        lstm_file(2.0**-15),
        lstm_file(2.0**-11),
        lstm_file(2.0**-16, kind=schema.TensorType.FLOAT32),
        lstm_file(2.0**-16, fused=False),
    ],
    ids=["at the limit", "coarser", "float", "no LSTM"],
)
def test_every_other_file_stays_as_it_is(content: bytes) -> None:
    assert widen_cells(content) == content
