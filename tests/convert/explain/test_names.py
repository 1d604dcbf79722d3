"""Names of tensors lead back to Keras layers, and nothing is made up where they do not."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from litefoot.convert.explain.names import LayerNames
from litefoot.convert.explain.probe import Node

FUSED = "net/relu_1/Relu;net/bn_1/FusedBatchNormV3;net/conv_1/Conv2D1"


@dataclass
class Wired:
    """As much of a probe as names are read from."""

    nodes: tuple[Node, ...]
    output_tensors: dict[str, str] = field(default_factory=dict)
    input_tensors: dict[str, str] = field(default_factory=lambda: {"picture": "serving_default_picture:0"})


def layers(*nodes: Node, **tensors: dict[str, str]) -> list[str]:
    names = LayerNames(Wired(nodes, **tensors))  # type: ignore[arg-type]  # the rest of a probe is not looked at
    return [names.layer(node.outputs[0], node) for node in nodes]


@pytest.mark.parametrize(
    ("operator", "tensor", "layer"),
    [
        ("CONV_2D", FUSED, "conv_1"),
        ("FULLY_CONNECTED", "net/dense/MatMul;net/dense/BiasAdd", "dense"),
        ("DEPTHWISE_CONV_2D", "net/a/Relu;net/b/depthwise1", "b"),
        ("ADD", "net/multi_head_attention/softmax/add", "multi_head_attention"),
        ("MEAN", "StatefulPartitionedCall/net/pool/Mean", "pool"),
    ],
)
def test_the_path_of_the_operation_names_the_layer(operator: str, tensor: str, layer: str) -> None:
    others = Node("ADD", "", (), ("net/other/thing/add",))
    assert layers(Node(operator, "", (), (tensor,)), others)[0] == layer


def test_an_onnx_node_says_it_itself() -> None:
    assert layers(Node("Conv", "net/conv_1/Conv2D", (), ("net/relu_1/Relu:0",)))[0] == "conv_1"


def test_a_model_without_a_name_in_front() -> None:
    assert layers(Node("ADD", "", (), ("first/add",)), Node("MUL", "", (), ("second/mul",))) == ["first", "second"]


def test_constants_tell_where_the_output_does_not() -> None:
    node = Node("FULLY_CONNECTED", "", (), ("StatefulPartitionedCall:0",), ("net/last/MatMul",))
    assert layers(node, Node("ADD", "", (), ("net/other/thing/add",)))[0] == "last"


def test_an_output_is_called_as_callers_call_it() -> None:
    assert layers(Node("SOFTMAX", "", (), ("Call:0",)), output_tensors={"digit": "Call:0"}) == ["digit"]


def test_a_recurrent_operator_without_a_name_belongs_to_the_layer_that_lays_out_its_result() -> None:
    lstm = Node("UNIDIRECTIONAL_SEQUENCE_LSTM", "", (), ("tfl.lstm",))
    joined = Node("CONCATENATION", "", ("tfl.lstm",), ("net/both_ways/concat",))
    assert layers(lstm, joined, Node("ADD", "", (), ("net/x/y/add",)))[0] == "both_ways"


def test_what_the_file_does_not_tell_stays_empty() -> None:
    assert layers(Node("MUL", "", (), ("tfl.mul",))) == [""]


def test_an_input_has_its_own_name() -> None:
    assert LayerNames(Wired(())).layer("serving_default_picture:0", None) == "picture"  # type: ignore[arg-type]
