"""`litefoot compare`: the same table and exit codes as verify, for any two models."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from tiny_models import WEIGHTS, affine, write_affine, write_affine_int8

Command = Callable[..., Any]
X = np.random.default_rng(5).integers(-9, 10, (40, 3)).astype(np.float32)


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return write_affine(tmp_path / "first.onnx")


@pytest.fixture
def off(tmp_path: Path) -> Path:
    other = WEIGHTS.copy()
    other[1, 1] += 0.01
    return write_affine(tmp_path / "off.tflite", weights=other)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    np.savez(tmp_path / "samples.npz", x=X, labels=affine(X).argmax(-1))
    return tmp_path / "samples.npz"


def test_what_agrees_passes_and_the_table_says_by_whose_limits(
    command: Command, first: Path, data: Path, tmp_path: Path
) -> None:
    done = command("compare", first, write_affine_int8(tmp_path / "b.tflite"), "--data", data)
    assert (done.code, done.err) == (0, "")
    assert "b.tflite against first.onnx (ONNX Runtime" in done.out
    assert "40 samples, limits of int8" in done.out
    assert "passed" in done.out


def test_what_does_not_is_exit_code_1_with_the_reason(command: Command, first: Path, off: Path, data: Path) -> None:
    done = command("compare", first, off, "--data", data)
    assert done.code == 1
    assert "off.tflite failed: y: values outside" in done.out
    assert command("compare", first, off, "--data", data, "--atol", "0.2").code == 0
    assert command("compare", first, off, "--data", data, "--rtol", "1e-9").code == 1
    assert command("compare", first, off, "--data", data, "--precision", "int8").code == 0


def test_names_that_differ_are_matched_by_place_and_said(command: Command, first: Path, data: Path) -> None:
    plain = write_affine(first.with_name("plain.tflite"), signature=False)
    done = command("compare", first, plain, "--data", data)
    assert done.code == 0
    assert "by position: input t_x of plain.tflite is given x\n" in done.out
    assert "by position: output t_y of plain.tflite is compared with y\n" in done.out


def test_the_metric_has_its_own_interval(command: Command, first: Path, off: Path, data: Path) -> None:
    arguments = ("compare", first, off, "--data", data, "--atol", "0.2", "--metric", "accuracy")
    undecided = command(*arguments)
    assert undecided.code == 1
    assert "off.tflite undecided: accuracy drop up to" in undecided.out
    assert command(*arguments, "--max-drop", "50%").code == 0


def test_json_and_junit_hold_every_check(command: Command, first: Path, off: Path, data: Path, tmp_path: Path) -> None:
    done = command("compare", first, off, "--data", data, "--json", "--junit", tmp_path / "report.xml")
    assert done.code == 1
    document = json.loads(done.out)
    assert (document["status"], document["precision"], document["samples"]) == ("failed", "fp32", 40)
    assert document["first"]["name"] == "first.onnx"
    assert document["first"]["engine"].startswith("ONNX Runtime")
    checks = document["verdict"]["outputs"][0]["checks"]
    cases = ElementTree.parse(tmp_path / "report.xml").findall("testsuite/testcase")
    assert [case.attrib["name"] for case in cases] == [f"y: {check['name']}" for check in checks]
    failed = [case.attrib["name"] for case in cases if case.find("failure") is not None]
    assert failed == [f"y: {check['name']}" for check in checks if not check["passed"]] != []


@pytest.mark.parametrize(
    ("code", "change", "words"),
    [
        (2, ["--atol", "nan"], "numbers from 0"),
        (2, ["--atol", "-1"], "numbers from 0"),
        (2, ["--atol", "1", "--precision", "int8"], "or --precision"),
        (2, ["--precision", "int4"], "no such precision"),
        (2, ["--metric", "beauty"], "no such metric"),
        (2, ["--metric", "rmse"], "is yours to say"),
        (2, ["--max-drop", "1%"], "the limit of a metric"),
        (2, ["--kind", "y=noise"], "OUTPUT=probabilities"),
        (2, ["--kind", "z=logits"], "no such output"),
    ],
)
def test_what_is_asked_wrongly_is_refused(
    refused: Command, first: Path, off: Path, data: Path, code: int, change: list[str], words: str
) -> None:
    assert words in refused(code, "compare", first, off, "--data", data, *change)


def test_models_and_data_that_are_none_are_refused(refused: Command, first: Path, data: Path, tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "whole" / "pipeline.json").touch()
    assert "part by part" in refused(2, "compare", tmp_path / "whole", first, "--data", data)
    (tmp_path / "cut.tflite").write_bytes(b"TFL3")
    assert "no such file or folder" in refused(4, "compare", first, tmp_path / "none.tflite", "--data", data)
    assert "no such file or folder" in refused(4, "compare", first, tmp_path / "none:int8.tflite", "--data", data)
    assert "cut.tflite" in refused(4, "compare", tmp_path / "cut.tflite", first, "--data", data)
    assert "Only a bundle" in refused(2, "compare", f"{first}:int8.tflite", first, "--data", data)
    assert "not a readable .npz" in refused(2, "compare", first, first, "--data", first)
    assert "not a readable .npz" in refused(2, "compare", first, first, "--data", tmp_path / "none.npz")


@pytest.mark.slow
def test_artifacts_of_a_bundle_are_named_behind_a_colon(command: Command, digits_bundle: Path) -> None:
    golden = digits_bundle / "golden.npz"
    done = command("compare", f"{digits_bundle}:fp32.tflite", digits_bundle, "--data", golden)
    assert done.code == 0
    assert "against digits:fp32.tflite" in done.out
    assert "%, +" in done.out
    fp16 = digits_bundle / "models" / "fp16.tflite"
    assert "limits of fp16" in command("compare", fp16, f"{digits_bundle}:fp32.onnx", "--data", golden).out


@pytest.mark.slow
def test_verify_writes_junit_too(command: Command, digits_bundle: Path, tmp_path: Path) -> None:
    done = command("verify", digits_bundle, "--artifact", "fp32.tflite", "--junit", tmp_path / "report.xml")
    assert done.code == 0
    cases = ElementTree.parse(tmp_path / "report.xml").findall("testsuite/testcase")
    assert {case.attrib["classname"] for case in cases} == {"fp32.tflite"}
    assert cases[-1].attrib["name"] == "accuracy"
    assert all(len(case) == 0 for case in cases)
