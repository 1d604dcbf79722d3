"""Keras models among those that are compared: run by a worker, judged like any other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from tiny_models import write_affine

pytestmark = pytest.mark.slow

Run = Callable[..., tuple[int, str, str]]


def test_a_keras_model_is_compared_with_itself_and_with_a_file(command: Run, own: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.arange(12, dtype=np.float32).reshape(4, 3))
    model = own / "sequential.keras"
    code, out, _ = command("compare", model, model, "--data", tmp_path / "x.npz", "--atol", 0)
    assert code == 0, out
    assert "against sequential.keras (Keras 3" in out
    other = write_affine(tmp_path / "b.tflite", weights=np.ones((2, 3), np.float32))
    code, out, _ = command("compare", model, other, "--data", tmp_path / "x.npz")
    assert code == 1  # its bias is another
    assert "values outside 4 of 8 (max 2)" in out


def test_a_trained_model_is_compared_with_its_bundle(command: Run, tiny_trained: Path, tmp_path: Path) -> None:
    trained, bundle = tiny_trained / "two", tmp_path / "bundle"
    code, out, _ = command(
        "convert", trained, "--out", bundle, "--variants", "fp32.onnx", "--junit", tmp_path / "report.xml"
    )
    assert code == 0, out
    cases = ElementTree.parse(tmp_path / "report.xml").findall("testsuite/testcase")
    assert {case.attrib["classname"] for case in cases} == {"fp32.onnx"}
    code, out, _ = command("compare", trained, bundle, "--data", bundle / "golden.npz")
    assert code == 0, out
    assert "limits of fp32" in out
    assert "by position" not in out


def test_what_is_no_model_is_refused_as_convert_does(command: Run, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.zeros((4, 3), np.float32))
    code, _, err = command("compare", tmp_path / "x.npz", tmp_path / "x.npz", "--data", tmp_path / "x.npz")
    assert code == 4
    assert "not a Keras model" in err
