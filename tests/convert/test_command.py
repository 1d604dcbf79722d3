"""`litefoot convert` on the command line: what a user got wrong is said in words with an exit code, nothing written."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_models import write_affine

from litefoot.convert import pipeline


@pytest.fixture
def no_worker_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*arguments: Any) -> None:
        raise AssertionError("a worker was started")

    monkeypatch.setattr(pipeline, "Workers", start)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """What looks like a SavedModel until a worker opens it."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(b"")
    return folder


# Before any worker starts


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--variants", "int4.tflite"], ["no such variant", "int4.tflite", "int8.onnx"]),
        (["--time-limit", "0"], ["time limit"]),
        (["--time-limit", "nan"], ["time limit"]),
        (["--batch", "0"], ["batch", "got:      0"]),
        (["--shape", "steps"], ["A shape is", "got:      steps", "NAME=1,128"]),
        (["--shape", "steps=0,4"], ["got:      steps=0,4"]),
        (["--kind", "scores"], ["OUTPUT=", "probabilities"]),
        (["--kind", "scores=words"], ["got:      scores=words", "logits"]),
        (["--kind", "=logits"], ["got:      =logits"]),
        (["--metric", "beauty"], ["no such metric", "got:      beauty", "accuracy, f1, mean_iou"]),
        (["--metric", "rmse"], ["How much rmse may be lost is yours to say", "--max-drop"]),
        (["--max-drop", "2%"], ["limit of a metric", "--metric accuracy"]),
        (["--offset", "-1"], ["--offset goes with --scale", "--scale 1/127.5"]),
        (["--labels", "missing.txt"], ["labels cannot be read", "missing.txt"]),
        (["--contract", "missing.json"], ["contract cannot be used", "missing.json"]),
    ],
)
@pytest.mark.usefixtures("no_worker_starts")
def test_an_option_that_cannot_be_is_refused_at_once(
    command: Any, model: Path, tmp_path: Path, options: list[str], words: list[str]
) -> None:
    code, out, err = command("convert", model, "--out", tmp_path / "out", *options)
    assert code == 2
    assert out == ""
    for word in words:
        assert word in err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "options",
    [
        ["--scale", "bright"],
        ["--scale", "1/0"],
        ["--scale", "1e999"],
        ["--scale", "nan"],
        ["--max-drop", "half", "--metric", "accuracy"],
        ["--max-drop", "nan", "--metric", "accuracy"],
        ["--max-drop", "200%", "--metric", "accuracy"],
        ["--batch", "many"],
        ["--rate", "8 kHz"],
    ],
)
@pytest.mark.usefixtures("no_worker_starts")
def test_a_value_that_is_no_number_is_refused_with_the_options_name(
    command: Any, model: Path, tmp_path: Path, options: list[str]
) -> None:
    code, _, err = command("convert", model, "--out", tmp_path / "out", *options)
    assert code == 2
    assert f"argument {options[0]}: " in err
    assert options[1] in err
    assert " _" not in err  # no name of a function of ours


@pytest.mark.usefixtures("no_worker_starts")
def test_a_model_that_is_none_is_unreadable(command: Any, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    for path, words in (
        (tmp_path / "missing.keras", "There is no such model"),
        (tmp_path / "notes.txt", "This is not a Keras model"),
        (write_affine(tmp_path / "done.tflite"), "converted already"),
        (write_affine(tmp_path / "done.onnx"), "litefoot inspect"),
    ):
        code, out, err = command("convert", path, "--out", tmp_path / "out")
        assert (code, out) == (4, "")
        assert words in err
        assert str(path) in err


@pytest.mark.usefixtures("no_worker_starts")
def test_a_converter_that_is_not_installed_is_named(
    command: Any, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    hidden = "ai_edge_quantizer"
    monkeypatch.setitem(__import__("sys").modules, hidden, None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == hidden else find(name, *rest))
    code, _, err = command("convert", model, "--out", tmp_path / "out")
    assert code == 3
    assert "ai_edge_quantizer is not installed" in err
    assert 'pip install "litefoot[convert]"' in err


# By what a worker found


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """Fifty samples for ``sequential.keras``, whose input is x (3,)."""
    path = tmp_path / "samples.npz"
    np.savez(path, x=np.random.default_rng(0).uniform(-1, 1, (50, 3)).astype(np.float32))
    return path


def refused(command: Any, code: int, *arguments: object) -> str:
    out = Path(str(arguments[arguments.index("--out") + 1]))
    found, printed, err = command("convert", *arguments)
    assert found == code, err
    assert printed == ""
    assert not out.exists()
    return str(err)


@pytest.mark.slow
def test_calibration_with_a_value_that_is_not_finite_is_refused(
    command: Any, own: Path, samples: Path, tmp_path: Path
) -> None:
    with np.load(samples) as arrays:
        x = arrays["x"]
    x[33, 1] = np.nan
    np.savez(samples, x=x)
    told = refused(command, 2, own / "sequential.keras", "--calibration", samples, "--out", tmp_path / "out")
    for words in ("calibration samples hold values that are not finite", "input x, sample 33", "1 of 50 samples"):
        assert words in told


@pytest.mark.slow
def test_calibration_for_another_input_is_refused_with_both_names(command: Any, own: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "arms.npz", left=np.zeros((50, 2)), rihgt=np.zeros((50, 2)))
    told = refused(
        command, 2, own / "arms.keras", "--calibration", tmp_path / "arms.npz", "--out", tmp_path / "out"
    )  # fmt: skip
    for words in ("input names differ from the model's", "['left', 'rihgt']", "['left', 'right']"):
        assert words in told


@pytest.mark.slow
def test_an_open_dimension_is_named_with_the_option_that_closes_it(command: Any, own: Path, tmp_path: Path) -> None:
    told = refused(command, 2, own / "any_length.keras", "--out", tmp_path / "out")
    for words in ("input steps, dimension 1", "--shape steps=1,128,4"):
        assert words in told


@pytest.mark.slow
def test_what_cannot_be_made_and_was_asked_for_is_refused(command: Any, own: Path, tmp_path: Path) -> None:
    order = (own / "sequential.keras", "--variants", "int8.onnx", "--out", tmp_path / "out")
    assert "int8.onnx cannot be made" in refused(command, 2, *order)
    order = (own / "sequential.keras", "--variants", "dynamic.onnx", "--out", tmp_path / "out")
    assert "dynamic.onnx cannot be made" in refused(command, 2, *order)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_code_inside_the_file_is_an_untrusted_model(command: Any, own: Path, tmp_path: Path) -> None:
    told = refused(command, 4, own / "lambda.keras", "--out", tmp_path / "out")
    for words in ("layer halve (Lambda): a Python function", "your rights", "--allow-code"):
        assert words in told


@pytest.mark.slow
def test_an_operator_that_no_format_has_is_a_failed_stage_with_its_layer(
    command: Any, own: Path, tmp_path: Path
) -> None:
    told = refused(command, 5, own / "unsupported.keras", "--out", tmp_path / "out")
    for words in ("No variant could be made", "TFLite has no operator for Erfinv", "tf2onnx has no mapping for Erfinv"):
        assert words in told
    assert told.count("erfinv/Erfinv") >= 2
    assert "fp16.tflite" in told
    assert "  got:      The converter refused the model\n              where:    variant fp32.tflite\n" in told


@pytest.mark.slow
def test_a_contract_in_a_file_says_what_the_model_means(command: Any, own: Path, tmp_path: Path) -> None:
    contract = {"task": "adding up", "labels": ["low", "high"], "kinds": {"plus": "regression"}}
    (tmp_path / "contract.json").write_text(json.dumps(contract))
    code, out, _ = command(
        "convert", own / "sequential.keras", "--contract", tmp_path / "contract.json", "--variants", "fp32.onnx",
        "--out", tmp_path / "out",
    )  # fmt: skip
    assert code == 0
    assert "judged on 32 made-up inputs" in out
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["contract"]["task"] == "adding up"
    assert manifest["contract"]["outputs"][0]["kind"] == "regression"
    assert (tmp_path / "out" / "labels.txt").read_text() == "low\nhigh\n"
