"""Weights of ONNX files in 16 and in 8 bits: known numbers, stored, restored, and computed with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from litefoot.convert.audit import audit_file
from litefoot.convert.audit.onnx import read_onnx
from litefoot.convert.export.narrow_onnx import write
from litefoot.runtime import load
from litefoot.runtime.graph import read_graph
from litefoot.runtime.verification.drift import measure
from litefoot.runtime.verification.subjects import precision_of

Array = npt.NDArray[Any]
RANDOM = np.random.default_rng(0)
PRECISIONS = ("fp16", "dynamic")


def normal(*shape: int) -> Array:
    return RANDOM.normal(size=shape, scale=0.1).astype(np.float32)


def on_a_grid(*shape: int, axis: int) -> Array:
    """Weights that 8 bits hold exactly: whole numbers to 127, with another power of two for each channel."""
    scales = np.float32(2.0) ** -(1 + np.arange(shape[axis]) % 4)
    across = [1] * len(shape)
    across[axis] = -1
    whole = RANDOM.integers(-127, 128, shape).astype(np.float32)
    np.moveaxis(whole, axis, 0).reshape(shape[axis], -1)[:, 0] = 127
    return (whole * scales.reshape(across)).astype(np.float32)


def network(path: Path, nodes: Sequence[Any], x: Sequence[int], y: Sequence[int | None], **constants: Array) -> Path:
    """A file of these operators from ``x`` to ``y``."""
    sides = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in (("x", x), ("y", y))]
    tensors = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "g", sides[:1], sides[1:], tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def node(kind: str, taken: str, given: str, **settings: Any) -> Any:
    return helper.make_node(kind, taken.split(), given.split(), name=f"m/{kind}/{given.split()[0]}", **settings)


def dense(path: Path, width: int, weights: Array | None = None) -> Path:
    weights = on_a_grid(width, width, axis=1) if weights is None else weights
    return network(path, [node("MatMul", "x w", "y")], (1, width), (1, width), w=weights)


def recurrent(path: Path, kind: str, units: int, features: int) -> Path:
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[kind]
    constants = {"w": normal(1, gates * units, features), "r": normal(1, gates * units, units)}
    taken, shape = node(kind, "x w r", "all y", hidden_size=units), (5, 1, features)
    return network(path, [taken], shape, (1, 1, units), **constants)


def narrow(path: Path, precision: str, **options: Any) -> tuple[Path, Counter[str]]:
    """The file made of another one, and its operators."""
    out = path.with_name(f"{precision}.onnx")
    assert write(source=str(path), precision=precision, out=str(out), **options) is None
    onnx.checker.check_model(onnx.load(out), full_check=False)
    return out, Counter(each.op_type for each in onnx.load(out).graph.node)


def stored(path: Path) -> dict[str, Array]:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer}


def answers(path: Path) -> Array:
    model = load(path)
    (spec,) = model.inputs
    x = np.random.default_rng(1).normal(size=[size or 1 for size in spec.shape]).astype(np.float32)
    answer = model(x)
    assert isinstance(answer, np.ndarray)
    assert answer.dtype == np.float32
    assert spec.dtype == "float32"
    return answer


def assert_audited_alike(out: Path, source: Path) -> None:
    """The audit finds the weights of both files, and the same values to half a step."""
    found, expected = ([weight.real() for weight in read_onnx(path)] for path in (out, source))
    for values, exact in zip(found, expected, strict=True):
        step = (exact.max() - min(exact.min(), 0.0)) / 127
        np.testing.assert_allclose(values, exact.reshape(values.shape), rtol=0, atol=0.51 * step)


# 16 bits


def test_weights_in_16_bits_are_rounded_and_brought_back_by_one_cast_each(tmp_path: Path) -> None:
    source = dense(tmp_path / "fp32.onnx", 64, normal(64, 64))
    out, operators = narrow(source, "fp16")
    assert operators == {"Cast": 1, "MatMul": 1}
    np.testing.assert_array_equal(stored(out)["w_stored"], stored(source)["w"].astype(np.float16))
    np.testing.assert_allclose(answers(out), answers(source), atol=64 * 2**-12)
    assert out.stat().st_size < 0.6 * source.stat().st_size
    assert precision_of(read_graph(out)) == "fp16"


def test_what_16_bits_cannot_hold_stays_as_it_is(tmp_path: Path) -> None:
    mask, w = np.full((1, 64), -1e9, np.float32).repeat(64, axis=0), normal(64, 64)
    nodes = [node("MatMul", "x w", "h"), node("Add", "h mask", "y")]
    source = network(tmp_path / "fp32.onnx", nodes, (64, 64), (64, 64), w=w, mask=mask)
    out, _ = narrow(source, "fp16")
    assert {name: array.dtype.name for name, array in stored(out).items()} == {"w_stored": "float16", "mask": "float32"}


# 8 bits


def test_a_large_matrix_computes_on_integers_by_ranges_of_each_call(tmp_path: Path) -> None:
    source = dense(tmp_path / "fp32.onnx", 128)
    out, operators = narrow(source, "dynamic")
    assert operators["DynamicQuantizeLinear"] == operators["MatMulInteger"] == 1
    assert operators["MatMul"] == 0
    assert_audited_alike(out, source)
    (weight,) = audit_file(out).weights
    assert (weight.operator, weight.dtype, weight.bits) == ("MatMulInteger", "int8", 8)
    np.testing.assert_array_equal(stored(out)["w_quantized"], on_the_grid(stored(source)["w"], axis=1))
    assert measure(answers(source), answers(out)).sqnr_db > 35
    assert out.stat().st_size < 0.3 * source.stat().st_size
    assert precision_of(read_graph(out)) == "dynamic"


def test_a_small_matrix_is_only_stored_in_8_bits_for_it_would_be_slower(tmp_path: Path) -> None:
    source = dense(tmp_path / "fp32.onnx", 64)
    out, operators = narrow(source, "dynamic")
    assert operators == {"Cast": 1, "Mul": 1, "MatMul": 1}
    np.testing.assert_array_equal(stored(out)["w_stored"], on_the_grid(stored(source)["w"], axis=1))
    np.testing.assert_array_equal(answers(out), answers(source))  # the grid has these weights exactly
    assert precision_of(read_graph(out)) == "dynamic"
    assert out.stat().st_size < 0.35 * source.stat().st_size


def on_the_grid(weights: Array, axis: int) -> Array:
    others = tuple(i for i in range(weights.ndim) if i != axis)
    return np.rint(weights / (np.abs(weights).max(axis=others, keepdims=True) / 127)).astype(np.int8)


def test_a_gemm_computes_on_integers_too(tmp_path: Path) -> None:
    constants = {"w": normal(128, 128), "b": normal(128)}
    gemm = node("Gemm", "x w b", "y", transB=1)
    source = network(tmp_path / "fp32.onnx", [gemm], (1, 128), (1, 128), **constants)
    out, operators = narrow(source, "dynamic")
    assert operators["MatMulInteger"] == 1
    assert measure(answers(source), answers(out)).sqnr_db > 35


def test_a_large_lstm_computes_on_integers(tmp_path: Path) -> None:
    source = recurrent(tmp_path / "fp32.onnx", "LSTM", units=64, features=32)
    out, operators = narrow(source, "dynamic")
    assert_audited_alike(out, source)
    assert operators == {"DynamicQuantizeLSTM": 1}
    assert [(weight.operator, weight.bits) for weight in audit_file(out).weights] == [("DynamicQuantizeLSTM", 8)] * 2
    assert measure(answers(source), answers(out)).sqnr_db > 30
    assert out.stat().st_size < 0.3 * source.stat().st_size
    assert precision_of(read_graph(out)) == "dynamic"


@pytest.mark.parametrize(("kind", "units"), [("LSTM", 16), ("GRU", 64), ("RNN", 64)])
def test_small_lstms_and_what_has_no_kernel_on_integers_are_stored_in_8_bits(
    tmp_path: Path, kind: str, units: int
) -> None:
    source = recurrent(tmp_path / "fp32.onnx", kind, units, features=32)
    out, operators = narrow(source, "dynamic")
    assert operators == {"Cast": 2, "Mul": 2, kind: 1}
    assert measure(answers(source), answers(out)).sqnr_db > 40
    assert_audited_alike(out, source)


def test_a_table_stays_in_8_bits_and_only_the_rows_that_are_read_are_brought_back(tmp_path: Path) -> None:
    nodes = [helper.make_node("Cast", ["x"], ["tokens"], to=TensorProto.INT64), node("Gather", "table tokens", "y")]
    table = normal(300, 16)
    source = network(tmp_path / "fp32.onnx", nodes, (1, 7), (1, 7, 16), table=table)
    out, operators = narrow(source, "dynamic")
    assert operators == {"Cast": 1, "Gather": 1, "DequantizeLinear": 1}
    tokens = np.array([[0, 1, 2, 299, 7, 7, 3]], np.float32)
    span = max(float(table.max()), 0.0) - min(float(table.min()), 0.0)
    np.testing.assert_allclose(load(out)(tokens), table[tokens.astype(int)], atol=span / 255)
    (weight,) = audit_file(out).weights
    assert (weight.operator, weight.bits) == ("Gather", 8)
    assert weight.values <= 256
    assert_audited_alike(out, source)


def convolutions(path: Path) -> Path:
    nodes = [node("Conv", "x w", "h"), node("Conv", "h d", "y", group=128)]
    constants = {"w": on_a_grid(128, 3, 3, 3, axis=0), "d": on_a_grid(128, 1, 3, 3, axis=0)}
    return network(path, nodes, (1, 3, 9, 9), (1, 128, 5, 5), **constants)


def test_convolutions_are_stored_in_8_bits_with_a_scale_for_each_channel(tmp_path: Path) -> None:
    source = convolutions(tmp_path / "fp32.onnx")
    out, operators = narrow(source, "dynamic")
    assert operators == {"Cast": 2, "Mul": 2, "Conv": 2}
    assert stored(out)["w_scale"].shape == stored(out)["d_scale"].shape == (128, 1, 1, 1)
    assert_audited_alike(out, source)
    np.testing.assert_array_equal(answers(out), answers(source))


def test_clusters_have_one_scale_but_in_depthwise_convolutions_which_have_none(tmp_path: Path) -> None:
    out, _ = narrow(convolutions(tmp_path / "fp32.onnx"), "dynamic", one_scale=True)
    assert (stored(out)["w_scale"].size, stored(out)["d_scale"].size) == (1, 128)
    four = np.float32(0.1) * RANDOM.integers(-2, 2, (128, 128)).astype(np.float32)
    for width in (64, 128):
        out, _ = narrow(dense(tmp_path / "fp32.onnx", width, four[:width, :width].copy()), "dynamic", one_scale=True)
        (weight,) = audit_file(out).weights
        assert (weight.values, weight.bits) == (4, 8)


def test_zeros_stay_zeros(tmp_path: Path) -> None:
    for width in (64, 128):
        pruned = normal(width, width)
        pruned[RANDOM.uniform(size=pruned.shape) < 0.8] = 0
        source = dense(tmp_path / "fp32.onnx", width, pruned)
        zeros = audit_file(source).weights[0].zeros
        for precision in PRECISIONS:
            assert audit_file(narrow(source, precision)[0]).weights[0].zeros >= zeros


def test_weights_that_a_loop_hands_on_are_stored_in_8_bits(tmp_path: Path) -> None:
    values = {"i": TensorProto.INT64, "go": TensorProto.BOOL}
    given = [helper.make_tensor_value_info(name, kind, []) for name, kind in values.items()]
    state, handed = (
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
        for shapes in ({"h": [1, 64], "u": [64, 64]}, {"next_h": [1, 64], "next_u": [64, 64]})
    )
    nodes = [node("MatMul", "h u", "next_h"), node("Identity", "u", "next_u"), node("Identity", "go", "on")]
    on = helper.make_tensor_value_info("on", TensorProto.BOOL, [])
    loop = node("Loop", "steps yes x w", "y last", body=helper.make_graph(nodes, "b", [*given, *state], [on, *handed]))
    constants = {"steps": np.array(3, np.int64), "yes": np.array(True), "w": on_a_grid(64, 64, axis=1)}
    source = network(tmp_path / "fp32.onnx", [loop], (1, 64), (1, 64), **constants)
    out, operators = narrow(source, "dynamic")
    assert operators == {"Cast": 1, "Mul": 1, "Loop": 1}
    np.testing.assert_array_equal(answers(out), answers(source))


# Both


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_file_with_nothing_to_store_in_fewer_bits_says_so_and_is_the_same(tmp_path: Path, precision: str) -> None:
    source, out = dense(tmp_path / "fp32.onnx", 8), tmp_path / "out.onnx"
    reason = write(source=str(source), precision=precision, out=str(out))
    assert reason is not None
    assert "no weights are large enough" in reason
    assert onnx.load(out).graph == onnx.load(source).graph
