"""The audit of files whose weights are known: zeros, distinct values, bits, layers."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from onnx import TensorProto, helper, numpy_helper, save
from tiny_models import WEIGHTS, _TFLite, write_affine, write_affine_hybrid, write_affine_int8, write_affine_uint8

from litefoot.convert.audit import FileAudit, audit_file
from litefoot.convert.audit.constants import Constant, layer_of
from litefoot.convert.audit.weights import audit_constant
from litefoot.runtime.errors import UnreadableModel
from litefoot.runtime.storage.codec import decode, encode

Array = npt.NDArray[Any]
SUFFIXES = (".tflite", ".onnx")


def constant(stored: Array, **fields: Any) -> Constant:
    told: dict[str, Any] = {
        "tensor": "m/dense/MatMul", "names": (), "operator": "FULLY_CONNECTED", "axis": 0, "dtype": stored.dtype.name,
        "bits": 8 * stored.itemsize, "data": stored.tobytes(),
    }  # fmt: skip
    return Constant(stored=stored, **(told | fields))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_float_file(tmp_path: Path, suffix: str) -> None:
    path = write_affine(tmp_path / f"fp32{suffix}")
    audit = audit_file(path)
    (weight,) = audit.weights
    assert (audit.name, audit.bytes) == (path.name, path.stat().st_size)
    assert audit.gzip_bytes == len(gzip.compress(path.read_bytes(), 9, mtime=0))
    assert audit.zeros == pytest.approx(1 / 6)
    assert audit.quantized == 0.0
    assert (weight.tensor, weight.layer, weight.shape, weight.dtype, weight.bits) == ("w", None, (2, 3), "float32", 32)
    assert (weight.count, weight.values, weight.stored_values, weight.channel_values) == (6, 5, 5, 3)
    assert weight.gzip_bytes == len(gzip.compress(WEIGHTS.tobytes(), 9, mtime=0))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_quantized_file(tmp_path: Path, suffix: str) -> None:
    audit = audit_file(write_affine_int8(tmp_path / f"int8{suffix}"))
    (weight,) = audit.weights
    assert (weight.dtype, weight.bits, weight.zeros, weight.values) == ("int8", 8, pytest.approx(1 / 6), 5)
    assert audit.quantized == 1.0


@pytest.mark.parametrize("operator", ["LSTM", "GRU"])
def test_the_two_directions_of_a_recurrent_layer_are_weights_of_their_own(tmp_path: Path, operator: str) -> None:
    gates = {"LSTM": 4, "GRU": 3}[operator]
    forward, backward = np.zeros((gates, 3)), np.arange(gates * 3.0).reshape(gates, 3)
    given = {"w": np.stack([forward, backward]), "r": np.ones((2, gates, 1))}
    node = helper.make_node(operator, ["x", "w", "r"], ["y"], hidden_size=1, direction="bidirectional")
    graph = helper.make_graph(
        [node],
        "both",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (2, 1, 3))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (2, 2, 1, 1))],
        [numpy_helper.from_array(array.astype(np.float32), name) for name, array in given.items()],
    )
    save(helper.make_model(graph), tmp_path / "both.onnx")
    weights = audit_file(tmp_path / "both.onnx").weights
    assert [weight.tensor for weight in weights] == ["w[0]", "w[1]", "r[0]", "r[1]"]
    assert [weight.values for weight in weights] == [1, gates * 3, 1, 1]
    assert [weight.zeros for weight in weights] == [1.0, pytest.approx(1 / (gates * 3)), 0.0, 0.0]
    assert [weight.count for weight in weights] == [gates * 3, gates * 3, gates, gates]


def test_zero_is_the_zero_point(tmp_path: Path) -> None:
    (weight,) = audit_file(write_affine_uint8(tmp_path / "old.tflite")).weights
    assert (weight.dtype, weight.zeros) == ("uint8", pytest.approx(1 / 6))


def test_weights_in_8_bits_between_floats_are_found_behind_their_dequantization(tmp_path: Path) -> None:
    (weight,) = audit_file(write_affine_hybrid(tmp_path / "dynamic.tflite")).weights
    assert (weight.operator, weight.bits) == ("FULLY_CONNECTED", 8)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_audit_stays_what_it_is_in_json(tmp_path: Path, suffix: str) -> None:
    audit = audit_file(write_affine_int8(tmp_path / f"int8{suffix}"))
    assert decode(FileAudit, encode(audit), "audit") == audit


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_no_model_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"no{suffix}"
    for content in (b"", b"\x00\x00\x00\x00TFL3 or not", b"nonsense" * 20):
        path.write_bytes(content)
        with pytest.raises(UnreadableModel):
            audit_file(path)
    with pytest.raises(UnreadableModel, match="not a model file"):
        audit_file(tmp_path / "missing.tflite")


# A scale for each channel, four bits, float16

STORED = np.array([[1, 2, 0, 0], [1, 2, 0, 0]], np.int8)


def test_one_scale_for_each_channel_multiplies_the_values_apart(tmp_path: Path) -> None:
    graph = _TFLite()
    w = graph.constant("m/dense_3/MatMul", STORED)
    parameters = graph.subgraph.tensors[w].quantization
    parameters.scale, parameters.zeroPoint, parameters.quantizedDimension = [0.5, 0.25], [0, 0], 0
    x, y = graph.tensor("x", (1, 4)), graph.tensor("y", (1, 2))
    graph.fully_connected(x, w, graph.constant("b", np.zeros(2, np.float32)), y)
    (weight,) = audit_file(graph.write(tmp_path / "int8.tflite", {"x": x}, {"y": y})).weights
    assert (weight.layer, weight.zeros, weight.fours) == ("dense_3", 0.5, 1.0)
    assert (weight.values, weight.stored_values, weight.channel_values) == (4, 3, 3)  # 0, 0.25, 0.5, 1
    assert weight.scales == 2


def test_the_same_in_onnx_where_channels_come_last(tmp_path: Path) -> None:
    tensors = {
        "m/dense_3/MatMul/ReadVariableOp:0_quantized": STORED.T,
        "s": np.array([0.5, 0.25], np.float32),
        "z": np.zeros(2, np.int8),
    }
    nodes = [
        helper.make_node("DequantizeLinear", [*tensors], ["w"], axis=1),
        helper.make_node("MatMul", ["x", "w"], ["y"], name="m/dense_3/MatMul"),
    ]
    sides = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size]) for name, size in (("x", 4), ("y", 2))]
    constants = [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in tensors.items()]
    save(helper.make_model(helper.make_graph(nodes, "g", sides[:1], sides[1:], constants)), tmp_path / "int8.onnx")
    (weight,) = audit_file(tmp_path / "int8.onnx").weights
    assert (weight.layer, weight.operator, weight.zeros, weight.fours) == ("dense_3", "MatMul", 0.5, 1.0)
    assert (weight.values, weight.stored_values, weight.channel_values) == (4, 3, 3)


def test_four_bits_stand_two_in_a_byte(tmp_path: Path) -> None:
    numbers = np.array([[0, 7, -8, -1], [0, 0, 3, 1]], np.int8)
    packed = (numbers.reshape(-1, 2)[:, 0] & 15) | ((numbers.reshape(-1, 2)[:, 1] & 15) << 4)
    graph = _TFLite()
    graph.model.buffers.append(schema.BufferT(data=packed.astype(np.uint8)))
    w = graph.tensor("w", numbers.shape, "int4", buffer=1)
    x, y = graph.tensor("x", (1, 4)), graph.tensor("y", (1, 2))
    graph.fully_connected(x, w, graph.constant("b", np.zeros(2, np.float32)), y)
    (weight,) = audit_file(graph.write(tmp_path / "int4.tflite", {"x": x}, {"y": y})).weights
    assert (weight.bits, weight.count, weight.zeros, weight.values) == (4, 8, 3 / 8, 6)


def test_halves_are_found_behind_their_dequantization(tmp_path: Path) -> None:
    graph = _TFLite()
    stored, real = graph.constant("m/dense/MatMul", WEIGHTS.astype(np.float16)), graph.tensor("real", WEIGHTS.shape)
    x, y = graph.tensor("x", (1, 3)), graph.tensor("y", (1, 2))
    graph.operator("DEQUANTIZE", [stored], [real])
    graph.fully_connected(x, real, graph.constant("b", np.zeros(2, np.float32)), y)
    (weight,) = audit_file(graph.write(tmp_path / "fp16.tflite", {"x": x}, {"y": y})).weights
    assert (weight.layer, weight.operator, weight.dtype, weight.bits) == ("dense", "FULLY_CONNECTED", "float16", 16)


def test_the_one_layer_that_is_not_found_has_the_weights_without_a_name(tmp_path: Path) -> None:
    path = write_affine(tmp_path / "fp32.tflite")
    assert audit_file(path, ["lstm"]).weights[0].layer == "lstm"
    assert audit_file(path, ["lstm", "gru"]).weights[0].layer is None


# Properties

arrays = npst.arrays(np.int8, npst.array_shapes(min_dims=2, max_dims=4, max_side=6), elements=st.integers(-3, 3))


@settings(deadline=None)
@given(stored=arrays, data=st.data())
def test_counts_are_those_of_a_plain_loop(stored: Array, data: st.DataObject) -> None:
    axis = data.draw(st.integers(0, stored.ndim - 1))
    across = [1] * stored.ndim
    across[axis] = stored.shape[axis]
    powers = data.draw(st.lists(st.integers(-2, 2), min_size=across[axis], max_size=across[axis]))
    scale = (2.0 ** np.array(powers)).astype(np.float32).reshape(across)
    point = data.draw(st.integers(-2, 2))
    audit = audit_constant(constant(stored, axis=axis, scale=scale, zero_point=np.array(point)))
    channels = [[(int(n) - point) * 2.0**power for n in part.ravel()] for part, power in zip(
        np.moveaxis(stored, axis, 0), powers, strict=True)]  # fmt: skip
    everything = [value for channel in channels for value in channel]
    assert audit.zeros == pytest.approx(everything.count(0.0) / len(everything))
    assert audit.values == len(set(everything))
    assert audit.channel_values == max(len(set(channel)) for channel in channels)
    assert audit.stored_values == len(set(stored.ravel().tolist()))
    groups = [channel[i : i + 4] for channel in channels for i in range(0, len(channel) - 3, 4)]
    met = [group.count(0.0) >= 2 for group in groups]
    assert audit.fours == pytest.approx(sum(met) / len(met) if met else 0.0)


@settings(deadline=None)
@given(st.permutations(range(4)))
def test_the_neighbours_of_a_convolution_are_its_input_channels_in_both_formats(order: list[int]) -> None:
    kernel = np.zeros((2, 3, 3, 8), np.float32)  # output channels, window, input channels
    kernel.reshape(2, 3, 3, 2, 4)[..., order[:2]] = 1.0
    tflite = audit_constant(constant(kernel, operator="CONV_2D"))
    onnx = audit_constant(constant(np.moveaxis(kernel, -1, 1), operator="Conv"))
    assert tflite.fours == onnx.fours == 1.0
    assert tflite.zeros == onnx.zeros == 0.5


# Names


@pytest.mark.parametrize(
    ("tensor", "layer"),
    [
        ("mnist/conv2d_5/Conv2D", "conv2d_5"),
        ("mnist/batch_normalization_10/FusedBatchNormV3;mnist/depthwise_conv2d_4/depthwise", "depthwise_conv2d_4"),
        ("functional/quant_scores/MatMul;functional/quant_scores/LastValueQuant/FakeQuantWithMinMaxVars", "scores"),
        ("mobile/re_lu_2/Relu6;mobile/conv2d_1/Conv2D;mobile/conv2d_1/Conv2D/ReadVariableOp", "conv2d_1"),
        ("text-class/embedding_1/embedding_lookup/1110:0", "embedding_1"),
        ("m/outer/inner/dense/Tensordot/MatMul", "dense"),
        ("mnist/conv2d_5/Conv2D_weights_fused_bn_quantized", "conv2d_5"),
        ("arith.constant23", None),
        ("W__84", None),
    ],
)  # fmt: skip
def test_layers_by_the_shape_of_names(tensor: str, layer: str | None) -> None:
    assert layer_of(constant(STORED, tensor=tensor)) == layer


def test_layers_that_are_known_are_found_wherever_they_stand() -> None:
    inside = constant(STORED, tensor="m/attention/query/einsum/Einsum")
    assert layer_of(inside) == "query"
    assert layer_of(inside, ["attention", "dense"]) == "attention"
    by_bias = constant(STORED, tensor="StatefulPartitionedCall:01", names=("m/scores/BiasAdd/ReadVariableOp",))
    assert layer_of(by_bias) == layer_of(by_bias, ["scores"]) == "scores"


def test_a_folded_normalisation_is_known_by_the_names_around() -> None:
    assert constant(STORED, names=("m/batch_normalization_1/FusedBatchNormV3;m/conv2d/Conv2D",)).folded
    assert not constant(STORED, names=("m/conv2d/BiasAdd",)).folded
