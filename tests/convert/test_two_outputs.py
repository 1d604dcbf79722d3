"""A model whose answers are known by hand, through the real converters: names, order and values stay what they are."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from damage import edit_onnx, edit_tflite, expose_outputs_onnx, expose_outputs_tflite
from resealing import reseal

from litefoot.cli.main import main
from litefoot.convert.report.report import Report
from litefoot.runtime import Bundle, Model, load
from litefoot.runtime.storage.codec import decode
from litefoot.runtime.storage.files import read_arrays
from litefoot.runtime.storage.manifest import Artifact

pytestmark = pytest.mark.slow

VARIANTS = ("fp32.tflite", "int8-io.tflite", "fp32.onnx", "int8.onnx")
LEFT = {"left": np.array([[1.0, -0.5]], np.float32), "right": np.zeros((1, 3), np.float32)}
RIGHT = {"left": np.zeros((1, 2), np.float32), "right": np.array([[1.0, -0.5, 0.25]], np.float32)}
ANSWERS = [
    (LEFT, {"total": [[1.0, -1.0]], "gap": [[1.0, -1.0]]}),
    (RIGHT, {"total": [[3.25, -1.75]], "gap": [[-3.25, 1.75]]}),
]
TOLERANCES = {"fp32.tflite": 1e-6, "int8-io.tflite": 0.1, "fp32.onnx": 1e-6, "int8.onnx": 0.1}


@pytest.fixture(scope="module")
def converted(
    tiny_trained: Path, litefoot: Callable[..., subprocess.CompletedProcess[str]]
) -> subprocess.CompletedProcess[str]:
    """The conversion, asked for without fp32.onnx, which int8.onnx needs."""
    asked = [name for name in VARIANTS if name != "fp32.onnx"]
    return litefoot("convert", tiny_trained / "two", "--out", tiny_trained / "bundle", "--variants", *asked, "--json")


@pytest.fixture(scope="module")
def bundle(converted: subprocess.CompletedProcess[str], tiny_trained: Path) -> Bundle:
    assert converted.returncode == 0, converted.stderr + converted.stdout
    return Bundle(tiny_trained / "bundle")


@pytest.fixture(params=VARIANTS)
def model(request: pytest.FixtureRequest, bundle: Bundle) -> Model:
    return load(bundle.path, artifact=request.param)


def test_json_is_the_report_itself_and_nothing_else(
    converted: subprocess.CompletedProcess[str], bundle: Bundle
) -> None:
    printed = json.loads(converted.stdout)
    assert printed == json.loads(bundle.file("report.json").read_text())
    assert decode(Report, printed, "stdout").status == "passed"


def test_what_a_variant_is_made_from_is_made_too(bundle: Bundle) -> None:
    assert tuple(artifact.name for artifact in bundle.artifacts) == VARIANTS


def test_names_and_shapes_are_kept(model: Model) -> None:
    assert {spec.name: spec.shape[1:] for spec in model.inputs} == {"right": (3,), "left": (2,)}
    assert {spec.name: spec.shape[1:] for spec in model.outputs} == {"total": (2,), "gap": (2,)}


@pytest.mark.parametrize(("inputs", "answers"), ANSWERS)
def test_answers_are_those_computed_by_hand(
    model: Model, inputs: dict[str, np.ndarray], answers: dict[str, list[list[float]]]
) -> None:
    outputs = model(inputs)
    for name, answer in answers.items():
        np.testing.assert_allclose(outputs[name], answer, rtol=0, atol=TOLERANCES[model.name])


def test_references_are_the_full_precision_answers(bundle: Bundle, tiny_trained: Path) -> None:
    samples = read_arrays(tiny_trained / "two" / "evaluation.npz")
    left = samples["input/left"] @ np.array([[1.0, 0.0], [0.0, 2.0]])
    right = samples["input/right"] @ np.array([[3.0, 0.0], [0.0, 4.0], [1.0, 1.0]])
    golden = bundle.golden()
    np.testing.assert_allclose(golden.references["total"], left + right, rtol=0, atol=1e-5)
    np.testing.assert_allclose(golden.references["gap"], left - right, rtol=0, atol=1e-5)
    for name in ("left", "right"):
        np.testing.assert_array_equal(golden.inputs[name], samples[f"input/{name}"])


def test_a_hostile_name_is_text_in_the_report_and_in_the_terminal(
    bundle: Bundle, capsys: pytest.CaptureFixture[str]
) -> None:
    page = bundle.file("report.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;alert(" in page
    assert main(["verify", str(bundle.path)]) == 0
    assert main(["inspect", str(bundle.path)]) == 0
    assert capsys.readouterr().out.count(bundle.manifest.name) == 2


@pytest.mark.parametrize("name", ["fp32.tflite", "fp32.onnx"])
@pytest.mark.parametrize(
    ("exposed", "reason"),
    [
        ({"total": "gap", "gap": "total"}, "total: values outside"),
        ({"total": "total"}, "gap: output missing"),
        ({"total": "total", "gap": "gap", "extra": "gap"}, "extra: output unexpected"),
    ],
    ids=["swapped", "dropped", "added"],
)
def test_verify_says_no_to_outputs_that_are_not_the_contracts(
    bundle: Bundle,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    exposed: dict[str, str],
    reason: str,
) -> None:
    folder = Path(shutil.copytree(bundle.path, tmp_path / "bundle"))
    if name.endswith(".tflite"):
        edit_tflite(folder / "models" / name, lambda model: expose_outputs_tflite(model, exposed))
    else:
        edit_onnx(folder / "models" / name, lambda model: expose_outputs_onnx(model, exposed))
    reseal(folder, lambda artifact: _described_again(artifact, folder) if artifact.name == name else artifact)
    assert main(["verify", str(folder), "--artifact", name]) == 1
    assert f"{name} failed: {reason}" in capsys.readouterr().out


def _described_again(artifact: Artifact, folder: Path) -> Artifact:
    file = load(folder / artifact.file)
    return replace(artifact, inputs=file.inputs, outputs=file.outputs)
