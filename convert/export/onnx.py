"""Keras and TensorFlow to ONNX by tf2onnx."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..model.opening import open_model
from .stored_onnx import nodes_of

OPSET = 17
"""LayerNormalization came with 17; tf2onnx ends at 18."""


def write(*, source: dict[str, Any], out: str) -> None:
    """Convert a model to a float32 ONNX file whose batch dimension is free where the model's is.

    Args:
        source: A `Source`, encoded.
        out: The ``.onnx`` file to write.
    """
    import onnx
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    opened = open_model(source)
    direct = opened.exported is opened.original
    _, concrete = opened.traced if direct else opened.trace(opened.exported, batch=None)
    # Frozen first: tf2onnx's own freezing takes constants that a layer captured for inputs. Loops stay loops.
    frozen = convert_variables_to_constants_v2(concrete, lower_control_flow=False, aggressive_inlining=True)
    inputs = [tensor.name for tensor in frozen.inputs]
    outputs = [tensor.name for tensor in frozen.outputs]
    proto = _convert(frozen, opened.description.name, inputs, outputs)
    _rename(proto.graph, _names(concrete, inputs, outputs))
    resize_in_current_words(proto.graph)
    for tensor in (*proto.graph.input, *proto.graph.output):
        first = tensor.type.tensor_type.shape.dim[:1]
        if first and first[0].dim_value == 0:
            first[0].dim_param = "batch"
    onnx.checker.check_model(proto)
    Path(out).write_bytes(proto.SerializeToString())


def _convert(frozen: Any, name: str, inputs: list[str], outputs: list[str]) -> Any:
    """Have tf2onnx convert a frozen function.

    Its optimizers copy the whole model before each of their passes, so that one that fails can be skipped. They are
    first tried without, which takes a third less memory, and again with copies where one fails.
    """
    import tf2onnx

    def convert() -> Any:
        proto, _ = tf2onnx.convert.from_graph_def(
            frozen.graph.as_graph_def(add_shapes=True),
            name=name,
            input_names=inputs,
            output_names=outputs,
            opset=OPSET,
            custom_op_handlers={"Erfc": (_complementary_error_function, [])},
        )
        return proto

    os.environ["TF2ONNX_CATCH_ERRORS"] = "FALSE"
    with _constants_written_once():
        try:
            return convert()
        except Exception:  # noqa: BLE001 - an optimizer's; if it is the model's fault it is raised again
            del os.environ["TF2ONNX_CATCH_ERRORS"]
            return convert()
        finally:
            os.environ.pop("TF2ONNX_CATCH_ERRORS", None)


@contextmanager
def _constants_written_once() -> Iterator[None]:
    """Keep tf2onnx from writing constants that stayed as they are into their messages again after each of its passes.

    Protocol buffers never give back what a field held before: some thirty passes kept thirty copies of the model.
    """
    from tf2onnx.graph import Node

    write = Node.update_proto

    def write_changed(node: Any, external_tensor_storage: Any = None) -> None:
        value = node.attr.get("value") if node.type == "Const" else None
        if value is None or getattr(node, "written", None) is not value:
            write(node, external_tensor_storage)
            node.written = value

    Node.update_proto = write_changed
    try:
        yield
    finally:
        Node.update_proto = write


def _names(concrete: Any, inputs: list[str], outputs: list[str]) -> dict[str, str]:
    """From the graph's tensors to the contract's names, in the order in which TensorFlow flattens both."""
    import tensorflow as tf

    given = sorted(concrete.structured_input_signature[1])
    returned = tf.nest.flatten({name: name for name in concrete.structured_outputs})
    return dict(zip(inputs, given, strict=True)) | dict(zip(outputs, returned, strict=True))


def _complementary_error_function(context: Any, node: Any, name: str, _: Any) -> None:
    """``erfc(x) = 1 - erf(x)``, which ONNX has and tf2onnx does not know (exact GELU of Keras 3)."""
    output, shape, dtype = node.output[0], context.get_shape(node.output[0]), context.get_dtype(node.output[0])
    given = node.input[0]
    context.remove_node(node.name)
    error_function = context.make_node("Erf", [given])
    one = context.make_const(f"{name}/one", np.array(1, np.float32))
    context.make_node(
        "Sub", [one.output[0], error_function.output[0]], outputs=[output], shapes=[shape], dtypes=[dtype]
    )


def _rename(graph: Any, names: dict[str, str]) -> None:
    """Give tensors other names, everywhere they occur: loops and branches read what is outside of them too."""
    for node in nodes_of(graph):
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    for tensor in (*graph.input, *graph.output):
        tensor.name = names.get(tensor.name, tensor.name)


def resize_in_current_words(graph: Any) -> None:
    """The nearest pixel as TensorFlow chooses it, ``floor((x + 0.5) / scale)``, said as opset 13 and later say it.

    ``half_pixel`` is ``(x + 0.5) / scale - 0.5``; to round that, halves up, is to take the floor half a pixel on.

    Args:
        graph: A ``GraphProto``, changed in place.
    """
    for node in nodes_of(graph):
        settings = {attribute.name: attribute for attribute in node.attribute}
        mode = settings.get("coordinate_transformation_mode")
        if node.op_type == "Resize" and mode is not None and mode.s == b"tf_half_pixel_for_nn":
            mode.s, settings["nearest_mode"].s = b"half_pixel", b"round_prefer_ceil"
