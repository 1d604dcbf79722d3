"""Every file at a glance: accuracy against size, drift against latency, and the intervals of the metric's loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from litefoot.runtime.verification.metrics import METRICS, shown
from litefoot.runtime.verification.task import Status, TaskVerdict

from ..charts import Form, Level, Point, rows, scatter
from ..material import Material, Section
from ..report import ArtifactReport
from ..template import render

_EXACT_DB = 160.0
"""Where an output without any error is drawn on a scale of decibels."""


def overview(material: Material) -> Section | None:
    """The drawings.

    Args:
        material: Of the page.

    Returns:
        The section; None without files.
    """
    artifacts = material.report.artifacts
    if not artifacts:
        return None
    judged = [(artifact, artifact.verdict.task) for artifact in artifacts if artifact.verdict.task is not None]
    plots = []
    if judged:
        plots.append((f"{judged[0][1].metric} against size", metric_against_size(judged)))
    else:
        plots.append(("Drift against size", _drift(artifacts, [each.bytes / 1e3 for each in artifacts], "kB")))
    plots.append(("Drift against latency", _drift(artifacts, [each.p50_ms for each in artifacts], "p50 ms, 1 thread")))
    if judged:
        plots.append((f"Loss of {judged[0][1].metric}, 95 % intervals", _losses(judged)))
    return Section("At a glance", render("overview", plots=plots))


class Sized(Protocol):
    """What is drawn: a file, or files that run together.

    Attributes:
        name: Of it.
        bytes: Its size.
        status: How it was judged.
    """

    @property
    def name(self) -> str:
        """See `Sized`."""

    @property
    def bytes(self) -> int:
        """See `Sized`."""

    @property
    def status(self) -> Status:
        """See `Sized`."""


def metric_against_size(judged: Sequence[tuple[Sized, TaskVerdict]]) -> str:
    """The metric of each file at its size, with the interval that the loss leaves it.

    Args:
        judged: At least one, with the verdict on its metric.

    Returns:
        An ``svg`` element; empty where there is nothing finite to draw.
    """
    first = judged[0][1]
    measured = METRICS[first.metric]
    sign, most = (-1.0 if measured.larger_is_better else 1.0), measured.most

    def point(artifact: Sized, task: TaskVerdict) -> Point:
        ends = sorted(first.reference + sign * _finite(end, task.drop) for end in (task.low, task.high))
        low, high = (min(max(end, 0.0), most) if most < math.inf else end for end in ends)
        onnx = artifact.name.endswith(".onnx")
        return Point(artifact.name, artifact.bytes / 1e3, task.artifact, artifact.status, onnx, low, high)

    points = [point(artifact, task) for artifact, task in judged if math.isfinite(task.artifact)]
    if not points or not math.isfinite(first.reference):
        return ""
    levels = [
        Level(first.reference, "full precision", "reference"),
        Level(first.reference + sign * first.max_drop, "limit"),
    ]
    return scatter(points, across="kB", up=first.metric, levels=levels, form=("{:g}".format, _form(first.metric)))


def _drift(artifacts: tuple[ArtifactReport, ...], places: list[float], across: str) -> str:
    points = [
        Point(artifact.name, place, _sqnr_db(artifact), artifact.status, artifact.name.endswith(".onnx"))
        for artifact, place in zip(artifacts, places, strict=True)
    ]
    return scatter(points, across=across, up="SQNR dB, worst output")


def _sqnr_db(artifact: ArtifactReport) -> float:
    drift = artifact.verdict.worst.drift if artifact.verdict.outputs else None
    return max(min(drift.sqnr_db, _EXACT_DB), 0.0) if drift is not None and not math.isnan(drift.sqnr_db) else 0.0


def _losses(judged: list[tuple[ArtifactReport, TaskVerdict]]) -> str:
    first = judged[0][1]
    measured = METRICS[first.metric]
    points = measured.shown.endswith("%")
    factor = 100 if points else 1
    unit = "points" if points else f"{first.metric}{measured.unit}"
    entries = [
        (artifact.name, factor * task.low, factor * task.drop, factor * task.high, artifact.status)
        for artifact, task in judged
    ]
    return rows(entries, across=f"{unit} lost; limit {factor * first.max_drop:g}", limit=factor * first.max_drop)


def _finite(value: float, otherwise: float) -> float:
    return value if math.isfinite(value) else otherwise


def _form(metric: str) -> Form:
    return lambda value: shown(metric, value)
