"""Files that are read by digest, inside their folder, within limits."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import numpy as np
import pytest

from litefoot.runtime.errors import UnreadableModel, UntrustedBundle
from litefoot.runtime.storage import files as files_module
from litefoot.runtime.storage.files import member, read_arrays, sha256
from litefoot.runtime.storage.folder import write_arrays


@pytest.mark.parametrize("size", [0, 1, 1024 * 1024, 1024 * 1024 + 1])
def test_the_digest_is_that_of_all_bytes(tmp_path: Path, size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    (tmp_path / "file").write_bytes(content)
    assert sha256(tmp_path / "file") == hashlib.sha256(content).hexdigest()


def test_a_member_is_a_path_inside(tmp_path: Path) -> None:
    assert member(tmp_path, "models/a.tflite") == tmp_path / "models" / "a.tflite"


@pytest.mark.parametrize("name", ["../x", "models/../../x", "models/../x", "/etc/passwd", "..\\x", "a\\b", "a\0b"])
def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UntrustedBundle, match="outside its folder"):
        member(tmp_path, name)


def test_a_link_that_leaves_the_folder_is_refused_and_one_that_stays_is_not(tmp_path: Path) -> None:
    inside = tmp_path / "folder"
    inside.mkdir()
    (inside / "real").write_text("")
    (inside / "out").symlink_to(tmp_path)
    (inside / "in").symlink_to(inside / "real")
    assert member(inside, "in") == inside / "in"
    with pytest.raises(UntrustedBundle):
        member(inside, "out/secret")


def test_arrays_come_back_as_they_were_written(tmp_path: Path) -> None:
    arrays = {"input/x": np.arange(6, dtype=np.int8).reshape(2, 3), "target": np.array([0.5, np.nan])}
    write_arrays(tmp_path / "a.npz", arrays)
    read = read_arrays(tmp_path / "a.npz")
    assert read.keys() == arrays.keys()
    for name, array in arrays.items():
        assert read[name].dtype == array.dtype
        np.testing.assert_array_equal(read[name], array)


def test_pickled_objects_are_neither_written_nor_read(tmp_path: Path) -> None:
    objects = np.array([{"a": 1}], object)
    with pytest.raises(ValueError, match="pickle"):
        write_arrays(tmp_path / "a.npz", {"a": objects})
    np.savez(tmp_path / "b.npz", a=objects)
    with pytest.raises(UnreadableModel, match="pickle"):
        read_arrays(tmp_path / "b.npz")


def test_arrays_are_read_up_to_the_limit_and_not_beyond(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_arrays(tmp_path / "a.npz", {"a": np.zeros(100_000)})
    unpacked = 800_000 + 128  # values and header
    monkeypatch.setattr(files_module, "MAX_ARRAYS_BYTES", unpacked)
    assert read_arrays(tmp_path / "a.npz")["a"].shape == (100_000,)
    monkeypatch.setattr(files_module, "MAX_ARRAYS_BYTES", unpacked - 1)
    with pytest.raises(UnreadableModel, match="too much"):
        read_arrays(tmp_path / "a.npz")


def test_an_archive_with_another_file_in_it_is_refused(tmp_path: Path) -> None:
    write_arrays(tmp_path / "a.npz", {"a": np.zeros(2)})
    with zipfile.ZipFile(tmp_path / "a.npz", "a") as archive:
        archive.writestr("notes.txt", "hello")
    with pytest.raises(UnreadableModel, match=r"notes\.txt"):
        read_arrays(tmp_path / "a.npz")


def test_damage_anywhere_in_the_arrays_is_an_unreadable_model(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    write_arrays(path, {"a": np.arange(50.0)})
    whole, refused = path.read_bytes(), 0
    for place in range(len(whole)):
        for damaged in (whole[:place], whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :]):
            path.write_bytes(damaged)
            try:
                read_arrays(path)
            except UnreadableModel:
                refused += 1
    assert refused > len(whole)


def test_missing_arrays_are_an_unreadable_model(tmp_path: Path) -> None:
    with pytest.raises(UnreadableModel):
        read_arrays(tmp_path / "nothing.npz")
