"""The report of a conversion as one self-contained page: verdict, table, plots, checks, and how to do it again."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.verification.metrics import METRICS, shown

from .report import BASELINE, ArtifactReport, Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PAGE = "report.html"
_COLOURS = {"passed": "#2b7a4b", "failed": "#b3261e", "undecided": "#b26a00"}
_EXACT_DB = 160.0
"""Where an output without any error is drawn on a scale of decibels."""


def write_page(folder: Path, report: Report, contract: ModelContract) -> None:
    """Write ``report.html``.

    Args:
        folder: The bundle.
        report: What to show.
        contract: What the model promises.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("litefoot.convert.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    plots = [
        ("Size against drift", _figure(report, _size_against_drift)),
        ("Latency here", _figure(report, _latency)),
    ]
    if any(artifact.verdict.task for artifact in report.artifacts):
        plots.append((f"Loss of {_metric(contract)}, 95 % intervals", _figure(report, _drops)))
    page = environment.get_template("report.html.j2").render(
        report=report, contract=contract, plots=plots, colours=_COLOURS, baseline=BASELINE, shown=shown
    )
    (folder / PAGE).write_text(page, encoding="utf-8")


def _metric(contract: ModelContract) -> str:
    return contract.metric.name if contract.metric is not None else "metric"


def _figure(report: Report, draw: Callable[[Axes, Report], None]) -> str:
    """One plot as SVG to stand inside a page, its text as text."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"svg.fonttype": "none", "font.size": 9, "font.family": "sans-serif", "svg.hashsalt": report.name}):
        figure = Figure(figsize=(4.6, 3.0), layout="constrained")
        axes = figure.add_subplot()
        axes.spines[["top", "right"]].set_visible(False)
        draw(axes, report)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None}, transparent=True)
    return text.getvalue().partition("<svg")[1] + text.getvalue().partition("<svg")[2]


def _size_against_drift(axes: Axes, report: Report) -> None:
    for artifact in report.artifacts:
        marker = "o" if artifact.name.endswith(".tflite") else "^"
        axes.scatter(artifact.gzip_bytes / 1e3, _sqnr_db(artifact), marker=marker, s=45, alpha=0.8, label=artifact.name)
    axes.margins(0.12)
    axes.set(xlabel="gzip kB", ylabel="SQNR dB, worst output")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7, frameon=False, loc="best")


def _sqnr_db(artifact: ArtifactReport) -> float:
    drift = artifact.verdict.worst.drift
    return min(drift.sqnr_db, _EXACT_DB) if drift is not None else 0.0


def _latency(axes: Axes, report: Report) -> None:
    artifacts = report.artifacts[::-1]
    bars = axes.barh(
        [artifact.name for artifact in artifacts],
        [artifact.p50_ms for artifact in artifacts],
        color="#4a6fa5",
    )
    axes.bar_label(bars, fmt="%.4f", padding=3, fontsize=8)
    axes.margins(x=0.2)
    axes.set(xlabel="p50 ms, 1 thread")


def _drops(axes: Axes, report: Report) -> None:
    judged = [
        (artifact, artifact.verdict.task) for artifact in report.artifacts[::-1] if artifact.verdict.task is not None
    ]
    measured = METRICS[judged[0][1].metric]
    points = measured.shown.endswith("%")
    factor = 100 if points else 1
    for row, (artifact, task) in enumerate(judged):
        axes.plot([factor * task.low, factor * task.high], [row, row], color=_COLOURS[artifact.status], linewidth=2)
        axes.plot(factor * task.drop, row, "o", color=_COLOURS[artifact.status])
    limit = factor * judged[0][1].max_drop
    axes.axvline(limit, color="#b3261e", linestyle="--", linewidth=1)
    axes.axvline(0, color="#888888", linewidth=0.8)
    axes.set_yticks(range(len(judged)), [artifact.name for artifact, _ in judged])
    axes.set(xlabel=f"{'points' if points else judged[0][1].metric + measured.unit} lost; limit {limit:g}")
