"""Scenes: boxes are the edges of the ink, masks hold its class, the same seed gives the same scenes."""

from __future__ import annotations

import numpy as np
import pytest

from litefoot.train.data.handwriting import scikit_learn_digits
from litefoot.train.data.scenes import LARGEST, MOST_DIGITS, SIDE, Scenes, compose, load_scenes
from litefoot.train.recipe import Request


@pytest.fixture(scope="module")
def scenes() -> Scenes:
    return compose(*scikit_learn_digits(), 60, seed=3)


def test_shapes_and_types(scenes: Scenes) -> None:
    assert (scenes.pictures.shape, scenes.pictures.dtype) == ((60, SIDE, SIDE), np.uint8)
    assert (scenes.boxes.shape, scenes.boxes.dtype) == ((60, MOST_DIGITS, 5), np.float32)
    assert (scenes.masks.shape, scenes.masks.dtype) == ((60, SIDE, SIDE), np.int64)


def test_every_number_of_digits_is_there(scenes: Scenes) -> None:
    counts = (scenes.boxes[..., 0] >= 0).sum(axis=1)
    assert sorted(set(counts)) == [1, 2, 3, 4]


def test_boxes_are_whole_pixels_inside_the_scene(scenes: Scenes) -> None:
    boxes = scenes.boxes[scenes.boxes[..., 0] >= 0]
    edges = boxes[:, 1:] * SIDE
    np.testing.assert_array_equal(edges, np.rint(edges))
    assert ((boxes[:, 1:] >= 0) & (boxes[:, 1:] <= 1)).all()
    assert (edges[:, 2:] > edges[:, :2]).all()
    assert (edges[:, 2:] - edges[:, :2] <= LARGEST).all()


def test_a_lone_digits_box_is_the_edge_of_its_mask(scenes: Scenes) -> None:
    lone = np.flatnonzero((scenes.boxes[..., 0] >= 0).sum(axis=1) == 1)
    for scene in lone:
        label, *edges = scenes.boxes[scene, 0]
        rows, columns = np.nonzero(scenes.masks[scene])
        found = (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1)
        assert tuple(np.array(edges) * SIDE) == found
        assert set(np.unique(scenes.masks[scene])) == {0, int(label) + 1}


def test_ink_is_brighter_than_the_ground(scenes: Scenes) -> None:
    ink = scenes.masks > 0
    assert scenes.pictures[ink].mean() > scenes.pictures[~ink].mean() + 60


def test_the_same_seed_gives_the_same_scenes_and_another_gives_others() -> None:
    first, again, other = (compose(*scikit_learn_digits(), 3, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.pictures, again.pictures)
    np.testing.assert_array_equal(first.masks, again.masks)
    assert not np.array_equal(first.pictures, other.pictures)


def test_parts_have_their_sizes_and_scenes_of_their_own() -> None:
    parts, origin = load_scenes(Request(quick=True), train=40, validation=6, test=7)
    assert {name: len(part.pictures) for name, part in parts.items()} == {"train": 10, "validation": 6, "test": 7}
    assert len({scene.tobytes() for part in parts.values() for scene in part.pictures}) == 23
    assert "CC BY 4.0" in origin
