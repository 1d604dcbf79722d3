"""Masks are found by where they lead, clamped to what a row of scores needs, and left alone where they mean more."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import tiny_models
from damage import edit_onnx

from litefoot.convert.explain.probe import open_probe
from litefoot.convert.remedies.float_file import open_float
from litefoot.convert.remedies.masks import clamp_masks, find_masks

MASK = np.array([0.0, 0.0, 0.0, -1e9], np.float32)
SCORES = {"scores": np.array([[0.0, 0.5, 1.0, 0.7], [1.0, 0.0, 0.2, 0.9]], np.float32)}
FORMATS = pytest.mark.parametrize("suffix", [".tflite", ".onnx"])
NEEDED = math.ceil(25 * math.log(2) + math.log(4) + 1.25)
"""For four scores, the largest of them 1 above the smallest, and a quarter more."""


def outputs(path: Path) -> np.ndarray:
    probe = open_probe(path)
    return np.concatenate([probe.run({"scores": row[None]})["weights"] for row in SCORES["scores"]])


@FORMATS
@pytest.mark.parametrize("extreme", [-1e9, float(np.finfo(np.float32).min), -np.inf])
def test_a_mask_reaches_as_far_as_it_needs(tmp_path: Path, suffix: str, extreme: float) -> None:
    mask = np.where(MASK < 0, np.float32(extreme), MASK)
    file, out = tiny_models.write_masked(tmp_path / f"a{suffix}", mask), tmp_path / f"b{suffix}"
    (told,) = clamp_masks(file, out, SCORES)
    assert told == f"mask: {np.float32(extreme):.3g} became -{NEEDED}"
    assert open_float(out).constants()["mask"].ravel().tolist() == [0.0, 0.0, 0.0, -NEEDED]
    assert np.abs(outputs(out) - outputs(file)).max() <= 2**-25


@FORMATS
def test_scores_further_apart_need_more(tmp_path: Path, suffix: str) -> None:
    file, out = tiny_models.write_masked(tmp_path / f"a{suffix}", MASK), tmp_path / f"b{suffix}"
    clamp_masks(file, out, {"scores": SCORES["scores"] * 40.0})
    assert float(open_float(out).constants()["mask"].min()) == -math.ceil(25 * math.log(2) + math.log(4) + 50.0)


@FORMATS
@pytest.mark.parametrize("bias", [[0.0, 1.0, 2.0, 3.0], [0.0, 0.0, 0.0, -30.0]])
def test_what_is_no_mask_is_left_alone(tmp_path: Path, suffix: str, bias: list[float]) -> None:
    file = tiny_models.write_masked(tmp_path / f"a{suffix}", np.array(bias, np.float32))
    assert clamp_masks(file, tmp_path / f"b{suffix}", SCORES) == ()
    assert not (tmp_path / f"b{suffix}").exists()


def test_a_sum_that_is_read_elsewhere_too_is_left_alone(tmp_path: Path) -> None:
    file = tiny_models.write_masked(tmp_path / "a.onnx", MASK)

    def show(model: object) -> None:
        import onnx

        graph = model.graph  # type: ignore[attr-defined]
        graph.node.append(onnx.helper.make_node("Neg", ["sum"], ["shown"]))
        graph.output.append(onnx.helper.make_tensor_value_info("shown", onnx.TensorProto.FLOAT, (1, 4)))

    edit_onnx(file, show)
    assert find_masks(open_float(file)) == ()


def test_a_mask_that_is_multiplied_first_is_found_where_it_begins(tmp_path: Path) -> None:
    """As Keras 2 writes it: scores + (1 - kept) * -1e9."""
    file, out = tiny_models.write_masked(tmp_path / "a.onnx", MASK), tmp_path / "b.onnx"

    def multiply(model: object) -> None:
        import onnx

        graph = model.graph  # type: ignore[attr-defined]
        del graph.initializer[:]
        for name, values in (("far", np.float32(-1e9)), ("one", np.float32(1.0))):
            graph.initializer.append(onnx.numpy_helper.from_array(np.array(values), name))
        graph.input.append(onnx.helper.make_tensor_value_info("kept", onnx.TensorProto.FLOAT, (1, 4)))
        graph.node.insert(0, onnx.helper.make_node("Sub", ["one", "kept"], ["hidden"]))
        graph.node.insert(1, onnx.helper.make_node("Mul", ["hidden", "far"], ["mask"]))

    edit_onnx(file, multiply)
    kept = np.array([[1, 1, 1, 0], [1, 0, 1, 1]], np.float32)
    assert clamp_masks(file, out, SCORES | {"kept": kept}) == (f"far: -1e+09 became -{NEEDED}",)
