"""Errors put into one layer of a file are found in that layer, and how much of them arrives is told apart."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import onnx
import pytest
import tiny_models
from damage import edit_onnx
from onnx import TensorProto, helper, numpy_helper

from litefoot.convert.explain import LayerError, explain_layers, worst
from litefoot.convert.export import narrow_onnx
from litefoot.runtime.errors import UnreadableModel, UsageError

FIRST = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
SECOND = np.array([[1.0, 1.0]], np.float32)
X = {"x": np.array([[1.0, 2.0], [3.0, 1.0], [2.0, 2.0]], np.float32)}
FORMATS = pytest.mark.parametrize("suffix", [".tflite", ".onnx"])


def by_tensor(layers: tuple[LayerError, ...]) -> dict[str, LayerError]:
    return {layer.float_tensor: layer for layer in layers}


@FORMATS
def test_a_file_against_itself_loses_nothing(tmp_path: Path, suffix: str) -> None:
    file = tiny_models.write_two_layers(tmp_path / f"a{suffix}", FIRST, SECOND)
    for layer in explain_layers(file, file, X):
        assert layer.sqnr_db == layer.own_sqnr_db == math.inf
        assert layer.noise_share == 0.0


@FORMATS
def test_an_error_in_the_first_layer_is_passed_on_and_not_the_second_ones_own(tmp_path: Path, suffix: str) -> None:
    file = tiny_models.write_two_layers(tmp_path / f"a{suffix}", FIRST, SECOND)
    spoilt = tiny_models.write_two_layers(tmp_path / f"b{suffix}", FIRST * np.float32(1.1), SECOND)
    layers = explain_layers(file, spoilt, X)
    first, second = layers[1], layers[-1]
    assert first.own_sqnr_db == pytest.approx(20.0, abs=1e-4)
    assert second.sqnr_db == pytest.approx(20.0, abs=1e-4)
    assert second.own_sqnr_db > 120.0
    assert worst(layers)[0] == first
    assert first.noise_share == pytest.approx(1.0)


@FORMATS
def test_an_error_in_the_last_layer_is_its_own(tmp_path: Path, suffix: str) -> None:
    file = tiny_models.write_two_layers(tmp_path / f"a{suffix}", FIRST, SECOND)
    spoilt = tiny_models.write_two_layers(tmp_path / f"b{suffix}", FIRST, SECOND * np.float32(1.01))
    layers = explain_layers(file, spoilt, X)
    assert layers[-1].own_sqnr_db == layers[-1].sqnr_db == pytest.approx(40.0, abs=1e-3)
    assert layers[-1].noise_share == 1.0
    assert layers[-1].layer == "last"


@FORMATS
def test_noise_that_the_next_layer_swallows_hurts_nobody(tmp_path: Path, suffix: str) -> None:
    """The second channel is read with a weight of nothing; half of the error is in it."""
    blind = np.array([[1.0, 0.0]], np.float32)
    file = tiny_models.write_two_layers(tmp_path / f"a{suffix}", FIRST, blind)
    rough = np.array([[1.0, 0.0], [0.0, 5.0]], np.float32)
    layers = explain_layers(file, tiny_models.write_two_layers(tmp_path / f"b{suffix}", rough, blind), X)
    assert layers[1].own_sqnr_db < 0.0
    assert layers[1].noise_share == 0.0


def test_integers_are_measured_in_their_own_steps(tmp_path: Path) -> None:
    """Exact on whole inputs, and half a step off on quarters, in steps of a half."""
    for suffix in (".tflite", ".onnx"):
        file = tiny_models.write_affine(tmp_path / f"a{suffix}", batch=1)
        stored = tiny_models.write_affine_int8(tmp_path / f"b{suffix}", float_io=True)
        exact = explain_layers(file, stored, {"x": np.array([[1.0, 2.0, 3.0]], np.float32)})
        assert {layer.max_error_steps for layer in exact} == {0.0}
        rounded = explain_layers(file, stored, {"x": np.array([[1.25, 2.0, 3.0]], np.float32)})
        assert rounded[0].operator == "INPUT"
        assert rounded[0].max_error_steps == 0.5
        assert {layer.range is not None and layer.range.low for layer in exact} == {-65.5, -62.0}


def test_integer_inputs_are_fed_with_real_values(tmp_path: Path) -> None:
    file = tiny_models.write_affine(tmp_path / "a.tflite", batch=1)
    stored = tiny_models.write_affine_int8(tmp_path / "b.tflite")
    layers = explain_layers(file, stored, {"x": np.array([[1.0, 2.0, 3.0]], np.float32)})
    assert [layer.max_error_steps for layer in layers] == [0.0, 0.0]


def test_a_mask_hides_its_harm_from_every_figure_but_one(tmp_path: Path) -> None:
    """The sum of scores and -1e9 has 170 dB and no error in steps; and all scores have become one."""
    mask = np.array([0.0, 0.0, 0.0, -1e9], np.float32)
    file = tiny_models.write_masked(tmp_path / "a.onnx", mask)
    stored = tiny_models.write_masked(tmp_path / "b.onnx", mask, step=4e6)
    guilty = worst(explain_layers(file, stored, {"scores": np.array([[1.0, 5.0, 9.0, 2.0]], np.float32)}))[0]
    assert guilty.operator == "Add"
    assert guilty.sqnr_db > 150.0
    assert guilty.max_error_steps is not None
    assert guilty.max_error_steps < 1e-3
    assert guilty.noise_share > 0.99


def test_a_relu_that_came_back_under_another_name_is_compared_with_itself(tmp_path: Path) -> None:
    """As a mixed ONNX file has it: what the ReLU wrote is now what it reads."""
    file = tiny_models.write_two_layers(tmp_path / "a.onnx", -FIRST, SECOND)
    renamed = tmp_path / "b.onnx"
    renamed.write_bytes(file.read_bytes())

    def rename(model: onnx.ModelProto) -> None:
        names = {"g": "h", "h": "h_in_float"}
        for node in model.graph.node:
            node.input[:] = [names.get(name, name) for name in node.input]
            node.output[:] = [names.get(name, name) for name in node.output]
        model.graph.node.append(helper.make_node("Identity", ["y"], ["unread"]))  # so that names decide

    edit_onnx(renamed, rename)
    layers = by_tensor(explain_layers(file, renamed, X))
    assert layers["h"].tensor == "h_in_float"
    assert {layer.own_sqnr_db for layer in layers.values()} == {math.inf}


def write_counter(path: Path, *, step: float) -> Path:
    """``total`` = ``before`` + ``x``, and what it stands at next; rounded down to steps."""
    nodes = [
        helper.make_node("Add", ["before", "x"], ["sum"]),
        helper.make_node("Div", ["sum", "step"], ["counted"]),
        helper.make_node("Floor", ["counted"], ["whole"]),
        helper.make_node("Mul", ["whole", "step"], ["total"]),
    ]
    kind = TensorProto.FLOAT
    sides = (
        [helper.make_tensor_value_info(name, kind, (1, 1)) for name in side] for side in (["x", "before"], ["total"])
    )
    constant = onnx.numpy_helper.from_array(np.array(step, np.float32), "step")
    graph = helper.make_graph(nodes, "counter", *sides, [constant])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))
    return path


def test_a_model_with_state_is_taken_through_its_steps_each_file_with_its_own_state(tmp_path: Path) -> None:
    """In steps of one, three quarters at a time never become anything: every step begins at nothing again."""
    file, coarse = (write_counter(tmp_path / f"{step}.onnx", step=step) for step in (0.25, 1.0))
    given = {"x": np.full((1, 8, 1), 0.75, np.float32)}
    layers = by_tensor(explain_layers(file, coarse, given, state={"before": "total"}, limit=4))
    assert layers["total"].sqnr_db == pytest.approx(0.0)
    true, counted = np.arange(1, 5) * 0.75, 0.75
    expected = 10.0 * np.log10(np.square(true).sum() / np.square(true - counted).sum())
    assert layers["sum"].sqnr_db == pytest.approx(float(expected))
    assert [name for name, layer in layers.items() if layer.own_sqnr_db < math.inf] == ["counted"]


def test_files_of_different_models_are_refused(tmp_path: Path) -> None:
    file = tiny_models.write_affine(tmp_path / "a.onnx")
    with pytest.raises(UsageError, match="nothing to compare"):
        explain_layers(file, file, {"x": np.zeros((0, 3), np.float32)})


@FORMATS
def test_a_damaged_file_is_named(tmp_path: Path, suffix: str) -> None:
    file = tiny_models.write_affine(tmp_path / f"a{suffix}")
    broken = tmp_path / f"b{suffix}"
    broken.write_bytes(b"nothing of the kind")
    with pytest.raises(UnreadableModel, match=broken.name):
        explain_layers(file, broken, X)
    with pytest.raises(UnreadableModel, match=r"readme\.txt"):
        explain_layers(file, tmp_path / "readme.txt", X)


def test_a_matrix_on_integers_is_no_multiplication_by_its_scale(tmp_path: Path) -> None:
    """ONNX Runtime's quantizer has a matrix end with a Mul, and a Gemm with an Add, under the float tensor's name."""
    large = np.random.default_rng(0).normal(size=(160, 160)).astype(np.float32)
    constants = [numpy_helper.from_array(array, name) for name, array in (("w", large), ("b", large[0]), ("v", large))]
    nodes = [helper.make_node("Gemm", ["x", "w", "b"], ["h"], "m/first/Gemm")]
    nodes += [helper.make_node("Relu", ["h"], ["r"], "m/first/Relu")]
    nodes += [helper.make_node("MatMul", ["r", "v"], ["p"], "m/second/MatMul")]
    nodes += [helper.make_node("Mul", ["p", "b"], ["y"], "m/second/Mul")]
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, 160)) for name in "xy")
    model = helper.make_model(helper.make_graph(nodes, "g", [x], [y], constants), ir_version=8)
    model.opset_import[0].version = 17
    source, out = tmp_path / "fp32.onnx", tmp_path / "dynamic.onnx"
    onnx.save(model, source)
    narrow_onnx.write(source=str(source), precision="dynamic", out=str(out))
    layers = by_tensor(explain_layers(source, out, {"x": large[:4]}))
    found = {name: layer.operator for name, layer in layers.items()}
    assert found == {"x": "INPUT", "h": "MatMulInteger", "r": "Relu", "p": "MatMulInteger", "y": "Mul"}
