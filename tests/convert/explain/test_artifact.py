"""`litefoot explain` on the digits: a layer that is spoilt comes first, and what cannot be explained is said."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from damage import edit_tflite
from resealing import reseal

from litefoot.convert.explain.artifact import explain_artifact
from litefoot.convert.report.bundling import write_manifest
from litefoot.runtime import Bundle

pytestmark = pytest.mark.slow

Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(
    "name",
    ["int8.tflite", "int8-io.tflite", "dynamic.tflite", "fp16.tflite", "int8.onnx", "dynamic.onnx", "fp16.onnx"],
)
def test_every_layer_has_its_name_and_the_shares_add_up(digits_bundle: Path, name: str) -> None:
    layers = explain_artifact(digits_bundle, name).layers
    kinds = {layer.layer.rstrip("_0123456789") for layer in layers}
    alone = {"re_lu"} if name in ("fp16.onnx", "dynamic.onnx") else set()  # elsewhere fused into what it follows
    assert kinds - alone == {"image", "conv2d", "depthwise_conv2d", "global_average_pooling2d", "probabilities"}
    assert sum(layer.noise_share for layer in layers) == pytest.approx(1.0)
    assert layers[0].operator == "INPUT"
    integers = {layer.stored for layer in layers} & {"int8", "uint8"}
    assert bool(integers) == name.startswith("int8")


def test_the_last_layers_error_is_the_verdicts(digits_bundle: Path) -> None:
    """What the layers come to in the end is what `litefoot verify` measures; the kernels differ by a few steps."""
    from litefoot.runtime import load

    worst = load(digits_bundle, artifact="int8.tflite").selftest().worst.drift
    assert worst is not None
    layers = explain_artifact(digits_bundle, "int8.tflite", limit=899).layers
    assert layers[-1].sqnr_db == pytest.approx(worst.sqnr_db, abs=3.0)


def test_a_spoilt_layer_comes_first(copied_bundle: Path, command: Run) -> None:
    spoilt = []

    def spoil(model: Any) -> None:
        graph = model.subgraphs[0]
        convolutions = [tensor for tensor in graph.tensors if re.search(rb"conv2d_?\d*/Conv2D$", tensor.name)]
        tensor = next(tensor for tensor in convolutions if tensor.shape[-1] == 32)  # the third reads 32 channels
        weights = np.frombuffer(bytes(model.buffers[tensor.buffer].data), np.int8).copy()
        weights[:200] = 0
        model.buffers[tensor.buffer].data = weights.view(np.uint8)
        spoilt.append(tensor.name.decode().split("/")[-2])

    edit_tflite(copied_bundle / "models" / "int8.tflite", spoil)
    reseal(copied_bundle)
    code, out, _ = command("explain", copied_bundle, "--artifact", "int8.tflite", "--json")
    layers = json.loads(out)["layers"]
    assert code == 0
    assert max(layers, key=lambda layer: float(layer["noise_share"]))["layer"] == spoilt[0]


def test_the_table_has_the_worst_first_and_the_page_stands_alone(
    digits_bundle: Path, tmp_path: Path, command: Run
) -> None:
    page = tmp_path / "explain.html"
    code, out, _ = command("explain", digits_bundle, "--artifact", "int8.tflite", "--out", page)
    assert code == 0
    assert "probabilities" in out
    text = page.read_text(encoding="utf-8")
    assert text.count("<svg") == 2
    assert "http" not in text.replace("http://www.w3.org", "").replace("https://matplotlib.org", "").replace(
        "http://purl.org", ""
    ).replace("http://creativecommons.org", "")
    code, _, err = command("explain", digits_bundle, "--artifact", "int8.tflite", "--out", page)
    assert (code, "there already" in err) == (2, True)
    assert command("explain", digits_bundle, "--artifact", "fp16.tflite", "--out", page, "--force")[0] == 0
    assert page.read_text(encoding="utf-8").count("<svg") == 1


def test_own_samples_are_read_as_everywhere(digits_bundle: Path, tmp_path: Path, command: Run) -> None:
    np.savez(tmp_path / "mine.npz", image=np.ones((3, 8, 8, 1), np.float32))
    code, out, _ = command(
        "explain", digits_bundle, "--artifact", "int8.onnx", "--data", tmp_path / "mine.npz", "--json"
    )
    assert (code, json.loads(out)["evidence"].endswith("mine.npz")) == (0, True)
    code, _, err = command("explain", digits_bundle, "--artifact", "int8.onnx", "--data", tmp_path / "none.npz")
    assert (code, "no such evaluation samples" in err) == (2, True)


def test_what_cannot_be_explained_is_said(copied_bundle: Path, tmp_path: Path, command: Run) -> None:
    code, _, err = command("explain", copied_bundle, "--artifact", "fp32.tflite")
    assert (code, "Nothing is quantized" in err) == (2, True)
    assert command("explain", copied_bundle, "--artifact", "int4.tflite")[0] == 4
    assert command("explain", tmp_path, "--artifact", "int8.tflite")[0] == 4
    assert command("explain", copied_bundle)[0] == 2
    manifest = Bundle(copied_bundle).manifest
    kept = tuple(artifact for artifact in manifest.artifacts if artifact.name != "fp32.tflite")
    recommended = tuple(name for name in manifest.recommended if name != "fp32.tflite")
    write_manifest(copied_bundle, replace(manifest, artifacts=kept, recommended=recommended))
    code, _, err = command("explain", copied_bundle, "--artifact", "int8.tflite")
    assert (code, "no float file" in err, "--against" in err) == (2, True, True)
    against = copied_bundle / "models" / "fp32.tflite"
    assert command("explain", copied_bundle, "--artifact", "int8.tflite", "--against", against)[0] == 0


def test_a_file_whose_channels_were_scaled_is_not_compared_with_the_unscaled_one(
    copied_bundle: Path, command: Run
) -> None:
    report = copied_bundle / "report.json"
    document = json.loads(report.read_text(encoding="utf-8"))
    document["rescues"] = [{"name": "int8.tflite", "remedies": ["clamped masks (1)", "equalised weights (7)"]}]
    report.write_text(json.dumps(document), encoding="utf-8")
    reseal(copied_bundle, lambda a: replace(a, precision="mixed") if a.name == "int8.tflite" else a)
    code, _, err = command("explain", copied_bundle, "--artifact", "int8.tflite")
    assert (code, "equalised weights (7)" in err) == (2, True)
