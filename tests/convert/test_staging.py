"""What the user gave becomes a file that a worker can open; live models are in test_live_models.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import pytest

from litefoot.convert.source import Source
from litefoot.convert.staging import Staged, stage
from litefoot.runtime.errors import UnreadableModel, UsageError


def test_a_path_stays_where_it_is_and_gives_the_model_its_name(tmp_path: Path) -> None:
    path = tmp_path / "birds.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = "{}"
    staged = Staged(Source(str(path), "hdf5"), "birds")
    assert stage(path, tmp_path / "scratch") == staged
    assert stage(str(path), tmp_path / "scratch") == staged
    assert not (tmp_path / "scratch").exists()


def test_a_folder_gives_its_name_even_from_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "birds.v2"
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(b"")
    staged = stage(folder, tmp_path)
    assert staged.source == Source(str(folder), "saved_model")
    assert staged.name == "birds.v2"
    monkeypatch.chdir(folder)
    assert stage(".", tmp_path).name == "birds.v2"


def test_a_path_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableModel, match="There is no such model"):
        stage(tmp_path / "missing", tmp_path)


class Model:
    """By its name alone no model: its module is not Keras's."""


@pytest.mark.parametrize("given", [None, 3, b"model.keras", ["model.keras"], object(), Model(), Model])
def test_what_is_neither_a_path_nor_a_model_is_refused(given: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refusal:
        stage(given, tmp_path)
    assert "This is no model" in str(refusal.value)
    assert f"got:      {type(given).__name__}\n" in str(refusal.value)
    assert "a path, or a Keras 3 or tf_keras model object" in str(refusal.value)
