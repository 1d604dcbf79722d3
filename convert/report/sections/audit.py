"""What compressed files hold: the layers' zeros, distinct values and bits, and what of a compression was lost."""

from __future__ import annotations

from dataclasses import dataclass

from ...audit import Audit, FileAudit, WeightAudit
from ...audit.summary import losses, timed
from ..charts import bars
from ..material import Material, Section
from ..template import render

_CHARTED = ("int8.tflite", "int8.onnx", "fp32.tflite", "fp32.onnx")
"""One file is drawn: the first of these that there is."""


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
        asked: Of it.
        cells: By the file's name.
    """

    layer: str
    operator: str
    count: int
    asked: str
    cells: dict[str, Cell]


def audit(material: Material) -> Section | None:
    """The table of layers, the chart of their zeros, the losses, and what the clock said.

    Args:
        material: Of the page.

    Returns:
        The section; None without a compression.
    """
    found = material.report.audit
    if found is None or not found.files:
        return None
    drawn = next((file for name in _CHARTED for file in found.files if file.name == name), found.files[0])
    body = render(
        "audit",
        files=found.files,
        rows=_rows(found),
        losses=losses(found),
        timed=[timed(kernels) for kernels in found.sparse_kernels],
        chart=_chart(drawn, found),
        drawn=drawn.name,
    )
    return Section("What the files hold", body)


def _rows(found: Audit) -> list[Row]:
    """In the order in which the first file takes the layers."""
    reasons: dict[tuple[str, str], str] = {}
    for kept in found.lost:
        reasons.setdefault((kept.file, kept.layer), f"{kept.found}: {kept.reason}")
    asked: dict[str, dict[str, None]] = {}
    for kept in found.kept:
        asked.setdefault(kept.layer, {})[kept.wanted] = None
    rows: dict[str, Row] = {}
    for file in found.files:
        for layer, weights in _by_layer(file).items():
            demands, count = ", ".join(asked.get(layer, ["nothing"])), sum(weight.count for weight in weights)
            row = rows.setdefault(layer, Row(layer, weights[0].operator, count, demands, {}))
            row.cells[file.name] = Cell(_text(weights), reasons.get((file.name, layer), ""))
    return list(rows.values())


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


def _chart(file: FileAudit, found: Audit) -> str:
    judged = {kept.layer: kept.kept for kept in found.kept if kept.file == file.name and kept.step == "prune"}
    looks = {None: "plain", True: "passed", False: "failed"}
    entries = [(layer, 100 * _zeros(weights), looks[judged.get(layer)]) for layer, weights in _by_layer(file).items()]
    return bars(entries, across=f"% zeros in {file.name}", form="{:.1f}".format) if entries else ""
