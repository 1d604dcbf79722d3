"""What was asked for against what files hold: kept, or lost for a reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from litefoot.convert.audit import Audit, FileAudit, WeightAudit, told
from litefoot.convert.audit.kept import Kept, asked_by, compare
from litefoot.convert.compress.recipe import Cluster, Compression, Prune, QuantizeAware
from litefoot.runtime.storage.codec import decode, encode

DENSE = WeightAudit(
    tensor="m/dense/MatMul", layer="dense", operator="FULLY_CONNECTED", shape=(10, 100), dtype="float32", bits=32,
    count=1000, zeros=0.8, values=16, stored_values=16, channel_values=16, fours=1.0, folded=False, sparse=False,
    gzip_bytes=900,
)  # fmt: skip
APART = replace(DENSE, values=150, folded=True)
QUANTIZED = {"dtype": "int8", "bits": 8, "scales": 10}
PRUNE = asked_by(Compression(prune=Prune(0.8)))
CLUSTER = asked_by(Compression(cluster=Cluster(16)))


def audit(name: str, *weights: WeightAudit) -> FileAudit:
    return FileAudit(name, 5000, 1000, 0.8, 0.0, weights)


def test_what_is_asked() -> None:
    both = Compression(prune=Prune(0.5, "2:4"), cluster=Cluster(8, per_channel=True), quantize_aware=QuantizeAware())
    assert [(one.step, one.measure, one.amount) for one in asked_by(both)] == [
        ("prune", "fours", 1.0),
        ("cluster", "channel values", 8.0),
    ]
    assert asked_by(Compression(quantize_aware=QuantizeAware())) == ()
    assert [(one.measure, one.amount) for one in (*PRUNE, *CLUSTER)] == [("zeros", 0.8), ("values", 16.0)]


@pytest.mark.parametrize("asked", [PRUNE, CLUSTER])
def test_what_was_kept(asked: tuple[object, ...]) -> None:
    (kept,) = compare(asked, {}, [audit("fp32.tflite", DENSE)])  # type: ignore[arg-type]
    assert kept.kept
    assert kept.reason == ""


def test_a_share_is_met_to_the_nearest_weight() -> None:
    few = replace(DENSE, count=10, zeros=0.7)
    assert compare(PRUNE, {}, [audit("fp32.tflite", few)])[0].kept
    assert not compare(PRUNE, {}, [audit("fp32.tflite", replace(DENSE, zeros=0.79))])[0].kept


def test_of_layers_left_alone_nothing_is_asked() -> None:
    assert compare((*PRUNE, *CLUSTER), {"prune": ["dense"]}, [audit("int8.onnx", DENSE)])[0].step == "cluster"
    assert compare(PRUNE, {}, [audit("int8.onnx", replace(DENSE, layer=None))]) == ()


def test_several_weights_of_one_layer_are_taken_together() -> None:
    recurrent = replace(DENSE, count=3000, zeros=0.4, values=18)
    found = compare((*PRUNE, *CLUSTER), {}, [audit("fp32.tflite", DENSE, recurrent)])
    assert [(kept.held, kept.kept) for kept in found] == [(pytest.approx(0.5), False), (18.0, False)]


def lost(asked: tuple[object, ...], *files: FileAudit) -> Kept:
    found = compare(asked, {}, files)[-1]  # type: ignore[arg-type]
    assert not found.kept
    return found


def test_clusters_multiplied_apart_by_batch_normalisation() -> None:
    found = lost(CLUSTER, audit("fp32.tflite", APART))
    assert found.reason.startswith("batch normalisation multiplied into the weights: at most 16 in a channel")
    assert found.found == "150 for 16"
    after = lost(CLUSTER, audit("fp32.tflite", APART), audit("int8.tflite", replace(APART, **QUANTIZED)))
    assert after.reason.startswith("batch normalisation")


def test_clusters_multiplied_apart_by_a_scale_for_each_channel() -> None:
    quantized = replace(DENSE, values=66, **QUANTIZED)
    found = lost(CLUSTER, audit("fp32.tflite", DENSE), audit("int8.tflite", quantized))
    assert found.reason.startswith("quantization with a scale for each channel, by TensorFlow's converter")
    alone = lost(CLUSTER, audit("int8.tflite", quantized))
    assert alone.reason.startswith("quantization with a scale for each channel")
    table = replace(quantized, operator="EMBEDDING_LOOKUP")
    assert "TensorFlow" not in lost(CLUSTER, audit("fp32.tflite", DENSE), audit("int8.tflite", table)).reason
    folded = lost(CLUSTER, audit("fp32.onnx", DENSE), audit("int8.onnx", replace(quantized, folded=True)))
    assert folded.reason.startswith("quantization with a scale for each channel")


def test_clusters_that_fine_tuning_did_not_leave() -> None:
    assert lost(CLUSTER, audit("fp32.tflite", replace(DENSE, values=40, channel_values=40))).reason.startswith(
        "fine-tuning"
    )


def test_zeros_that_quantization_moved() -> None:
    found = lost(PRUNE, audit("fp32.tflite", DENSE), audit("int8.tflite", replace(DENSE, zeros=0.1, **QUANTIZED)))
    assert found.reason.startswith("quantization")
    assert found.found == "10.0% of 80%"


def test_zeros_that_never_were() -> None:
    assert lost(PRUNE, audit("fp32.tflite", replace(DENSE, zeros=0.1))).reason.startswith("fine-tuning")


def test_weights_of_one_name_of_which_some_have_no_zeros() -> None:
    other = replace(DENSE, tensor="m/dense/depthwise", zeros=0.0)
    found = lost(PRUNE, audit("fp32.tflite", DENSE, other))
    assert found.reason == "1 of 2 weights of this name have fewer, m/dense/depthwise 0.0%"


def test_the_lines_name_each_cause_once() -> None:
    files = [audit("fp32.tflite", APART, replace(APART, layer="conv")), audit("fp16.tflite", DENSE)]
    found = Audit(tuple(files), compare(CLUSTER, {}, files), ())
    lines = told(found)
    assert len(lines) == 3
    assert "fp32.tflite lost what cluster made in dense and 1 more: 150 for 16; batch norm" in lines[2]
    assert "80.0% zeros" in lines[0]
    assert decode(Audit, encode(found), "audit") == found
