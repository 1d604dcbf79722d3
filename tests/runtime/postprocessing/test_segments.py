"""Masks by hand, and the pictures that are written of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import OutputExists, UsageError
from litefoot.runtime.postprocessing import Segments
from litefoot.runtime.postprocessing.pictures import write_picture
from litefoot.runtime.postprocessing.segments import Mask
from litefoot.runtime.storage.codec import encode
from litefoot.runtime.tensors import TensorSpec

CONTRACT = ModelContract(
    (),
    (TensorSpec("mask", (None, 2, 2, 3), "float32", kind="mask"),),
    "image segmentation",
    labels=("ground", "cat", "dog"),
    postprocessing=Segments(),
)
PIXELS = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)


def answer() -> Mask:
    return Segments().answer({"mask": np.eye(3)[[[0, 2], [0, 0]]]}, CONTRACT)


def test_the_largest_score_of_each_pixel_wins() -> None:
    assert answer().mask.tolist() == [[0, 2], [0, 0]]
    assert encode(answer()) == {
        "shares": [{"label": "ground", "share": 0.75}, {"label": "dog", "share": 0.25}],
        "mask": [[0, 2], [0, 0]],
    }


def test_the_text_names_the_classes_that_there_are() -> None:
    assert str(answer()).splitlines() == ["2 x 2 pixels: label, share", "ground   75.00%", "dog      25.00%"]


def test_the_ground_is_black_and_each_class_has_its_colour() -> None:
    picture = Segments().answer({"mask": np.eye(12)[np.arange(12).reshape(3, 4)]}, CONTRACT).picture()
    assert picture.dtype == np.uint8
    assert picture[0, 0].tolist() == [0, 0, 0]
    assert len({tuple(colour) for colour in picture.reshape(-1, 3).tolist()}) == 12


def test_a_picture_is_read_again_as_it_was_written(tmp_path: Path) -> None:
    write_picture(tmp_path / "mask.png", PIXELS)
    with Image.open(tmp_path / "mask.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), PIXELS)
    assert [path.name for path in tmp_path.iterdir()] == ["mask.png"]


def test_a_file_is_replaced_only_where_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    path.write_text("mine")
    with pytest.raises(OutputExists):
        write_picture(path, PIXELS)
    assert path.read_text() == "mine"
    write_picture(path, PIXELS, force=True)
    with Image.open(path) as picture:
        assert picture.size == (2, 2)


@pytest.mark.parametrize("name", ["mask.gif", "mask", "absent/mask.png"])
def test_a_place_where_no_picture_can_be_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        write_picture(tmp_path / name, PIXELS)
