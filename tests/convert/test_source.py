"""What lies at a path is told by its content, not by its name; shapes are read as the command line gives them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import h5py
import pytest

from litefoot.convert.source import find_layout, is_trained, parse_shapes
from litefoot.runtime.errors import UnreadableModel, UsageError
from litefoot.runtime.storage.trained import DOCUMENT


def archive(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name in names:
            file.writestr(name, json.dumps({}))
    return path


def refused(path: Path) -> str:
    with pytest.raises(UnreadableModel) as refusal:
        find_layout(path)
    assert str(path) in str(refusal.value)
    assert refusal.value.exit_code == 4
    return str(refusal.value)


@pytest.mark.parametrize("name", ["model.keras", "model", "model.zip", "model.h5"])
def test_an_archive_with_a_configuration_is_keras_whatever_its_name(tmp_path: Path, name: str) -> None:
    assert find_layout(archive(tmp_path / name, "config.json", "metadata.json")) == "keras"


@pytest.mark.parametrize("name", ["model.h5", "model.hdf5", "model.keras", "weights"])
def test_an_hdf5_file_is_hdf5_whatever_its_name(tmp_path: Path, name: str) -> None:
    with h5py.File(tmp_path / name, "w") as file:
        file.attrs["model_config"] = "{}"
    assert find_layout(tmp_path / name) == "hdf5"


def test_a_folder_with_a_saved_model_is_one(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"")
    assert find_layout(tmp_path) == "saved_model"
    assert not is_trained(tmp_path)


def test_a_folder_that_litefoot_trained_is_told_by_its_document(tmp_path: Path) -> None:
    assert not is_trained(tmp_path)
    (tmp_path / DOCUMENT).write_text("{}")
    assert is_trained(tmp_path)


def test_a_path_with_nothing_there_is_refused(tmp_path: Path) -> None:
    assert "There is no such model" in refused(tmp_path / "missing.keras")


def test_an_empty_folder_is_refused_and_says_what_was_expected(tmp_path: Path) -> None:
    told = refused(tmp_path)
    for words in ("This folder holds no model", "got:      nothing", "saved_model.pb", DOCUMENT):
        assert words in told


def test_a_folder_of_other_things_says_what_is_in_it(tmp_path: Path) -> None:
    for name in "jihgfedcba":
        (tmp_path / f"{name}.jpg").write_text("")
    assert "got:      a.jpg, b.jpg, c.jpg, d.jpg, e.jpg, f.jpg, g.jpg, h.jpg\n" in refused(tmp_path)


@pytest.mark.parametrize("name", ["model.tflite", "model.onnx", "MODEL.TFLITE"])
def test_a_converted_model_is_pointed_to_the_command_that_reads_it(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"TFL3")
    told = refused(path)
    assert "converted already" in told
    assert f"fix:      litefoot inspect {path}" in told


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\x89HDF\r\n\x1a", b"PK\x03\x04", bytes(1000)], ids=["empty", "text", "hdf", "zip", "0"]
)
def test_a_file_of_anything_else_is_no_keras_model(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    told = refused(path)
    assert "This is not a Keras model" in told
    assert "a .keras or .h5 file, a SavedModel, or a TrainedModel folder" in told


def test_an_archive_without_configuration_is_no_keras_model(tmp_path: Path) -> None:
    assert "not a Keras model" in refused(archive(tmp_path / "photos.zip", "a.jpg"))


@pytest.mark.parametrize(
    ("texts", "shapes"),
    [
        ([], {}),
        (["x=1,128"], {"x": (1, 128)}),
        (["x=1"], {"x": (1,)}),
        (["a=b=1,2"], {"a=b": (1, 2)}),
        (["x=1,2", "y=3,4,5"], {"x": (1, 2), "y": (3, 4, 5)}),
        (["x=1, 128"], {"x": (1, 128)}),
    ],
)
def test_shapes_are_read_by_input_name(texts: list[str], shapes: dict[str, tuple[int, ...]]) -> None:
    assert parse_shapes(texts) == shapes


@pytest.mark.parametrize("text", ["x", "1,128", "x=", "x=1,?", "x=1,0", "x=-1,4", "x=1x128", "x=1.5", "=1,128"])
def test_a_shape_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as refusal:
        parse_shapes(["ok=1,2", text])
    assert f"got:      {text}\n" in str(refusal.value)
    assert "expected: NAME=1,128" in str(refusal.value)
