"""`litefoot verify` says yes to a good bundle and no to every way of being wrong that still loads."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from damage import change_dense, edit_onnx, edit_tflite, expose_outputs_onnx, expose_outputs_tflite
from resealing import reseal

from litefoot.convert.report.bundling import write_manifest
from litefoot.runtime import Bundle
from litefoot.runtime.contract import Metric
from litefoot.runtime.storage.files import read_arrays
from litefoot.runtime.storage.folder import write_arrays
from litefoot.runtime.storage.manifest import Artifact

pytestmark = pytest.mark.slow

FLOATS = ("fp32.tflite", "fp32.onnx")
Arrays = dict[str, np.ndarray]


def perturb_one(weights: np.ndarray) -> np.ndarray:
    weights[3, 5] += 0.05
    return weights


def swap_classes(weights: np.ndarray) -> np.ndarray:
    return weights[::-1]


def poison(weights: np.ndarray) -> np.ndarray:
    weights[0, 0] = np.nan
    return weights


def test_every_artifact_of_a_good_bundle_passes(
    digits_bundle: Path, litefoot: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    done = litefoot("verify", digits_bundle, "--json")
    assert done.returncode == 0
    verdicts = json.loads(done.stdout)
    artifacts = [artifact.name for artifact in Bundle(digits_bundle).artifacts]
    assert [verdict["verdict"]["artifact"] for verdict in verdicts] == artifacts
    assert {verdict["status"] for verdict in verdicts} == {"passed"}
    assert {verdict["verdict"]["task"]["samples"] for verdict in verdicts} == {899}


def test_only_the_artifacts_asked_for_are_judged(digits_bundle: Path, command: Callable[..., Any]) -> None:
    done = command("verify", digits_bundle, "--artifact", "int8.tflite", "--artifact", "fp32.onnx", "--json")
    assert done.code == 0
    assert [entry["verdict"]["artifact"] for entry in json.loads(done.out)] == ["int8.tflite", "fp32.onnx"]


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (perturb_one, "probabilities: values outside"),
        (swap_classes, "top-1 agreement"),
        (poison, "probabilities: values not finite 8990, limit 0"),
    ],
)
def test_a_changed_weight_is_a_drift_whatever_its_digest_says(
    copied_bundle: Path, command: Callable[..., Any], name: str, change: Any, reason: str
) -> None:
    change_dense(copied_bundle / "models" / name, change)
    reseal(copied_bundle)
    done = command("verify", copied_bundle, "--artifact", name)
    assert done.code == 1
    assert f"{name} failed: " in done.out
    assert reason in done.out


def test_one_bad_artifact_among_good_ones_is_a_no(copied_bundle: Path, command: Callable[..., Any]) -> None:
    change_dense(copied_bundle / "models" / "fp32.onnx", poison)
    reseal(copied_bundle)
    done = command("verify", copied_bundle, "--json")
    assert done.code == 1
    statuses = {entry["verdict"]["artifact"]: entry["status"] for entry in json.loads(done.out)}
    assert [name for name, status in statuses.items() if status != "passed"] == ["fp32.onnx"]


@pytest.mark.parametrize("name", FLOATS)
def test_an_output_that_is_missing_is_a_no(copied_bundle: Path, command: Callable[..., Any], name: str) -> None:
    _rename_output(copied_bundle / "models" / name)
    reseal(copied_bundle, lambda artifact: _renamed(artifact) if artifact.name == name else artifact)
    done = command("verify", copied_bundle, "--artifact", name)
    assert done.code == 1
    assert "probabilities: output missing, limit present" in done.out
    assert "renamed: output unexpected" in done.out


@pytest.mark.parametrize("name", FLOATS)
def test_a_file_whose_outputs_are_not_those_of_the_manifest_is_not_trusted(
    copied_bundle: Path, refused: Callable[..., str], name: str
) -> None:
    _rename_output(copied_bundle / "models" / name)
    reseal(copied_bundle)
    message = refused(4, "verify", copied_bundle, "--artifact", name)
    assert "differ from the manifest" in message
    assert "renamed float32" in message


def _shuffled(arrays: Arrays) -> Arrays:
    return {**arrays, "reference/probabilities": np.roll(arrays["reference/probabilities"], 1, axis=0)}


def _other_columns(arrays: Arrays) -> Arrays:
    return {**arrays, "reference/probabilities": arrays["reference/probabilities"][:, ::-1]}


def _empty(arrays: Arrays) -> Arrays:
    return {name: array[:0] for name, array in arrays.items()}


def _without_reference(arrays: Arrays) -> Arrays:
    return {name: array for name, array in arrays.items() if not name.startswith("reference/")}


def _poisoned_reference(arrays: Arrays) -> Arrays:
    arrays["reference/probabilities"][7, 3] = np.nan
    return arrays


def _narrow_reference(arrays: Arrays) -> Arrays:
    return {**arrays, "reference/probabilities": arrays["reference/probabilities"][:, :9]}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_shuffled, "probabilities: values outside"),
        (_other_columns, "top-1 agreement"),
        (_empty, "probabilities: samples 0, limit at least 1"),
        (_without_reference, "probabilities: reference missing"),
        (_poisoned_reference, "reference values not finite 1"),
        (_narrow_reference, "probabilities: shape (899, 10), limit (899, 9)"),
    ],
)
def test_golden_samples_that_prove_nothing_are_a_no_for_every_artifact(
    copied_bundle: Path, command: Callable[..., Any], change: Callable[[Arrays], Arrays], reason: str
) -> None:
    golden = copied_bundle / "golden.npz"
    write_arrays(golden, change(read_arrays(golden)))
    reseal(copied_bundle)
    done = command("verify", copied_bundle)
    assert done.code == 1
    assert done.out.count(reason) == len(Bundle(copied_bundle).artifacts)


def test_json_stays_json_where_figures_are_not_numbers(copied_bundle: Path, command: Callable[..., Any]) -> None:
    change_dense(copied_bundle / "models" / "fp32.onnx", poison)
    reseal(copied_bundle)
    done = command("verify", copied_bundle, "--artifact", "fp32.onnx", "--json")
    entries = json.loads(done.out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert done.code == 1
    assert entries[0]["status"] == "failed"
    assert "not finite" in entries[0]["reason"]


def test_undecided_does_not_pass_and_says_how_many_samples_are_missing(
    copied_bundle: Path, command: Callable[..., Any]
) -> None:
    manifest = Bundle(copied_bundle).manifest
    strict = replace(manifest, contract=replace(manifest.contract, metric=Metric("accuracy", 0.001)))
    write_manifest(copied_bundle, strict)
    done = command("verify", copied_bundle, "--artifact", "fp32.tflite")
    assert done.code == 1
    assert "fp32.tflite undecided: accuracy drop up to" in done.out
    assert "more samples needed" in done.out


def test_a_bundle_without_artifacts_proves_nothing(copied_bundle: Path, command: Callable[..., Any]) -> None:
    write_manifest(copied_bundle, replace(Bundle(copied_bundle).manifest, artifacts=(), recommended=()))
    assert command("verify", copied_bundle).code == 1


def _rename_output(path: Path) -> None:
    exposed = {"renamed": "probabilities"}
    if path.suffix == ".tflite":
        edit_tflite(path, lambda model: expose_outputs_tflite(model, exposed))
    else:
        edit_onnx(path, lambda model: expose_outputs_onnx(model, exposed))


def _renamed(artifact: Artifact) -> Artifact:
    return replace(artifact, outputs=tuple(spec._replace(name="renamed") for spec in artifact.outputs))
