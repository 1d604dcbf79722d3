"""Folders of pictures: classes are the subfolders, parts are disjoint, what cannot be read is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from litefoot.runtime.errors import SampleError, UsageError
from litefoot.runtime.preprocessing import Colour, Resize, Scale
from litefoot.train.data.images import read_image_folder, read_pictures


def fill(folder: Path, cats: int, dogs: int) -> Path:
    """A subfolder of gray pictures for each class."""
    for label, count, level in (("cat", cats, 10), ("dog", dogs, 200)):
        (folder / label).mkdir(parents=True)
        for number in range(count):
            Image.new("L", (6, 4), level + number).save(folder / label / f"{number:03}.png")
    return folder


def test_without_a_test_folder_each_class_is_split(tmp_path: Path) -> None:
    (fill(tmp_path, 40, 20) / ".hidden").mkdir()
    (tmp_path / "cat" / "notes.txt").write_text("passed over")
    found = read_image_folder(tmp_path, seed=0)
    assert found.labels == ("cat", "dog")
    assert {name: np.bincount(found.classes[part]).tolist() for name, part in found.parts.items()} == {
        "train": [28, 14],
        "validation": [4, 2],
        "test": [8, 4],
    }
    assert sorted(np.concatenate(list(found.parts.values()))) == list(range(60))
    assert {file.parent.name for file, of_class in zip(found.files, found.classes, strict=True) if of_class} == {"dog"}


def test_a_test_folder_is_the_test(tmp_path: Path) -> None:
    fill(tmp_path / "train", 20, 20)
    fill(tmp_path / "test", 3, 5)
    found = read_image_folder(tmp_path, seed=0)
    assert {found.files[i].parents[1].name for i in found.parts["test"]} == {"test"}
    assert np.bincount(found.classes[found.parts["test"]]).tolist() == [3, 5]
    assert sorted([*found.parts["train"], *found.parts["validation"]]) == list(range(40))
    assert np.bincount(found.classes[found.parts["validation"]]).tolist() == [2, 2]


def test_the_seed_decides_the_split(tmp_path: Path) -> None:
    fill(tmp_path, 40, 40)
    first, again, other = (read_image_folder(tmp_path, seed).parts["test"].tolist() for seed in (0, 0, 1))
    assert first == again != other


def test_other_classes_in_the_test_folder_are_refused(tmp_path: Path) -> None:
    fill(tmp_path / "train", 5, 5)
    fill(tmp_path / "test", 5, 5)
    (tmp_path / "test" / "dog").rename(tmp_path / "test" / "wolf")
    with pytest.raises(UsageError, match="cat, wolf"):
        read_image_folder(tmp_path, seed=0)


def test_a_folder_of_another_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="0 subfolders"):
        read_image_folder(tmp_path, seed=0)
    (fill(tmp_path, 3, 3) / "empty").mkdir()
    with pytest.raises(UsageError, match="no pictures in empty"):
        read_image_folder(tmp_path, seed=0)
    with pytest.raises(UsageError, match="not a folder"):
        read_image_folder(tmp_path / "cat" / "000.png", seed=0)


def test_too_few_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SampleError, match="too few"):
        read_image_folder(fill(tmp_path, 2, 2), seed=0)


def test_pictures_of_any_mode_come_out_in_one_shape(tmp_path: Path) -> None:
    for mode in ("L", "RGB", "RGBA", "P"):
        Image.new(mode, (9, 7)).save(tmp_path / f"{mode}.png")
    pictures = read_pictures(sorted(tmp_path.iterdir()), (Colour(), Resize(4, 4), Scale(1 / 127.5, -1.0)))
    assert pictures.shape == (4, 4, 4, 3)
    assert pictures.dtype == np.float32
    assert (pictures == -1.0).all()


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    fill(tmp_path, 3, 3)
    (tmp_path / "cat" / "001.png").write_text("no picture")
    with pytest.raises(SampleError, match=r"1 of 6: .*cat/001\.png"):
        read_pictures(sorted(tmp_path.glob("*/*.png")), (Colour(),))
