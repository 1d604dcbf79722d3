"""What converters really said of models that they could not take, and what litefoot makes of it."""

from __future__ import annotations

import pytest

from litefoot.convert.workers.explain import explain

# TensorFlow 2.21, shortened at the end; the last line is litefoot's own: where in the graph the operator is.
TFLITE = """\
Could not translate MLIR to FlatBuffer./convert/model/keras3.py:101:1: error: 'tf.Erfinv' op is neither a custom op \
nor a flex op
        packed = keras.tree.pack_sequence_as(self._structure, [given[name] for name in self._inputs])
^
/convert/export/tflite.py:45:1: note: called from
            Path(out).write_bytes(converter.convert())
^
<unknown>:0: note: loc(fused["StatefulPartitionedCall:", "StatefulPartitionedCall"]): called from
/convert/model/keras3.py:101:1: note: see current operation: %5 = "tf.Erfinv"(%4) {device = ""} : \
(tensor<1x4xf32>) -> tensor<1x4xf32>
/convert/model/keras3.py:101:1: note: Error code: ERROR_NEEDS_CUSTOM_OPS
<unknown>:0: error: failed while converting: 'main':
Some ops in the model are custom ops, See instructions to implement custom ops: \
https://www.tensorflow.org/lite/guide/ops_custom
Custom ops: Erfinv
Details:
	tf.Erfinv(tensor<1x4xf32>) -> (tensor<1x4xf32>) : {device = ""}
"""
LOCATED = f'{TFLITE}\nloc("inverse_1/erfinv/Erfinv@graph")'

# tf2onnx 1.17 writes a file with an operator that is none, and raises nothing; onnx 1.23 when the file is checked.
ONNX = """\
No Op registered for Erfinv with domain_version of 17

==> Context: Bad node spec for node. Name: inverse_1/erfinv/Erfinv OpType: Erfinv"""
# tf2onnx, where it does raise
TF2ONNX = "Tensorflow op [model/quantile/ndtri/Ndtri: Ndtri] is not supported"

# ai-edge-quantizer 0.10 on a GRU: constants inside a loop's subgraph
AEQ = "Tensor data is null. Run allocate_tensors() first"

MLIR = """Could not translate MLIR to FlatBuffer.
<unknown>:0: note: loc("while"): called from
<unknown>:0: error: loc("lstm"): 'tf.TensorListReserve' op requires element_shape to be static
<unknown>:0: error: loc("lstm"): 'tf.TensorListReserve' op requires element_shape to be static
<unknown>:0: error: failed while converting: 'main'"""


@pytest.mark.parametrize(
    ("message", "cause", "fix"),
    [
        (TFLITE, "TFLite has no operator for Erfinv", "Flex"),
        (LOCATED, "TFLite has no operator for Erfinv, in inverse_1/erfinv/Erfinv", "replace that layer"),
        (
            TFLITE.replace("Erfinv", "Ndtri") + LOCATED,
            "no operator for Erfinv, Ndtri, in inverse_1",
            "replace that layer",
        ),
        (ONNX, "tf2onnx has no mapping for Erfinv, in inverse_1/erfinv/Erfinv", "TFLite files"),
        (TF2ONNX, "tf2onnx has no mapping for Ndtri", "TFLite files"),
        (AEQ, "a loop (GRU, RNN, or an LSTM that is not fused) cannot be quantized statically: " + AEQ, "unroll=True"),
    ],
    ids=["TFLite", "TFLite with the layer", "two operators", "ONNX", "tf2onnx", "ai-edge-quantizer"],
)
def test_a_known_refusal_is_told_in_a_line_with_what_to_try(message: str, cause: str, fix: str) -> None:
    told, advice = explain(RuntimeError(message))
    assert cause in told
    assert advice is not None
    assert fix in advice


def test_many_layers_are_not_all_told() -> None:
    layers = "".join(f'\nloc("model/layer_{i}/Erfinv@graph")' for i in range(9))
    told, _ = explain(RuntimeError(TFLITE + layers))
    assert told.count("model/layer_") == 4


def test_of_a_converters_pages_only_the_causes_are_told_and_each_once() -> None:
    told, fix = explain(RuntimeError(MLIR))
    assert told.startswith("RuntimeError: ")
    assert told.count("element_shape to be static") == 1
    assert "failed while converting: 'main'" in told
    assert "note:" not in told
    assert fix is None


def test_a_cause_without_end_is_cut() -> None:
    told, _ = explain(RuntimeError("error: " + "x" * 10_000))
    assert len(told) < 1000


@pytest.mark.parametrize(
    ("error", "told"),
    [(ValueError("first\nsecond"), "ValueError: first"), (MemoryError(), "MemoryError: MemoryError")],
)
def test_anything_else_is_its_type_and_first_line(error: Exception, told: str) -> None:
    assert explain(error) == (told, None)
