"""What is mended in a graph that tf2onnx wrote."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from litefoot.convert.export.onnx import resize_in_current_words


def resized(scales: tuple[float, float]) -> onnx.ModelProto:
    """Pictures ``x`` (1, 1, 4, 5) to ``y``, by the nearest pixel, in the words of opset 11."""
    words = {"coordinate_transformation_mode": "tf_half_pixel_for_nn", "nearest_mode": "floor", "mode": "nearest"}
    node = helper.make_node("Resize", ["x", "region", "scales"], ["y"], **words)
    graph = helper.make_graph(
        [node],
        "resize",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 1, 4, 5))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, 1, None, None))],
        [
            numpy_helper.from_array(np.zeros(0, np.float32), "region"),
            numpy_helper.from_array(np.array([1.0, 1.0, *scales], np.float32), "scales"),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=8)


@pytest.mark.parametrize("scales", [(2.0, 2.0), (3.0, 2.0), (1.5, 2.6), (0.5, 0.4)])
def test_the_nearest_pixel_stays_the_same(scales: tuple[float, float]) -> None:
    picture = np.arange(20, dtype=np.float32).reshape(1, 1, 4, 5)
    made = resized(scales)
    expected, *_ = onnxruntime.InferenceSession(made.SerializeToString()).run(None, {"x": picture})
    resize_in_current_words(made.graph)
    made.opset_import[0].version = 17
    onnx.checker.check_model(made)
    answer, *_ = onnxruntime.InferenceSession(made.SerializeToString()).run(None, {"x": picture})
    np.testing.assert_array_equal(answer, expected)
    assert answer.shape != picture.shape


def test_a_resize_in_a_branch_is_said_in_current_words_too() -> None:
    made = resized((2.0, 2.0))
    graph, resize = made.graph, made.graph.node[0]
    shown = helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, 1, None, None))
    branch = helper.make_graph([resize], "branch", [], [shown])
    del graph.node[:]
    graph.node.append(helper.make_node("If", ["always"], ["y"], then_branch=branch, else_branch=branch))
    graph.initializer.append(numpy_helper.from_array(np.array(True), "always"))
    resize_in_current_words(graph)
    (inner,) = graph.node[0].attribute[0].g.node
    assert b"half_pixel" in {attribute.s for attribute in inner.attribute}
