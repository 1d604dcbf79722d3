"""The samples on which a file is furthest from the full-precision model, shown as what they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.postprocessing import Detections
from litefoot.runtime.sequences import fed, visible
from litefoot.runtime.tensors import TensorSpec
from litefoot.runtime.verification.metrics.classes import two_columns
from litefoot.runtime.verification.tolerance import CLASS_KINDS

from ..material import Arrays, Material, Section, worth_a_look
from ..sketches import (
    as_bytes,
    best_classes,
    boxes_on,
    is_picture,
    mask,
    numbers,
    picture,
    sketch_input,
    spread,
    text,
    words,
)
from ..template import render

Array = npt.NDArray[Any]

MOST = 6
AMONG = 512
"""Samples that are looked at: the model runs on them once more."""


@dataclass(frozen=True)
class Card:
    """One sample.

    Attributes:
        number: Its place among the golden samples.
        inputs: Name and HTML of each.
        answers: Name and HTML of each: of the full-precision model, of the file, and the right one.
        error: How far the file is off, in lengths of the reference.
    """

    number: int
    inputs: list[tuple[str, str]]
    answers: list[tuple[str, str]]
    error: float


def samples(material: Material) -> Section | None:
    """The worst samples of the artifacts that are worth a look.

    Args:
        material: Of the page.

    Returns:
        The section; None without samples, or where nothing could be run.
    """
    golden = material.golden
    if golden is None or not len(golden):
        return None
    parts = []
    places = np.unique(np.linspace(0, len(golden) - 1, min(len(golden), AMONG)).round().astype(np.int64))
    given = {name: array[places] for name, array in golden.inputs.items()}
    references = {name: array[places] for name, array in golden.references.items()}
    for artifact in worth_a_look(material.report):
        run = material.answers.get(artifact.name)
        if run is None:
            continue
        answers = visible(run(given), material.contract.state)
        errors = distances(references, answers, material.contract)
        ranked = np.argsort(-errors, kind="stable")[:MOST]
        cards = [
            _card(material, int(places[row]), {n: a[row] for n, a in answers.items()}, float(errors[row]))
            for row in ranked
            if errors[row] > 0
        ]
        parts.append((artifact, len(places), cards))
    classes = any(_decides(spec, material.contract) for spec in material.contract.outputs)
    return Section("Worst samples", render("samples", parts=parts, classes=classes)) if parts else None


def distances(references: Arrays, answers: Arrays, contract: ModelContract) -> Array:
    """How far each sample's answers are off.

    Args:
        references: The full-precision model's answers by output name, (samples, ...).
        answers: The artifact's.
        contract: Which says what they hold.

    Returns:
        (samples,): the root mean square of the error over that of the reference, of the worst output; where a sample
        is answered by another class, 1000 more. Not finite answers are infinitely far.
    """
    worst = np.zeros(min(len(array) for array in references.values()))
    for spec in contract.outputs:
        reference, answer = references.get(spec.name), answers.get(spec.name)
        if reference is None or answer is None or reference.shape != answer.shape or not reference.size:
            continue
        rows = [values.reshape(len(values), -1).astype(np.float64) for values in (reference, answer)]
        length = np.sqrt(np.square(rows[0]).mean()) or 1.0
        with np.errstate(invalid="ignore", over="ignore"):
            error = np.sqrt(np.square(rows[1] - rows[0]).mean(axis=1)) / length
        if _decides(spec, contract):
            scores = [values[:, np.newaxis] if values.ndim == 1 else values for values in (reference, answer)]
            chosen = [two_columns(values, spec.kind).argmax(-1).reshape(len(values), -1) for values in scores]
            error += 1000.0 * (chosen[0] != chosen[1])[:, -1]
        worst = np.maximum(worst, np.where(np.isfinite(error), error, np.inf))
    return worst


def _decides(spec: TensorSpec, contract: ModelContract) -> bool:
    """Whether the largest score of an output is the answer to a sample."""
    return spec.kind in CLASS_KINDS and not isinstance(contract.postprocessing, Detections)


def _card(material: Material, number: int, answers: Arrays, error: float) -> Card:
    golden, contract = material.golden, material.contract
    assert golden is not None
    given = {spec.name: (spec, golden.inputs[spec.name][number]) for spec in fed(contract.inputs, contract.state)}
    seen = next((as_bytes(spec, values, contract) for spec, values in given.values() if is_picture(spec, values)), None)
    target = None if golden.targets is None else golden.targets[number]
    shown = _Answers(contract, seen, given)
    references = {name: array[number] for name, array in golden.references.items()}
    lines = shown.pairs(references, answers)
    if target is not None and (right := shown.right(target)):
        lines.append(("right", right))
    return Card(number, [(name, sketch_input(*pair, contract)) for name, pair in given.items()], lines, error % 1000.0)


class _Answers:
    """Answers to one sample, beside each other."""

    def __init__(self, contract: ModelContract, seen: Array | None, given: dict[str, tuple[TensorSpec, Array]]) -> None:
        self._contract = contract
        self._seen = seen
        self._given = given

    def pairs(self, reference: Arrays, answer: Arrays) -> list[tuple[str, str]]:
        """Name and HTML of each drawing."""
        contract = self._contract
        if isinstance(contract.postprocessing, Detections) and self._seen is not None:
            both = (("full precision", reference, "reference"), ("file", answer, "missed"))
            return [(name, self._boxes(values, look)) for name, values, look in both]
        if {"start", "end"} <= reference.keys():
            return [("full precision", self._span(reference)), ("file", self._span(answer))]
        lines: list[tuple[str, str]] = []
        for spec in contract.outputs:
            if spec.name in reference and spec.name in answer and reference[spec.name].shape == answer[spec.name].shape:
                several = f", {spec.name}" if len(reference) > 1 else ""
                lines += [
                    (f"{what}{several}", drawn)
                    for what, drawn in self._output(spec, reference[spec.name], answer[spec.name])
                ]
        return lines

    def right(self, target: Array) -> str:
        """The right answer, where it is short."""
        contract = self._contract
        if isinstance(contract.postprocessing, Detections) and self._seen is not None:
            found = [(row[1:], _label(contract, int(row[0]))) for row in target if row[0] >= 0]
            return picture(self._seen, boxes_on(self._seen, found, "right"))
        if contract.metric is not None and contract.metric.name == "mean_iou":
            return mask(np.eye(max(int(target.max()), 1) + 1)[np.maximum(target, 0)])
        if target.dtype.kind in "iu" and target.size == 1:
            return text(_label(contract, int(target.reshape(-1)[0])))
        return numbers([(target, "right", "right")]) if target.dtype.kind == "f" and target.size <= 64 else ""

    def _output(self, spec: TensorSpec, reference: Array, answer: Array) -> list[tuple[str, str]]:
        names = ("full precision", "file")
        both = (reference, answer)
        if spec.kind in CLASS_KINDS:
            return [
                (name, text(best_classes(np.atleast_1d(values), spec.kind, self._contract.labels)))
                for name, values in zip(names, both, strict=True)
            ]
        if spec.kind == "mask" and reference.ndim == 3:
            return [(name, mask(values)) for name, values in zip(names, both, strict=True)]
        if spec.kind == "image" and reference.ndim == 3:
            apart = np.abs(answer.astype(np.float64) - reference)
            drawn = [picture(spread(values)) for values in (*both, apart)]
            return list(zip((*names, f"difference, up to {apart.max():.2g}"), drawn, strict=True))
        if spec.kind == "tokens" and reference.dtype.kind in "iu":
            return [(name, text(words(spec, values, self._contract))) for name, values in zip(names, both, strict=True)]
        if reference.size <= 12:
            return [(name, numbers([(values, "", spec.name)])) for name, values in zip(names, both, strict=True)]
        return [
            (
                "full precision and file",
                numbers([(reference, "reference", "full precision"), (answer, "missed", "file")]),
            )
        ]

    def _boxes(self, outputs: Arrays, look: str) -> str:
        reading, contract = self._contract.postprocessing, self._contract
        assert isinstance(reading, Detections)
        assert self._seen is not None
        places, classes, scores = reading.found(outputs, contract)
        found = [
            (place, f"{_label(contract, int(label))} {score:.1%}")
            for place, label, score in zip(places, classes, scores, strict=True)
        ]
        return picture(self._seen, boxes_on(self._seen, found, look))

    def _span(self, outputs: Arrays) -> str:
        """The words between the best beginning and end."""
        first, last = (int(np.argmax(outputs[name])) for name in ("start", "end"))
        spec, values = next(iter(self._given.values()))
        return text(words(spec, values[first : last + 1], self._contract) or f"{first} to {last}")


def _label(contract: ModelContract, number: int) -> str:
    return contract.labels[number] if 0 <= number < len(contract.labels) else str(number)
