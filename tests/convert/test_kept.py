"""What a finished conversion is known by, so that an interrupted search goes on with it and with no other."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from litefoot.convert import TrainingData
from litefoot.convert.kept import Kept, digest, is_whole
from litefoot.runtime.errors import OutputExists

SAMPLES = np.arange(6, dtype=np.float32).reshape(2, 3)


def test_the_same_content_has_the_same_place_beside_the_output(tmp_path: Path) -> None:
    (tmp_path / "model.keras").write_bytes(b"weights")
    kept = Kept(tmp_path / "dist")
    content = {"model": tmp_path / "model.keras", "calibration": SAMPLES, "reading": None}
    assert kept.place(content) == kept.place({**content, "calibration": SAMPLES.copy()})
    assert kept.place(content).parent == tmp_path / "dist.trials"


def test_another_model_sample_or_option_has_another_place(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(b"weights")
    kept = Kept(tmp_path / "dist")
    content = {"model": path, "calibration": {"x": SAMPLES}, "reading": None}
    places = {kept.place(content), kept.place({**content, "calibration": {"x": SAMPLES + 1}})}
    places |= {kept.place({**content, "reading": "other"}), kept.place({**content, "calibration": {"y": SAMPLES}})}
    path.write_bytes(b"other weights")
    places.add(kept.place(content))
    assert len(places) == 5


def test_a_folder_is_known_by_the_files_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "saved_model"
    folder.mkdir()
    (folder / "a").write_bytes(b"1")
    kept = Kept(tmp_path / "dist")
    before = kept.place({"model": folder})
    (folder / "b").write_bytes(b"2")
    assert kept.place({"model": folder}) != before


def test_what_is_missing_or_damaged_is_not_gone_on_with(tmp_path: Path) -> None:
    assert not is_whole(tmp_path / "nowhere")
    (tmp_path / "half").mkdir()
    assert not is_whole(tmp_path / "half")


def test_the_folder_goes_when_the_search_has_ended(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "dist")
    kept.make()
    kept.make()
    kept.place({}).mkdir()
    kept.remove()
    kept.remove()
    assert not kept.path.exists()


def test_after_an_error_it_stays_if_there_is_something_to_go_on_with(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "dist")
    with pytest.raises(KeyboardInterrupt), kept:
        raise KeyboardInterrupt
    assert not kept.path.exists()
    kept.make()
    kept.place({}).mkdir()
    with pytest.raises(KeyboardInterrupt), kept:
        raise KeyboardInterrupt
    assert kept.place({}).is_dir()
    with kept:
        pass
    assert not kept.path.exists()


def test_of_a_dataclass_every_value_of_an_array_counts() -> None:
    many = np.zeros(100_000, np.float32)
    other = many.copy()
    other[50_000] = 1  # which a representation leaves out
    assert repr(TrainingData({"x": many}, many, "mse")) == repr(TrainingData({"x": other}, many, "mse"))
    assert digest(TrainingData({"x": many}, many, "mse")) != digest(TrainingData({"x": other}, many, "mse"))


def test_a_folder_of_that_name_that_is_somebody_elses_stays(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "dist")
    kept.path.mkdir()
    (kept.path / "notes.txt").write_text("mine")
    kept.remove()
    with pytest.raises(OutputExists, match="there is a folder of that name"):
        kept.make()
    assert (kept.path / "notes.txt").read_text() == "mine"


def test_an_archive_is_known_by_what_is_in_it_and_not_by_when_it_was_written(tmp_path: Path) -> None:
    for name, year in (("a.npz", 2001), ("b.npz", 2002)):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr(zipfile.ZipInfo("x.npy", (year, 1, 1, 0, 0, 0)), b"values")
            archive.writestr("metadata.json", str(year))
    assert digest(tmp_path / "a.npz") == digest(tmp_path / "b.npz")
    with zipfile.ZipFile(tmp_path / "b.npz", "a") as archive:
        archive.writestr("y.npy", b"more")
    assert digest(tmp_path / "a.npz") != digest(tmp_path / "b.npz")


def test_a_text_that_is_also_a_files_name_is_a_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = digest({"format": "tflite", "nothing": ""})
    (tmp_path / "tflite").write_bytes(b"a file")
    assert digest({"format": "tflite", "nothing": ""}) == before
