"""A bundle hands out what was written, and nothing that was changed, lost or smuggled in."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from resealing import reseal

from litefoot.convert.report.bundling import write_manifest
from litefoot.runtime.errors import BadDocument, UnreadableModel, UntrustedBundle
from litefoot.runtime.storage import files
from litefoot.runtime.storage.bundle import GOLDEN, MANIFEST, VERSION, Bundle
from litefoot.runtime.storage.folder import write_arrays
from litefoot.runtime.storage.golden import Golden

X, Y = np.arange(6.0).reshape(2, 3), np.arange(4.0).reshape(2, 2)


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads((folder / MANIFEST).read_text())
    change(document)
    (folder / MANIFEST).write_text(json.dumps(document))


def flip_a_bit(path: Path, place: int = -20) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(bytes(content))


def test_a_whole_bundle_gives_back_what_was_written(tiny_bundle: Path) -> None:
    bundle = Bundle(tiny_bundle)
    bundle.check()
    assert (bundle.manifest.version, bundle.manifest.name) == (VERSION, "tiny")
    assert [artifact.name for artifact in bundle.artifacts] == ["int8.tflite", "fp32.tflite", "int8.onnx", "fp32.onnx"]
    assert bundle.contract.labels == ("first", "second")
    assert bundle.model_path(bundle.artifact("fp32.onnx")) == tiny_bundle / "models" / "fp32.onnx"
    golden = bundle.golden()
    assert len(golden) == 150
    assert golden.targets is not None
    np.testing.assert_array_equal(golden.references["y"].argmax(-1), golden.targets)


def test_an_unknown_artifact_is_answered_with_those_that_there_are(tiny_bundle: Path) -> None:
    with pytest.raises(UnreadableModel, match=r"int16\.tflite[\s\S]*int8\.tflite, fp32\.tflite"):
        Bundle(tiny_bundle).artifact("int16.tflite")


def test_a_folder_or_file_without_manifest_is_not_a_bundle(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnreadableModel, match=MANIFEST):
        Bundle(tmp_path)
    for path, words in ((tmp_path / "file", "this is a file"), (tmp_path / "nothing", "no such folder")):
        with pytest.raises(UnreadableModel, match=words):
            Bundle(path)


@pytest.mark.parametrize("content", [b"", b"not json", b"\x00\xff", b'{"a": NaN}'])
def test_a_manifest_that_is_not_json_is_a_bad_document(bundle_copy: Path, content: bytes) -> None:
    (bundle_copy / MANIFEST).write_bytes(content)
    with pytest.raises(BadDocument, match="not valid JSON"):
        Bundle(bundle_copy)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda m: m.update(surplus=1), "surplus"),
        (lambda m: m["artifacts"][1].update(surplus=1), r"artifacts\[1\]"),
        (lambda m: m.pop("contract"), "contract"),
        (lambda m: m["artifacts"][0]["tolerances"]["y"].pop("atol"), "atol"),
        (lambda m: m.update(format="other"), "format"),
        (lambda m: m.update(version=0), "version"),
        (lambda m: m.update(version="1"), "version"),
        (lambda m: m["artifacts"][0].update(bytes="many"), "bytes"),
        (lambda m: m["artifacts"][0].update(format="pickle"), "format"),
    ],
)
def test_a_manifest_that_breaks_the_format_is_named_by_its_place(
    bundle_copy: Path, change: Callable[[dict[str, Any]], object], named: str
) -> None:
    edit(bundle_copy, change)
    with pytest.raises(BadDocument, match=named):
        Bundle(bundle_copy)


def test_a_newer_version_says_so_before_its_new_fields_do(bundle_copy: Path) -> None:
    edit(bundle_copy, lambda m: m.update(version=VERSION + 1, surplus=1))
    with pytest.raises(UnreadableModel, match=r"newer litefoot[\s\S]*pip install --upgrade") as refused:
        Bundle(bundle_copy)
    assert not isinstance(refused.value, BadDocument)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m["artifacts"][0]["tolerances"]["y"].update(atol=0.26),
        lambda m: m["contract"]["metric"].update(max_drop="inf"),
        lambda m: m["artifacts"][0].update(bytes=1),
        lambda m: m["recommended"].reverse(),
        lambda m: m["provenance"].update(seed=8),
        lambda m: m["provenance"].update(seed=1e999),
        lambda m: m["files"].clear(),
        lambda m: m.update(sha256="0" * 64),
        lambda m: m.pop("sha256"),
    ],
)
def test_a_manifest_changed_after_it_was_written_is_not_trusted(
    bundle_copy: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    edit(bundle_copy, change)
    if "Infinity" in (text := (bundle_copy / MANIFEST).read_text()):
        (bundle_copy / MANIFEST).write_text(text.replace("Infinity", "1e999"))
    with pytest.raises(UntrustedBundle, match="manifest was changed"):
        Bundle(bundle_copy)


def test_another_layout_of_the_same_manifest_is_the_same_manifest(bundle_copy: Path) -> None:
    before = Bundle(bundle_copy).manifest
    document = json.loads((bundle_copy / MANIFEST).read_text())
    (bundle_copy / MANIFEST).write_text(json.dumps(dict(reversed(document.items())), indent=7))
    assert Bundle(bundle_copy).manifest == before


def test_an_oversized_manifest_is_refused(bundle_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_DOCUMENT_BYTES", 100)
    with pytest.raises(BadDocument, match="too large"):
        Bundle(bundle_copy)


@pytest.mark.parametrize("file", ["models/fp32.tflite", "models/int8.onnx", GOLDEN])
@pytest.mark.parametrize(
    "damage",
    [
        flip_a_bit,
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes() + b"\0"),
        Path.unlink,
    ],
    ids=["bit flip", "truncated", "emptied", "appended", "missing"],
)
def test_a_changed_file_is_not_handed_out(bundle_copy: Path, file: str, damage: Callable[[Path], object]) -> None:
    bundle = Bundle(bundle_copy)
    damage(bundle_copy / file)
    with pytest.raises(UntrustedBundle, match=Path(file).name):
        bundle.check()
    with pytest.raises(UntrustedBundle, match=Path(file).name):
        bundle.golden() if file == GOLDEN else bundle.model_path(bundle.artifact(Path(file).name))


@pytest.mark.parametrize(
    "name", ["../outside.tflite", "models/../../outside.tflite", "{absolute}", "models/link.tflite"]
)
def test_a_manifest_cannot_name_a_file_outside(bundle_copy: Path, name: str) -> None:
    outside = bundle_copy.parent / "outside.tflite"
    outside.write_bytes((bundle_copy / "models" / "fp32.tflite").read_bytes())
    (bundle_copy / "models" / "link.tflite").symlink_to(outside)
    manifest = Bundle(bundle_copy).manifest
    stolen = replace(manifest.artifacts[1], file=name.format(absolute=outside))
    write_manifest(bundle_copy, replace(manifest, artifacts=(stolen,)))
    with pytest.raises(UntrustedBundle, match="outside its folder"):
        Bundle(bundle_copy).model_path(stolen)


def test_a_file_that_the_manifest_does_not_list_is_not_handed_out(bundle_copy: Path) -> None:
    (bundle_copy / "extra.json").write_text("{}")
    with pytest.raises(UntrustedBundle, match="does not list"):
        Bundle(bundle_copy).file("extra.json")


def test_pickled_golden_samples_are_refused_even_when_resealed(bundle_copy: Path) -> None:
    np.savez(bundle_copy / GOLDEN, **{"input/x": np.array([{"a": 1}], object)})
    reseal(bundle_copy)
    with pytest.raises(UnreadableModel, match="pickle"):
        Bundle(bundle_copy).golden()


@pytest.mark.parametrize(
    ("arrays", "named"),
    [
        ({"input/x": X, "reference/y": Y[:1]}, "different numbers of samples"),
        ({"input/x": X, "reference/y": Y, "target": np.arange(3)}, "different numbers of samples"),
        ({"input/x": X, "surprise/y": Y}, "surprise/y"),
        ({"input": X, "reference/y": Y}, "'?input'?"),
        ({"input/x": X, "reference/y": Y, "target/y": np.arange(2)}, "target/y"),
        ({"input/x": X, "reference/y": np.array(1.0)}, "reference/y"),
    ],
)
def test_golden_samples_that_break_their_format_are_refused(
    bundle_copy: Path, arrays: dict[str, Any], named: str
) -> None:
    write_arrays(bundle_copy / GOLDEN, arrays)
    reseal(bundle_copy)
    with pytest.raises(BadDocument, match=named):
        Bundle(bundle_copy).golden()


@pytest.mark.parametrize("targets", [None, np.array([1, 0])])
def test_golden_samples_survive_their_arrays(targets: Any) -> None:
    golden = Golden({"a/b": X}, {"y": Y}, targets)
    arrays = golden.to_arrays()
    assert arrays.keys() == {"input/a/b", "reference/y"} | ({"target"} if targets is not None else set())
    read = Golden.from_arrays(arrays, "here")
    assert read.inputs["a/b"] is X
    assert read.references["y"] is Y
    assert read.targets is targets
    assert len(read) == 2


def test_without_arrays_there_are_no_golden_samples() -> None:
    assert len(Golden({}, {})) == 0
