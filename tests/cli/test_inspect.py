"""`litefoot inspect` shows what a bundle promises and what a file really holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from litefoot.runtime import Bundle

pytestmark = pytest.mark.slow


def test_a_bundle_shows_its_contract_and_each_artifact(digits_bundle: Path, command: Callable[..., Any]) -> None:
    done = command("inspect", digits_bundle)
    assert (done.code, done.err) == (0, "")
    for words in (
        "digits: image classification",
        "input   image float32[?, 8, 8, 1], means image",
        "preprocessing of image: grayscale, resize to 8 x 8, value * 0.00392157 + 0",
        "labels: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9",
    ):
        assert words in done.out
    rows = {line.split()[0]: line for line in done.out.splitlines() if line.strip()}
    for artifact in Bundle(digits_bundle).artifacts:
        assert f"{artifact.bytes:,}" in rows[artifact.name]
        assert rows[artifact.name].rstrip().endswith("yes")


def test_json_of_a_bundle_is_its_manifest_and_a_graph_for_each_artifact(
    digits_bundle: Path, command: Callable[..., Any]
) -> None:
    done = command("inspect", digits_bundle, "--json")
    printed = json.loads(done.out)
    assert done.code == 0
    assert printed["manifest"] == json.loads((digits_bundle / "manifest.json").read_text())
    assert list(printed["graphs"]) == [artifact["name"] for artifact in printed["manifest"]["artifacts"]]


@pytest.mark.parametrize(
    ("name", "operator", "specs"),
    [
        ("fp32.tflite", "CONV_2D 4 float", ["input   image float32[1, 8, 8, 1]", "probabilities float32[1, 10]"]),
        ("dynamic.tflite", "CONV_2D 2 hybrid", ["input   image float32[1, 8, 8, 1]"]),
        ("int8.tflite", "CONV_2D 4 integer", ["input   image float32[1, 8, 8, 1]"]),
        ("int8-io.tflite", "CONV_2D 4 integer", ["input   image int8[1, 8, 8, 1], real = ", "(stored "]),
        ("fp32.onnx", "Conv 7 float", ["input   image float32[?, 8, 8, 1]"]),
        ("fp16.onnx", "Conv 7 float", ["output  probabilities float32[?, 10]"]),
        ("dynamic.onnx", "Conv 2 hybrid", ["output  probabilities float32[?, 10]"]),
        ("int8.onnx", "Conv 7 integer", ["output  probabilities float32[?, 10]"]),
    ],
)
def test_a_file_shows_its_own_types_and_what_its_operators_compute_on(
    digits_bundle: Path, command: Callable[..., Any], name: str, operator: str, specs: list[str]
) -> None:
    done = command("inspect", digits_bundle / "models" / name)
    assert (done.code, done.err) == (0, "")
    for words in specs:
        assert words in done.out
    assert operator in [" ".join(line.split()) for line in done.out.splitlines()]


@pytest.mark.parametrize("name", ["int8-io.tflite", "int8.onnx"])
def test_json_of_a_file_parses_and_tells_its_size(digits_bundle: Path, command: Callable[..., Any], name: str) -> None:
    path = digits_bundle / "models" / name
    printed = json.loads(command("inspect", path, "--json").out)
    assert printed["bytes"] == path.stat().st_size
    assert printed["inputs"][0]["name"] == "image"
    assert sum(printed["graph"]["weight_bytes"].values()) < printed["bytes"]


def test_brackets_in_a_path_are_shown_as_they_are(
    copied_bundle: Path, tmp_path: Path, command: Callable[..., Any]
) -> None:
    odd = copied_bundle.rename(tmp_path / "[red]v1[")
    assert "[red]v1[" in command("inspect", odd).out
