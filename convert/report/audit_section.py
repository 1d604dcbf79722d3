"""The part of the page that shows what compressed files hold: a table of layers, a chart of their zeros."""

from __future__ import annotations

import io
from dataclasses import dataclass

from ..audit import Audit, FileAudit, WeightAudit
from ..audit.summary import losses, timed

_ROW_INCHES = 0.2
_SPARSEST = ("int8.tflite", "int8.onnx", "fp32.tflite", "fp32.onnx")
"""The chart shows one file: the first of these that there is."""


@dataclass(frozen=True)
class Cell:
    """One layer in one file.

    Attributes:
        text: Zeros, distinct values, bits.
        lost: Why it does not hold what was asked for; empty where it does.
    """

    text: str
    lost: str


@dataclass(frozen=True)
class Row:
    """One layer.

    Attributes:
        layer: Its name.
        operator: What takes its weights.
        count: How many weights.
        cells: By the file's name.
    """

    layer: str
    operator: str
    count: int
    cells: dict[str, Cell]


@dataclass(frozen=True)
class AuditSection:
    """What the template shows.

    Attributes:
        files: The audited files, in the table's columns.
        rows: The layers, in the order in which the first file takes them.
        losses: What was asked for and is not there, in lines.
        timed: What the clock said, in lines.
        chart: SVG; the share of zeros of each layer.
        charted: The file of the chart.
    """

    files: tuple[FileAudit, ...]
    rows: tuple[Row, ...]
    losses: tuple[str, ...]
    timed: tuple[str, ...]
    chart: str
    charted: str


def audit_section(audit: Audit) -> AuditSection:
    """Lay an audit out.

    Args:
        audit: With at least one file.

    Returns:
        What ``audit.html.j2`` shows.
    """
    reasons: dict[tuple[str, str], str] = {}
    for kept in audit.lost:
        reasons.setdefault((kept.file, kept.layer), f"{kept.found}: {kept.reason}")
    rows: dict[str, Row] = {}
    for file in audit.files:
        for layer, weights in _by_layer(file).items():
            row = rows.setdefault(layer, Row(layer, weights[0].operator, sum(one.count for one in weights), {}))
            row.cells[file.name] = Cell(_text(weights), reasons.get((file.name, layer), ""))
    charted = next((file for name in _SPARSEST for file in audit.files if file.name == name), audit.files[0])
    return AuditSection(
        files=audit.files,
        rows=tuple(rows.values()),
        losses=tuple(losses(audit)),
        timed=tuple(timed(kernels) for kernels in audit.sparse_kernels),
        chart=_chart(charted, audit),
        charted=charted.name,
    )


def _by_layer(file: FileAudit) -> dict[str, list[WeightAudit]]:
    layers: dict[str, list[WeightAudit]] = {}
    for weight in file.weights:
        layers.setdefault(weight.layer or weight.tensor, []).append(weight)
    return layers


def _text(weights: list[WeightAudit]) -> str:
    most = max(weight.values for weight in weights)
    bits = "/".join(str(bits) for bits in sorted({weight.bits for weight in weights}))
    return f"{_zeros(weights):.1%} · {most:,} · {bits}"


def _zeros(weights: list[WeightAudit]) -> float:
    return sum(weight.zeros * weight.count for weight in weights) / sum(weight.count for weight in weights)


def _chart(file: FileAudit, audit: Audit) -> str:
    """One bar for each layer, the first one above, and a mark at what was asked of it."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    layers = {name: 100 * _zeros(weights) for name, weights in list(_by_layer(file).items())[::-1]}
    asked = {
        kept.layer: 100 * (kept.asked if kept.measure == "zeros" else 0.5)
        for kept in audit.kept
        if kept.file == file.name and kept.step == "prune"
    }
    with rc_context({"svg.fonttype": "none", "font.size": 8, "font.family": "sans-serif", "svg.hashsalt": file.name}):
        figure = Figure(figsize=(6.4, 0.7 + _ROW_INCHES * len(layers)), layout="constrained")
        axes = figure.add_subplot()
        axes.spines[["top", "right"]].set_visible(False)
        axes.barh(list(layers), list(layers.values()), color="#4a6fa5", height=0.7)
        for place, layer in enumerate(layers):
            if layer in asked:
                axes.plot([asked[layer]] * 2, [place - 0.45, place + 0.45], color="#b3261e", linewidth=1.5)
        axes.set(xlim=(0, 100), xlabel=f"% zeros in {file.name}" + ("; the mark: asked for" if asked else ""))
        axes.margins(y=0.01)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None}, transparent=True)
    return text.getvalue().partition("<svg")[1] + text.getvalue().partition("<svg")[2]
