"""The metric of object detection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...contract import ModelContract
from ...postprocessing import Detections
from ...postprocessing.detections import overlap
from ...tensors import TensorSpec
from .classes import mean_where_defined
from .scores import Misfit, Scores, range_misfit, ratio, shape_misfit

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

    Found = tuple[Array, Array, Array]
    """Of one sample: boxes (objects, 4) of top, left, bottom, right in 0..1; classes (objects,); scores (objects,)."""

SHARED = 0.5
_COLUMNS = "class, top, left, bottom, right"
RECALLS = np.linspace(0.0, 1.0, 101)


class Map50(Scores):
    """Mean over the classes of the average precision at an intersection over union of 0.5.

    As COCO computes it (Lin et al., "Microsoft COCO", arXiv:1405.0312, and its pycocotools): in each picture and class
    the objects, most probable first, take the free right box that they share most with, if that is at least 0.5. The
    precision is averaged at the 101 recalls 0, 0.01, ..., 1, at each the largest that is reached there or beyond.
    """

    usual_drop = 0.02

    def __init__(self, contract: ModelContract, outputs: Mapping[str, Array], targets: Array) -> None:
        assert isinstance(contract.postprocessing, Detections)
        names = [spec.name for spec in self.outputs(contract)]
        found = [
            contract.postprocessing.found({name: outputs[name][i] for name in names}, contract)
            for i in range(len(targets))
        ]
        self._classes = ranked(found, targets)
        self._samples = len(targets)

    def __len__(self) -> int:
        """How many samples there are."""
        return self._samples

    def score(self, weights: Array) -> Array:
        """The metric, with the samples weighed; see `Scores.score`."""
        flat = np.asarray(weights, np.float64).reshape(-1, self._samples)
        table = np.array([[_average_precision(row, *of_class) for of_class in self._classes] for row in flat])
        return mean_where_defined(table).reshape(np.shape(weights)[:-1])

    @classmethod
    def outputs(cls, contract: ModelContract) -> tuple[TensorSpec, ...]:
        """Boxes and scores of a model whose postprocessing finds objects; see `Scores.outputs`."""
        boxes = next((spec for spec in contract.outputs if spec.kind == "boxes"), None)
        scores = next((spec for spec in contract.outputs if spec.kind in ("probabilities", "logits")), None)
        if boxes is None or scores is None or not isinstance(contract.postprocessing, Detections):
            return ()
        return boxes, scores

    @classmethod
    def wanted(cls) -> str:
        """What `outputs` looks for, for messages."""
        return "an output of the kind boxes, one of probabilities or logits, and the postprocessing detections"

    @classmethod
    def misfit(cls, specs: Sequence[TensorSpec], targets: Array) -> Misfit | None:
        """Why these targets are no boxes; see `Scores.misfit`."""
        if found := shape_misfit(targets, "f", [(specs[0].shape[0], None, 5)]):
            return Misfit(found.got, f"{found.expected}: {_COLUMNS}")
        labels, boxes = targets[..., 0], targets[..., 1:][targets[..., 0] >= 0]
        if not np.isfinite(targets).all() or (labels != np.rint(labels)).any():
            return Misfit("values that are not finite, or classes that are not whole", _COLUMNS)
        classes = specs[1].shape[-1]
        largest = np.inf if classes is None else classes - 2  # the background comes first and is not counted
        if found := range_misfit(labels, -1, largest):
            return Misfit(found.got, f"0 to {largest:g} as class, -1 where there is no box")
        if found := range_misfit(boxes, 0, 1, " as top, left, bottom, right"):
            return found
        if (boxes[:, 2:] < boxes[:, :2]).any():
            return Misfit("boxes that end before they begin", _COLUMNS)
        return None if len(boxes) else Misfit("no box in any sample", "at least one", nothing=True)


def ranked(found: Sequence[Found], targets: Array) -> list[tuple[Array, Array, Array]]:
    """For each class that there is, what was found of it in all samples, the most probable first.

    Args:
        found: Of each sample.
        targets: (samples, most, 5): class, top, left, bottom, right; class -1 where there is none.

    Returns:
        For each class: samples (objects,), whether each is right (objects,), and how many there should be in each
        sample (samples,).
    """
    labels = targets[..., 0].astype(np.int64)
    classes = []
    for label in np.unique(labels[labels >= 0]):
        owners, rights, scores = [], [], []
        for i, (boxes, names, probabilities) in enumerate(found):
            order = np.flatnonzero(names == label)
            order = order[np.argsort(-probabilities[order], kind="stable")]
            owners.append(np.full(len(order), i))
            rights.append(_matched(boxes[order], targets[i, labels[i] == label, 1:]))
            scores.append(probabilities[order])
        order = np.argsort(-np.concatenate(scores), kind="stable")
        there = (labels == label).sum(1).astype(np.float64)
        classes.append((np.concatenate(owners)[order], np.concatenate(rights)[order], there))
    return classes


def _matched(boxes: Array, right: Array) -> Array:
    """Which boxes, most probable first, find one of the right ones that no other has taken."""
    shared = overlap(boxes, right) if len(right) else np.zeros((len(boxes), 0))
    matched = np.zeros(len(boxes), dtype=bool)
    for i in range(len(boxes) if len(right) else 0):
        best = int(shared[i].argmax())
        if shared[i, best] >= SHARED:
            matched[i] = True
            shared[:, best] = -1.0  # taken
    return matched


def _average_precision(weights: Array, owners: Array, rights: Array, there: Array) -> float:
    total = weights @ there
    if not total:
        return float("nan")
    weighed = weights[owners]
    hits = np.cumsum(weighed * rights)
    precisions = np.nan_to_num(ratio(hits, np.cumsum(weighed)))
    best = np.append(np.maximum.accumulate(precisions[::-1])[::-1], 0.0)
    return float(best[np.searchsorted(hits / total, RECALLS)].mean())
