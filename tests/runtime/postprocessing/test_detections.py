"""Anchors, boxes and suppression by hand, and as properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.postprocessing import Detections, Grid, postprocess
from litefoot.runtime.postprocessing.detections import overlap, suppress
from litefoot.runtime.storage.codec import decode, encode
from litefoot.runtime.tensors import TensorSpec

DETECTIONS = Detections((Grid(2, 2, ((0.5, 0.5), (0.2, 0.4))), Grid(1, 1, ((0.8, 0.6),))))


def contract(detections: Detections = DETECTIONS) -> ModelContract:
    count = len(detections.anchors())
    boxes = TensorSpec("boxes", (None, count, 4), "float32", kind="boxes")
    scores = TensorSpec("scores", (None, count, 3), "float32", kind="probabilities")
    return ModelContract((), (boxes, scores), "object detection", labels=("a", "b"), postprocessing=detections)


def scores(**classes: dict[int, float]) -> np.ndarray:
    """Probabilities of nine anchors: these of the labels, the rest background."""
    values = np.zeros((9, 3), np.float32)
    for column, label in enumerate("ab", start=1):
        for anchor, score in classes.get(label, {}).items():
            values[anchor, column] = score
    values[:, 0] = 1.0 - values.sum(axis=1)
    return values


def test_anchors_stand_at_the_centres_row_by_row_in_the_order_of_their_sizes() -> None:
    anchors = DETECTIONS.anchors()
    assert anchors.shape == (9, 4)
    assert anchors[0].tolist() == [0.25, 0.25, 0.5, 0.5]
    assert anchors[1].tolist() == [0.25, 0.25, 0.2, 0.4]
    assert anchors[2].tolist() == [0.25, 0.75, 0.5, 0.5]
    assert anchors[4].tolist() == [0.75, 0.25, 0.5, 0.5]
    assert anchors[8].tolist() == [0.5, 0.5, 0.8, 0.6]


def test_no_offset_is_the_anchor_itself() -> None:
    assert DETECTIONS.decode(np.zeros((9, 4)))[8].tolist() == pytest.approx([0.1, 0.2, 0.9, 0.8])


def test_offsets_move_by_the_anchors_size_and_stretch_by_a_power_of_e() -> None:
    offsets = np.zeros((9, 4))
    offsets[8] = [0.1, -0.2, np.log(0.5), np.log(0.25)]
    # centre 0.5 + 0.1 * 0.8, 0.5 - 0.2 * 0.6; height 0.4, width 0.15
    assert DETECTIONS.decode(offsets)[8].tolist() == pytest.approx([0.38, 0.305, 0.78, 0.455])


def test_boxes_end_at_the_picture_however_wild_the_offsets() -> None:
    boxes = DETECTIONS.decode(np.full((9, 4), 1e6))
    assert ((boxes >= 0) & (boxes <= 1)).all()


def test_of_two_boxes_that_overlap_the_more_probable_is_kept_for_each_class_apart() -> None:
    offsets = np.zeros((9, 4))
    offsets[8] = (DETECTIONS.anchors()[0] - DETECTIONS.anchors()[8]) / np.array([0.8, 0.6, 1, 1])
    offsets[8, 2:] = np.log(np.array([0.5, 0.5]) / [0.8, 0.6])  # where anchor 0 is
    given_scores = scores(a={0: 0.6, 8: 0.7, 6: 0.5, 2: 0.2}, b={0: 0.35})
    boxes, classes, found = DETECTIONS.found({"boxes": offsets, "scores": given_scores}, contract())
    assert classes.tolist() == [0, 0, 1]
    assert found.tolist() == pytest.approx([0.7, 0.5, 0.35])
    np.testing.assert_allclose(boxes[0], [0, 0, 0.5, 0.5], atol=1e-7)


def test_only_so_many_are_found() -> None:
    few = Detections(DETECTIONS.grids, most=1)
    outputs = {"boxes": np.zeros((9, 4)), "scores": scores(a={0: 0.6, 6: 0.9})}
    assert len(few.found(outputs, contract(few))[0]) == 1


def test_the_answer_names_the_labels() -> None:
    outputs = {"boxes": np.zeros((9, 4)), "scores": scores(b={8: 0.75})}
    answer = postprocess(outputs, contract())
    assert str(answer).splitlines()[1] == "b  0.7500  0.100 0.200 0.900 0.800"
    assert encode(answer)["objects"][0]["label"] == "b"


def test_nothing_found_is_an_answer_too() -> None:
    answer = postprocess({"boxes": np.zeros((9, 4)), "scores": scores()}, contract())
    assert str(answer).startswith("0 objects")
    assert encode(answer) == {"objects": []}


def test_the_contract_carries_it() -> None:
    assert decode(ModelContract, encode(contract()), "contract") == contract()


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ([0, 0, 1, 1], [0, 0, 1, 1], 1.0),
        ([0, 0, 1, 1], [0, 0.5, 1, 1.5], 1 / 3),
        ([0, 0, 1, 1], [0, 1, 1, 2], 0.0),
        ([0, 0, 0, 0], [0, 0, 0, 0], 0.0),
        ([0, 0, 1, 1], [0.25, 0.25, 0.75, 0.75], 0.25),
    ],
)
def test_overlap_is_the_shared_area_over_that_of_both(first: list[float], second: list[float], shared: float) -> None:
    assert overlap(np.array([first]), np.array([second])).tolist() == [[pytest.approx(shared)]]


corners = arrays.arrays(np.float64, (6, 2), elements=st.floats(0, 0.6))
sizes = arrays.arrays(np.float64, (6, 2), elements=st.floats(0.01, 0.4))


@given(corners, sizes, arrays.arrays(np.float64, 6, elements=st.floats(0, 1)), st.floats(0, 1))
def test_kept_boxes_hardly_overlap_and_dropped_ones_overlap_with_a_better_one(
    corner: np.ndarray, size: np.ndarray, values: np.ndarray, limit: float
) -> None:
    boxes = np.concatenate([corner, corner + size], axis=1)
    kept = suppress(boxes, values, limit)
    shared = overlap(boxes, boxes)
    apart = shared[np.ix_(kept, kept)] - np.diag(np.full(len(kept), 9.0))
    assert (apart <= limit).all()
    for box in set(range(6)) - set(kept.tolist()):
        assert any(shared[box, better] > limit and values[better] >= values[box] for better in kept)
