"""Average precision by hand, by its laws, and against the definition written down as loops."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.errors import SampleError
from litefoot.runtime.postprocessing import Detections, Grid
from litefoot.runtime.tensors import TensorSpec
from litefoot.runtime.verification.metrics.boxes import Map50, ranked
from litefoot.runtime.verification.task import score_of

Array = np.ndarray[Any, Any]
LEFT, RIGHT, BOTH = (0.0, 0.0, 0.5, 0.5), (0.0, 0.5, 0.5, 1.0), (0.0, 0.0, 0.5, 1.0)


def found(*objects: tuple[tuple[float, ...], int, float]) -> tuple[Array, Array, Array]:
    boxes, classes, scores = zip(*objects, strict=True) if objects else ((), (), ())
    return np.array(boxes).reshape(-1, 4), np.array(classes, int), np.array(scores, float)


def right(*objects: tuple[int, tuple[float, ...]], most: int = 4) -> Array:
    rows = [[label, *box] for label, box in objects]
    return np.array(rows + [[-1, 0, 0, 0, 0]] * (most - len(rows)), float)


def score(detections: list[Any], targets: Array, weights: Any = None) -> float:
    metric = Map50.__new__(Map50)
    metric._classes, metric._samples = ranked(detections, targets), len(targets)
    return float(metric.score(np.ones(len(targets)) if weights is None else np.asarray(weights)))


@pytest.mark.parametrize(
    ("objects", "value"),
    [
        ([(LEFT, 0, 0.9), (RIGHT, 0, 0.8)], 1.0),
        ([(RIGHT, 0, 0.1), (LEFT, 0, 0.2)], 1.0),
        ([], 0.0),
        ([(LEFT, 1, 0.9), (RIGHT, 1, 0.8)], 0.0),
        ([(LEFT, 0, 0.9)], 51 / 101),  # recalls 0 to 0.50 are reached
        ([(LEFT, 0, 0.9), (LEFT, 0, 0.8), (RIGHT, 0, 0.7)], (51 + 50 * 2 / 3) / 101),  # one found twice
        ([(BOTH, 0, 0.9), (LEFT, 0, 0.8), (RIGHT, 0, 0.7)], (51 + 50 * 2 / 3) / 101),  # half is enough to take a box
        ([(BOTH, 0, 0.1), (LEFT, 0, 0.9), (RIGHT, 0, 0.8)], 1.0),
    ],
)
def test_by_hand(objects: list[Any], value: float) -> None:
    assert score([found(*objects)], right((0, LEFT), (0, RIGHT))[np.newaxis]) == pytest.approx(value)


def test_the_mean_is_over_the_classes_that_there_are() -> None:
    targets = right((0, LEFT), (3, RIGHT))[np.newaxis]
    assert score([found((LEFT, 0, 0.9), (RIGHT, 2, 0.9))], targets) == 0.5
    assert math.isnan(score([found((LEFT, 0, 0.9))], right()[np.newaxis]))


def test_a_box_is_looked_for_in_its_own_picture() -> None:
    targets = np.stack([right((0, LEFT)), right((0, RIGHT))])
    assert score([found((LEFT, 0, 0.9)), found((RIGHT, 0, 0.8))], targets) == 1.0
    assert score([found((RIGHT, 0, 0.9)), found((LEFT, 0, 0.8))], targets) == 0.0


@st.composite
def scenes(draw: st.DrawFn) -> tuple[list[Any], Array]:
    corners = st.tuples(*[st.integers(0, 3)] * 2, *[st.integers(1, 3)] * 2)
    boxes = corners.map(lambda c: (c[0] / 6, c[1] / 6, (c[0] + c[2]) / 6, (c[1] + c[3]) / 6))
    n = draw(st.integers(1, 4))
    labels = st.integers(0, 2)
    targets = [right(*draw(st.lists(st.tuples(labels, boxes), max_size=4))) for _ in range(n)]
    objects = st.lists(st.tuples(boxes, labels, st.integers(1, 40).map(lambda s: s / 40)), max_size=6)
    return [found(*draw(objects)) for _ in range(n)], np.stack(targets)


def by_definition(detections: list[Any], targets: Array) -> float:
    """Every step as the paper's toolkit takes it, without any array arithmetic."""
    precisions = []
    for label in sorted({int(row[0]) for picture in targets for row in picture if row[0] >= 0}):
        free = [[row[1:] for row in picture if row[0] == label] for picture in targets]
        total = sum(len(boxes) for boxes in free)
        every = [
            (-score, i, k, box)
            for i, (boxes, labels, scores) in enumerate(detections)
            for k, (box, name, score) in enumerate(zip(boxes, labels, scores, strict=True))
            if name == label
        ]
        hits, points = 0, []
        for place, (_, i, _, box) in enumerate(sorted(every, key=lambda entry: entry[:3])):
            shares = [overlap_of(box, other) for other in free[i]]
            if shares and max(shares) >= 0.5:
                free[i].pop(shares.index(max(shares)))
                hits += 1
            points.append((hits / total, hits / (place + 1)))
        reached = [
            max((precision for recall, precision in points if recall >= step / 100), default=0.0) for step in range(101)
        ]
        precisions.append(sum(reached) / 101)
    return sum(precisions) / len(precisions) if precisions else math.nan


def overlap_of(first: Any, second: Any) -> float:
    sides = [min(first[i + 2], second[i + 2]) - max(first[i], second[i]) for i in (0, 1)]
    shared = max(sides[0], 0) * max(sides[1], 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return shared / (sum(areas) - shared)


@given(scenes())
def test_it_is_the_definition(case: tuple[list[Any], Array]) -> None:
    assert score(*case) == pytest.approx(by_definition(*case), abs=0.011, nan_ok=True)  # a recall that just is a step


@given(scenes(), st.data())
def test_a_weight_of_two_is_the_picture_twice(case: tuple[list[Any], Array], data: st.DataObject) -> None:
    detections, targets = case
    weights = data.draw(st.lists(st.integers(1, 3), min_size=len(targets), max_size=len(targets)))
    again = [detections[i] for i, weight in enumerate(weights) for _ in range(weight)]
    scores = [pair[2] for pair in detections]
    if len(set(np.concatenate(scores))) < sum(map(len, scores)):
        return  # of equal scores it matters which comes first
    value = score(again, np.repeat(targets, weights, axis=0))
    assert score(detections, targets, weights) == pytest.approx(value, abs=0.011, nan_ok=True)


GRID = Detections((Grid(1, 2, ((0.5, 0.5),)),))
CONTRACT = ModelContract(
    (),
    (TensorSpec("offsets", (None, 2, 4), "float32", "boxes"), TensorSpec("scores", (None, 2, 3), "float32", "logits")),
    "",
    metric=Metric("map50", 0.01),
    postprocessing=GRID,
)
OUTPUTS = {
    "offsets": np.zeros((2, 2, 4), np.float32),
    "scores": np.array([[[0, 9, 0], [9, 0, 0]], [[9, 0, 0], [0, 0, 9]]], np.float32),
}
ANCHORS = ((0.25, 0.0, 0.75, 0.5), (0.25, 0.5, 0.75, 1.0))


def test_raw_outputs_are_decoded_by_the_contracts_postprocessing() -> None:
    targets = np.stack([right((0, ANCHORS[0])), right((1, ANCHORS[1]))]).astype(np.float32)
    assert score_of(CONTRACT, OUTPUTS, targets) == 1.0
    assert score_of(CONTRACT, OUTPUTS, targets[::-1]) == 0.0


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (np.zeros((2, 4)), "numbers[2, ?, 5]: class, top"),
        (np.zeros((2, 1, 5), int), "numbers[2, ?, 5]: class, top"),
        (np.stack([right((2, LEFT))] * 2), "0 to 1 as class"),
        (np.stack([right((0.5, LEFT))] * 2), "not whole"),  # type: ignore[arg-type]
        (np.stack([right((0, (0.0, 0.0, 0.5, 20.0)))] * 2), "0 to 1 as top"),
        (np.stack([right((0, (0.5, 0.0, 0.2, 1.0)))] * 2), "end before they begin"),
        (np.stack([right((0, (0.5, 0.0, math.nan, 1.0)))] * 2), "not finite"),
        (np.stack([right()] * 2), "no box in any sample"),
    ],
)
def test_what_are_no_boxes_is_refused(targets: Array, words: str) -> None:
    with pytest.raises(SampleError) as refused:
        score_of(CONTRACT, OUTPUTS, targets)
    assert words in str(refused.value)
