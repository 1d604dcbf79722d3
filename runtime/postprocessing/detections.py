"""Boxes and scores of a single-shot detector to the objects in a picture.

Liu et al., "SSD: Single Shot MultiBox Detector", arXiv:1512.02325: anchors ("default boxes") of several sizes at the
centre of every cell of some grids; for each anchor an offset and a score per class.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .answers import Answer, output_of, softmax

if TYPE_CHECKING:
    import numpy.typing as npt

    from ..contract import ModelContract

    Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Detection:
    """One object.

    Attributes:
        label: Its class.
        score: How probable it is, in 0..1.
        box: Top, left, bottom, right, in 0..1 of the picture's height and width.
    """

    label: str
    score: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Objects(Answer):
    """The objects in a picture.

    Attributes:
        objects: The most probable first.
    """

    objects: tuple[Detection, ...]

    def __str__(self) -> str:
        lines = [
            f"{found.label}  {found.score:.4f}  {' '.join(f'{edge:.3f}' for edge in found.box)}"
            for found in self.objects
        ]
        return "\n".join([f"{len(self.objects)} objects: label, score, top left bottom right", *lines])


@dataclass(frozen=True)
class Grid:
    """Anchors at the centres of equal cells.

    Attributes:
        rows: Cells from top to bottom.
        columns: Cells from left to right.
        sizes: Height and width of each anchor of a cell, in 0..1 of the picture's.
    """

    rows: int
    columns: int
    sizes: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Detections:
    """The objects that a single-shot detector finds.

    The output of kind boxes is (anchors, 4): the offsets of Liu et al., equation 2, as vertical centre, horizontal
    centre, height, width. The output of kind probabilities or logits is (anchors, 1 + classes), the background first.
    The anchors are in the order of the grids, in each row by row, in each cell in the order of its sizes.

    Attributes:
        grids: Where the anchors are.
        min_score: The smallest that counts, in 0..1.
        max_overlap: The largest intersection over union of two objects of a class; of two that share more, the less
            probable is dropped.
        most: The largest number of objects.
    """

    grids: tuple[Grid, ...]
    min_score: float = 0.3
    max_overlap: float = 0.45
    most: int = 100
    op: Literal["detections"] = "detections"

    def __str__(self) -> str:
        return f"objects above {self.min_score:g}, no two of a class overlapping by more than {self.max_overlap:g}"

    def anchors(self) -> Array:
        """The anchors.

        Returns:
            (anchors, 4) float64: vertical centre, horizontal centre, height, width, in 0..1.
        """
        cells = []
        for grid in self.grids:
            rows = (np.arange(grid.rows) + 0.5) / grid.rows
            columns = (np.arange(grid.columns) + 0.5) / grid.columns
            shape = (grid.rows, grid.columns, len(grid.sizes))
            sizes = np.asarray(grid.sizes)
            parts = (rows[:, None, None], columns[None, :, None], sizes[:, 0], sizes[:, 1])
            cells.append(np.stack([np.broadcast_to(part, shape) for part in parts], axis=-1).reshape(-1, 4))
        return np.concatenate(cells)

    def decode(self, offsets: Array) -> Array:
        """Boxes from offsets: Liu et al., equation 2, solved for the box g of the anchor d.

        ``centre_g = centre_d + offset * size_d`` and ``size_g = size_d * exp(offset)``.

        Args:
            offsets: (..., anchors, 4), in the order of `anchors`.

        Returns:
            (..., anchors, 4) float64: top, left, bottom, right, cut to 0..1.
        """
        anchors = self.anchors()
        centres = anchors[:, :2] + offsets[..., :2] * anchors[:, 2:]
        halves = anchors[:, 2:] * np.exp(np.minimum(offsets[..., 2:], 10.0)) / 2.0  # a wild value stays finite
        boxes: Array = np.clip(np.concatenate([centres - halves, centres + halves], axis=-1), 0.0, 1.0)
        return boxes

    def found(self, outputs: Mapping[str, Array], contract: ModelContract) -> tuple[Array, Array, Array]:
        """The objects of one sample as arrays, the most probable first.

        Args:
            outputs: By output name, without a batch axis.
            contract: For the outputs' kinds.

        Returns:
            Boxes (objects, 4) of top, left, bottom, right in 0..1; classes (objects,), from 0, the background not
            counted; scores (objects,) in 0..1.

        Raises:
            UsageError: The model has no such outputs.
        """
        offsets, _ = output_of(outputs, contract, "boxes")
        scores, kind = output_of(outputs, contract, "probabilities", "logits")
        probabilities = (softmax(scores) if kind == "logits" else scores)[:, 1:]
        boxes = self.decode(offsets)
        kept = []
        for label in range(probabilities.shape[1]):
            above = np.flatnonzero(probabilities[:, label] >= self.min_score)
            chosen = above[suppress(boxes[above], probabilities[above, label], self.max_overlap)]
            kept.append(np.stack([chosen, np.full_like(chosen, label)], axis=1))
        places, classes = np.concatenate(kept).T
        found = probabilities[places, classes]
        order = np.argsort(-found, kind="stable")[: self.most]
        return boxes[places[order]], classes[order], found[order]

    def answer(self, outputs: Mapping[str, Array], contract: ModelContract) -> Objects:
        """The objects of one sample.

        Args:
            outputs: By output name, without a batch axis.
            contract: For kinds and labels; the background has no label.

        Returns:
            The objects.

        Raises:
            UsageError: The model has no such outputs.
        """
        found = zip(*self.found(outputs, contract), strict=True)
        names = dict(enumerate(contract.labels))
        return Objects(
            tuple(
                Detection(names.get(int(label), str(label)), float(score), tuple(map(float, box)))  # type: ignore[arg-type]
                for box, label, score in found
            )
        )


def suppress(boxes: Array, scores: Array, max_overlap: float) -> Array:
    """Non-maximum suppression: of boxes that overlap, only the one with the highest score is kept.

    Args:
        boxes: (boxes, 4): top, left, bottom, right.
        scores: (boxes,).
        max_overlap: The largest intersection over union of two boxes that are kept.

    Returns:
        Indices of the boxes that are kept, the highest score first.
    """
    left = np.argsort(-scores, kind="stable")
    kept = []
    while len(left):
        kept.append(left[0])
        shared = overlap(boxes[left[:1]], boxes[left[1:]])[0]
        left = left[1:][shared <= max_overlap]
    return np.array(kept, dtype=np.int64)


def overlap(first: Array, second: Array) -> Array:
    """Intersection over union of each pair of boxes.

    Args:
        first: (n, 4): top, left, bottom, right.
        second: (m, 4).

    Returns:
        (n, m), in 0..1; 0 where both are empty.
    """
    corner = np.maximum(first[:, None, :2], second[None, :, :2])
    opposite = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.prod(np.maximum(opposite - corner, 0.0), axis=-1)
    areas = [np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0.0), axis=-1) for boxes in (first, second)]
    union = areas[0][:, None] + areas[1] - shared
    shares: Array = np.divide(shared, union, out=np.zeros_like(union), where=union > 0)
    return shares
