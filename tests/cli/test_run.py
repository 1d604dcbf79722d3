"""`litefoot run`: a picture in, a label out; what does not fit is refused with exit code 2 and a reason."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from litefoot.runtime.storage.bundle import Bundle

pytestmark = pytest.mark.slow

SEVEN = Path(__file__).parents[2] / "samples" / "digits" / "seven.png"


def test_the_sample_is_a_seven_with_its_probabilities(
    digits_bundle: Path, litefoot: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    done = litefoot("run", digits_bundle, "--input", SEVEN)
    assert done.returncode == 0
    assert done.stderr == ""
    lines = [line.split() for line in done.stdout.splitlines() if line.strip()]
    assert lines[0] == ["label", "7"]
    probabilities = {words[0]: float(words[1]) for words in lines if len(words) == 2 and words[0].isdigit()}
    assert sorted(probabilities) == list("0123456789")
    assert max(probabilities, key=lambda label: probabilities[label]) == "7"
    assert sum(probabilities.values()) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("name", ["fp32.tflite", "int8-io.tflite", "fp32.onnx", "dynamic.onnx", "int8.onnx"])
def test_json_holds_every_output_of_the_artifact_asked_for(
    digits_bundle: Path, command: Callable[..., Any], name: str
) -> None:
    done = command("run", digits_bundle, "--input", SEVEN, "--artifact", name, "--json")
    assert (done.code, done.err) == (0, "")
    printed = json.loads(done.out)
    assert printed["model"] == name
    assert np.argmax(printed["outputs"]["probabilities"], axis=-1).tolist() == [7]


def test_json_holds_the_answer_too(digits_bundle: Path, command: Callable[..., Any]) -> None:
    answer = json.loads(command("run", digits_bundle, "--input", SEVEN, "--json").out)["answer"]
    assert answer["labels"][0]["label"] == "7"
    assert len(answer["labels"]) == 10


@pytest.mark.parametrize(("name", "words"), [("seven.png", "no picture"), ("seven.gif", "not the name of a picture")])
def test_a_label_is_not_written_as_a_picture(
    digits_bundle: Path, tmp_path: Path, refused: Callable[..., str], name: str, words: str
) -> None:
    assert words in refused(2, "run", digits_bundle, "--input", SEVEN, "--output", tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_the_recommended_is_run_where_none_is_named(digits_bundle: Path, command: Callable[..., Any]) -> None:
    printed = json.loads(command("run", digits_bundle, "--input", SEVEN, "--json").out)
    assert printed["model"] == Bundle(digits_bundle).recommended[0]


def test_a_single_file_takes_an_array_as_it_is(
    digits_bundle: Path, tmp_path: Path, command: Callable[..., Any]
) -> None:
    np.save(tmp_path / "x.npy", np.zeros((1, 8, 8, 1), np.float32))
    done = command("run", digits_bundle / "models" / "fp32.tflite", "--input", tmp_path / "x.npy")
    assert done.code == 0
    assert done.out.startswith("probabilities float32[1, 10]")


def _array(path: Path, array: np.ndarray) -> Path:
    np.save(path, array)
    return path


INPUTS = {
    "there is none": (lambda folder: folder / "absent.png", "no such input file"),
    "a folder": (lambda folder: folder, "no such input file"),
    "text": (lambda folder: _text(folder / "notes.txt"), "is a text"),
    "unknown kind": (lambda folder: _text(folder / "notes.doc"), "kind of input is not known"),
    "no suffix": (lambda folder: _text(folder / "notes"), "kind of input is not known"),
    "text named png": (lambda folder: _text(folder / "notes.png"), "cannot be decoded"),
    "text named npy": (lambda folder: _text(folder / "notes.npy"), "cannot be decoded"),
    "half a picture": (lambda folder: _half(folder / "half.png"), "cannot be decoded"),
    "a list of three": (lambda folder: _array(folder / "a.npy", np.zeros(3)), "not a picture"),
    "no pixels": (lambda folder: _array(folder / "a.npy", np.zeros((0, 8))), "not a picture"),
    "five channels": (lambda folder: _array(folder / "a.npy", np.zeros((8, 8, 5))), "not a picture"),
    "words": (lambda folder: _array(folder / "a.npy", np.array([["a"]])), "real numbers"),
}


def _text(path: Path) -> Path:
    path.write_text("this is not a picture")
    return path


def _half(path: Path) -> Path:
    path.write_bytes(SEVEN.read_bytes()[: SEVEN.stat().st_size // 2])
    return path


@pytest.mark.parametrize("kind", INPUTS)
def test_an_input_that_does_not_fit_is_refused(
    digits_bundle: Path, tmp_path: Path, refused: Callable[..., str], kind: str
) -> None:
    make, words = INPUTS[kind]
    assert words in refused(2, "run", digits_bundle, "--input", make(tmp_path))


@pytest.mark.parametrize("name", ["fp32.tflite", "fp32.onnx"])
@pytest.mark.parametrize("shape", [(8, 8), (1, 8, 9, 1), (2, 8, 8)])
def test_an_array_of_another_shape_is_refused_with_the_one_expected(
    digits_bundle: Path, tmp_path: Path, refused: Callable[..., str], name: str, shape: tuple[int, ...]
) -> None:
    message = refused(
        2, "run", digits_bundle / "models" / name, "--input", _array(tmp_path / "x.npy", np.zeros(shape, np.float32))
    )
    assert f"got:      float32{list(shape)}" in message
    assert "8, 8, 1]" in message


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--artifact", "int4.tflite"], 4, "one of fp32.tflite"),
        (["--artifact", "fp32.tflite", "--engine", "onnxruntime"], 2, "expected: litert"),
        (["--threads", "0"], 2, "so many threads"),
        (["--threads", "99999999999"], 2, "1 to 1024"),
    ],
)
def test_an_order_that_cannot_be_carried_out_says_what_can(
    digits_bundle: Path, refused: Callable[..., str], options: list[str], code: int, words: str
) -> None:
    assert words in refused(code, "run", digits_bundle, "--input", SEVEN, *options)


def test_an_artifact_is_not_chosen_from_a_single_file(digits_bundle: Path, refused: Callable[..., str]) -> None:
    file = digits_bundle / "models" / "fp32.tflite"
    assert "Only a bundle has artifacts" in refused(2, "run", file, "--input", SEVEN, "--artifact", "fp32.tflite")
