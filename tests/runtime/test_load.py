"""What `load` takes, what it chooses from a bundle, what it refuses; and that a selftest can fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from resealing import reseal
from tiny_models import WEIGHTS, affine, write_affine, write_affine_int8, write_sum_and_difference

from litefoot.convert.report.bundling import write_manifest
from litefoot.runtime.errors import BadDocument, MissingDependency, UnreadableModel, UntrustedBundle, UsageError
from litefoot.runtime.model import load
from litefoot.runtime.preprocessing import Scale
from litefoot.runtime.storage.bundle import GOLDEN, Bundle
from litefoot.runtime.storage.files import document_digest
from litefoot.runtime.storage.folder import write_arrays
from litefoot.runtime.storage.golden import Golden
from litefoot.runtime.tensors import TensorSpec

X = np.array([[1.0, 2.0, 3.0]], np.float32)
ARTIFACTS = ("int8.tflite", "fp32.tflite", "int8.onnx", "fp32.onnx")


@pytest.mark.parametrize("name", ["missing.tflite", "missing.onnx", "missing"])
def test_a_path_that_is_not_there_is_unreadable(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableModel, match=rf"no such file or folder[\s\S]*{name}"):
        load(tmp_path / name)


@pytest.mark.parametrize("suffix", [".tflite", ".onnx"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: b"",
        lambda whole: b"\0",
        lambda whole: b"just some text\n" * 20,
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[:-8],
        lambda whole: bytes(len(whole)),
    ],
    ids=["empty", "one byte", "text", "half", "cut off", "zeros"],
)
def test_a_damaged_file_is_unreadable_and_named(
    tmp_path: Path, suffix: str, damage: Callable[[bytes], bytes], capfd: pytest.CaptureFixture[str]
) -> None:
    path = write_affine(tmp_path / f"model{suffix}")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UnreadableModel, match=rf"cannot load this file[\s\S]*model{suffix}"):
        load(path)
    assert capfd.readouterr().out == ""


def test_an_onnx_file_with_a_garbled_name_is_unreadable_and_nothing_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write_affine(tmp_path / "model.onnx")
    path.write_bytes(path.read_bytes().replace(b"Gemm", b"G\xffmm"))
    with pytest.raises(UnreadableModel):
        load(path)
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("name", ["model.pb", "model", "model.tflite.bak"])
def test_another_kind_of_file_is_unreadable(tmp_path: Path, name: str) -> None:
    path = write_affine(tmp_path / "model.tflite").rename(tmp_path / name)
    with pytest.raises(UnreadableModel, match=r"No engine reads this file[\s\S]*\.tflite or \.onnx"):
        load(path)


def test_a_folder_that_is_no_bundle_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableModel, match="not a bundle"):
        load(tmp_path)


def test_a_path_may_be_text_and_its_suffix_in_capitals(tmp_path: Path) -> None:
    path = write_affine(tmp_path / "model.onnx").rename(tmp_path / "MODEL.ONNX")
    model = load(str(path))
    assert (model.name, model.contract) == ("MODEL.ONNX", None)
    np.testing.assert_array_equal(model(X), affine(X))


@pytest.mark.parametrize(("suffix", "engine"), [(".tflite", "onnxruntime"), (".onnx", "litert"), (".onnx", "tensorrt")])
def test_an_engine_that_does_not_read_the_file_is_a_usage_error(tmp_path: Path, suffix: str, engine: str) -> None:
    with pytest.raises(UsageError, match=engine):
        load(write_affine(tmp_path / f"model{suffix}"), engine=engine)


def test_a_single_file_has_no_artifacts_no_preprocessing_and_no_selftest(tmp_path: Path) -> None:
    path = write_affine(tmp_path / "model.tflite")
    with pytest.raises(UsageError, match="Only a bundle"):
        load(path, artifact="int8.tflite")
    with pytest.raises(UsageError, match="needs a bundle"):
        load(path).preprocess(X)
    with pytest.raises(UsageError, match="golden samples"):
        load(path).selftest()


@pytest.mark.parametrize("threads", [0, -1])
def test_a_model_runs_on_at_least_one_thread(tiny_bundle: Path, threads: int) -> None:
    with pytest.raises(UsageError, match="thread"):
        load(tiny_bundle, threads=threads)


@pytest.mark.parametrize("name", ARTIFACTS)
def test_an_artifact_is_loaded_by_its_name(tiny_bundle: Path, name: str) -> None:
    model = load(tiny_bundle, artifact=name, threads=2)
    assert model.name == name
    assert model.contract == Bundle(tiny_bundle).contract
    np.testing.assert_array_equal(model(X), affine(X))


def test_the_first_recommended_artifact_is_loaded(tiny_bundle: Path) -> None:
    assert load(tiny_bundle).name == "int8.tflite"
    assert load(tiny_bundle, engine="onnxruntime").name == "int8.onnx"


def test_recommended_artifacts_whose_engine_is_not_installed_are_passed_over(
    tiny_bundle: Path, without: Callable[[str], None]
) -> None:
    without("ai_edge_litert")
    assert load(tiny_bundle).name == "int8.onnx"
    for choice in ({"engine": "litert"}, {"artifact": "fp32.tflite"}):
        with pytest.raises(MissingDependency, match=r'pip install "litefoot\[tflite\]"'):
            load(tiny_bundle, **choice)
    without("onnxruntime")
    with pytest.raises(MissingDependency, match=r'pip install "litefoot\[tflite\]"'):
        load(tiny_bundle)


def test_a_bundle_of_which_nothing_passed_is_loaded_only_by_name(bundle_copy: Path) -> None:
    write_manifest(bundle_copy, replace(Bundle(bundle_copy).manifest, recommended=()))
    with pytest.raises(UnreadableModel, match=r"No artifact[\s\S]*artifact="):
        load(bundle_copy)
    assert load(bundle_copy, artifact="fp32.onnx").name == "fp32.onnx"


@pytest.mark.parametrize("engine", ["onnxruntime", "tensorrt"])
def test_no_recommended_artifact_for_an_engine_is_a_usage_error(bundle_copy: Path, engine: str) -> None:
    write_manifest(bundle_copy, replace(Bundle(bundle_copy).manifest, recommended=("fp32.tflite",)))
    with pytest.raises(UsageError, match=engine):
        load(bundle_copy, engine=engine)


def test_a_file_changed_after_verification_is_not_run(bundle_copy: Path) -> None:
    write_affine(bundle_copy / "models" / "fp32.tflite", weights=WEIGHTS + 1)
    with pytest.raises(UntrustedBundle, match=r"fp32\.tflite"):
        load(bundle_copy, artifact="fp32.tflite")


def test_a_file_with_other_inputs_or_outputs_than_the_manifest_says_is_not_run(bundle_copy: Path) -> None:
    write_sum_and_difference(bundle_copy / "models" / "fp32.onnx")
    reseal(bundle_copy)
    with pytest.raises(
        UntrustedBundle, match=r"differ from the manifest[\s\S]*a float32\[\?, 2\][\s\S]*x float32\[\?, 3\]"
    ):
        load(bundle_copy, artifact="fp32.onnx")


def test_preprocessing_follows_the_contract_and_adds_the_batch(bundle_copy: Path) -> None:
    manifest = Bundle(bundle_copy).manifest
    contract = replace(manifest.contract, preprocessing={"x": (Scale(2.0, 1.0),)})
    write_manifest(bundle_copy, replace(manifest, contract=contract))
    model = load(bundle_copy)
    np.save(bundle_copy / "sample.npy", X[0])
    for source in (X[0], bundle_copy / "sample.npy", str(bundle_copy / "sample.npy")):
        assert model.preprocess(source).tolist() == [[3.0, 5.0, 7.0]]


def test_preprocessing_needs_a_contract_with_one_input(bundle_copy: Path) -> None:
    manifest = Bundle(bundle_copy).manifest
    two = (*manifest.contract.inputs, TensorSpec("z", (None,), "float32"))
    write_manifest(bundle_copy, replace(manifest, contract=replace(manifest.contract, inputs=two)))
    with pytest.raises(UsageError, match="one input"):
        load(bundle_copy).preprocess(X[0])


@pytest.mark.parametrize("name", ARTIFACTS)
def test_selftest_passes_a_good_file(tiny_bundle: Path, name: str) -> None:
    told: list[tuple[int, int]] = []
    verdict = load(tiny_bundle, artifact=name).selftest(progress=lambda *step: told.append(step))
    assert (verdict.status, verdict.artifact, verdict.reason) == ("passed", name, "")
    assert told[-1] == (150, 150)
    assert verdict.task is not None
    assert verdict.task.samples == 150


@pytest.mark.parametrize("name", ARTIFACTS)
def test_selftest_fails_a_file_with_one_changed_weight_though_every_digest_fits(bundle_copy: Path, name: str) -> None:
    changed = WEIGHTS.copy()
    changed[0, 2] += 1.0
    write = write_affine_int8 if name.startswith("int8") else write_affine
    write(bundle_copy / "models" / name, weights=changed)
    reseal(bundle_copy)
    verdict = load(bundle_copy, artifact=name).selftest()
    assert verdict.status == "failed"
    assert "SQNR" in verdict.reason
    others = [other for other in ARTIFACTS if other != name]
    assert all(load(bundle_copy, artifact=other).selftest().passed for other in others)


def test_selftest_fails_on_swapped_references(tiny_bundle: Path) -> None:
    golden = Bundle(tiny_bundle).golden()
    swapped = {"y": golden.references["y"][:, ::-1].copy()}
    assert load(tiny_bundle).selftest(golden).passed
    assert load(tiny_bundle).selftest(replace(golden, references=swapped)).status == "failed"


def test_selftest_fails_without_samples_however_they_are_given(bundle_copy: Path) -> None:
    nothing = Golden({"x": X[:0]}, {"y": affine(X)[:0]}, np.zeros(0, np.int64))
    given = load(bundle_copy).selftest(nothing)
    write_arrays(bundle_copy / GOLDEN, nothing.to_arrays())
    reseal(bundle_copy)
    for verdict in (given, load(bundle_copy).selftest()):
        assert verdict.status == "failed"
        assert "samples 0" in verdict.reason


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: entry.pop("file"),
        lambda entry: entry.update(file=5),
        lambda entry: entry.update(inputs=None),
        lambda entry: entry["inputs"][0].update(shape=3),
        lambda entry: entry["inputs"][0].update(surprise=1),
    ],
)
def test_a_sealed_manifest_of_another_format_is_a_bad_document(bundle_copy: Path, change: Callable[[Any], Any]) -> None:
    path = bundle_copy / "manifest.json"
    document = json.loads(path.read_text())
    for entry in document["artifacts"]:
        change(entry)
    document["sha256"] = document_digest(document)
    path.write_text(json.dumps(document))
    with pytest.raises(BadDocument, match="breaks its format"):
        load(bundle_copy)


@pytest.mark.parametrize("names", [None, ["none.tflite"], [5], {}])
def test_recommendations_that_are_none_are_refused(bundle_copy: Path, names: object) -> None:
    path = bundle_copy / "manifest.json"
    document = json.loads(path.read_text())
    document["recommended"] = names
    document["sha256"] = document_digest(document)
    path.write_text(json.dumps(document))
    with pytest.raises(UnreadableModel):
        load(bundle_copy)
