"""What only moves the values of a tensor that was freed is freed with it, in both formats."""

from __future__ import annotations

from pathlib import Path

import onnx
import tiny_models
from onnx import TensorProto, helper

from litefoot.convert.rescue.moving import moved


def test_values_are_followed_through_all_that_moves_them(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["positive"]),
        helper.make_node("Transpose", ["positive"], ["turned"], perm=[1, 0]),
        helper.make_node("Concat", ["turned", "x"], ["both"], axis=0),
        helper.make_node("Neg", ["both"], ["negative"]),
        helper.make_node("Identity", ["negative"], ["y"]),
    ]
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, (rows, 2)) for name, rows in (("x", 2), ("y", 4)))
    path = tmp_path / "moves.onnx"
    onnx.save(helper.make_model(helper.make_graph(nodes, "moves", [x], [y])), str(path))
    assert moved(path, ["positive"]) == ("positive", "turned", "both")
    assert moved(path, ["negative", "x"]) == ("negative", "x", "both", "y")
    assert moved(path, []) == ()


def test_what_computes_is_no_move(tmp_path: Path) -> None:
    path = tiny_models.write_affine(tmp_path / "computes.tflite")
    assert moved(path, ["t_x"]) == ("t_x",)


def test_a_reshape_of_a_tflite_file_moves(tmp_path: Path) -> None:
    path = tiny_models.write_reshaped(tmp_path / "moves.tflite")
    assert moved(path, ["t_x"]) == ("t_x", "t_y")
