"""What cannot be carried is refused, and named: never carried as something else."""

from __future__ import annotations

from typing import Any

import pytest

from litefoot.convert.bridge import NotCarried, Refusal
from litefoot.runtime.errors import ConversionFailed

NO_CLASS, NO_OPERATION = "litefoot knows no tf_keras layer for this class", "litefoot knows no TensorFlow operation"
NO_GRAPH = "has no graph to carry"
REFUSED: dict[str, tuple[list[tuple[str, str]], str]] = {
    "LoRA": ([("tuned", "Dense")], "lora_rank=2 has no counterpart"),
    "Lambda": ([("code", "Lambda")], NO_CLASS),
    "a call of its own": ([], NO_GRAPH),
    "a cell of one's own": ([("cell", "OwnCell")], NO_CLASS),
    "a crop that Keras 3 does not make": ([("crop", "RandomCrop")], NO_CLASS),
    "a cropped resize": ([("resize", "Resize")], "it crops, pads, or has its channels first"),
    "a gate": ([("gated", "MultiHeadAttention")], "use_gate=True has no counterpart"),
    "a lambda as activation": ([("code", "Activation")], "activation is <lambda>"),
    "a layer named as a built-in": ([("mine", "Dense")], NO_CLASS),
    "a layer of one's own": ([("mine", "Own")], NO_CLASS),
    "a layer that tf_keras lacks": ([("rms", "RMSNormalization")], NO_CLASS),
    "a layer with weights as activation": ([("two", "Dense")], "activation is PReLU"),
    "a position without an axis": ([("argmax", "Argmax")], "it has no axis"),
    "a product with a vector": ([("matmul", "Matmul")], "one side is a vector"),
    "a roll without an axis": ([("roll", "Roll")], "it has no axis"),
    "a running sum without an axis": ([("cumsum", "Cumsum")], "it has no axis"),
    "a sliding window": ([("near", "MultiHeadAttention")], "sliding_window=2 has no counterpart"),
    "a sparse input": ([("few", "InputLayer")], "it is sparse"),
    "an activation of one's own": ([("mine", "Dense")], "activation is own_activation"),
    "an activation that is not in the table": ([("sparse", "Activation")], "activation is sparsemax"),
    "an initial value": ([("max", "Max")], "it has an initial value"),
    "an input of text": ([("words", "InputLayer")], "it takes text"),
    "an operation of one's own": ([("twice", "Twice")], NO_OPERATION),
    "an optional input": ([("maybe", "InputLayer")], "it is optional"),
    "an unknown operation": ([("median", "Median")], NO_OPERATION),
    "another norm": ([("norm", "Norm")], "ord=1 is not carried"),
    "another order": ([("normalize", "Normalize")], "order=1 is not carried"),
    "another triangle": ([("tril", "Tril")], "k=1 is not carried"),
    "antialiasing": ([("smooth", "Resizing")], "antialias=True has no counterpart"),
    "bins not found": ([("bins", "Discretization")], "adapt it first"),
    "channels first": ([("crop", "CenterCrop")], "data_format='channels_first' has no counterpart"),
    "decimals": ([("round", "Round")], "decimals=2 is not carried"),
    "float64": ([("wide", "Dense")], "its dtype policy is float64"),
    "inside a bidirectional wrapper": ([("forward_mine", "OwnRecurrent")], NO_CLASS),
    "inside a wrapper": ([("mine", "OwnOfShape")], NO_CLASS),
    "masks given to an attention": ([("seen", "MultiHeadAttention")], "it is called with query_mask"),
    "mixed precision": ([("half", "Dense")], "its dtype policy is mixed_float16"),
    "more dimensions": ([("tile", "Tile")], "it adds dimensions"),
    "names that become one": ([], "tf_keras refuses the graph"),
    "not built": ([], NO_GRAPH),
    "nothing but infinities": ([], "Nothing can be compared"),
    "padding at the edge": ([("pad", "Pad")], "mode=edge is not carried"),
    "padding to the aspect ratio": ([("padded", "Resizing")], "pad_to_aspect_ratio=True has no counterpart"),
    "quantized": ([("small", "Dense")], "its dtype policy is int8_from_float32"),
    "rms_scaling": ([("norm", "LayerNormalization")], "rms_scaling=True has no counterpart"),
    "several at once": ([("bad", "Dense"), ("deep", "Own"), ("code", "Lambda")], NO_CLASS),
    "sparse": ([("few", "CategoryEncoding")], "it is sparse"),
    "subclassed": ([], NO_GRAPH),
    "subclassed inside": ([("inside", "Subclassed")], NO_CLASS),
}


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_it_is_refused_by_name(case: str, report: dict[str, Any]) -> None:
    layers, reason = REFUSED[case]
    refused = report["refused"][case]
    assert [tuple(layer) for layer in refused["layers"]] == layers
    assert reason in refused["message"]
    assert "fix:" in refused["message"]
    for name, kind in layers:
        assert f"{name} ({kind}): " in refused["message"]


def test_no_refusal_is_left_unchecked(report: dict[str, Any]) -> None:
    assert set(report["refused"]) == set(REFUSED)


def test_it_is_an_error_of_the_conversion_and_names_each_layer_with_its_reason() -> None:
    error = NotCarried("It was not carried", [Refusal("a", "A", "one"), Refusal("b", "B", "two")], fix="do without")
    assert isinstance(error, ConversionFailed)
    assert error.layers == (("a", "A"), ("b", "B"))
    assert str(error) == "It was not carried\n  where:    a (A): one; b (B): two\n  fix:      do without"
