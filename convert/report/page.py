"""The report of a conversion as one self-contained page: the verdict first, then figures, drawings and samples."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.verification.metrics import shown

from .material import Material, worth_a_look
from .report import BASELINE, Report
from .sections import SECTIONS
from .template import render

PAGE = "report.html"
_BEGIN, _END = "<!-- verdict -->", "<!-- /verdict -->"
_MOST_CHARACTERS = 160
"""Of what a model came with, in a line; a list of thousands of indices is nothing to read."""


def write_page(folder: Path, material: Material) -> None:
    """Write ``report.html``.

    Args:
        folder: The bundle.
        material: What to show.
    """
    report = material.report
    page = render(
        "report",
        report=report,
        verdict=_verdict(report, material.contract),
        sections=[section for make in SECTIONS if (section := make(material)) is not None],
        looked_at=worth_a_look(report),
        origin=list(_origin(report, material)),
    )
    (folder / PAGE).write_text(page, encoding="utf-8")


def show_choice(folder: Path, report: Report, contract: ModelContract) -> None:
    """Put what was chosen for budgets into a page that was written before.

    Args:
        folder: The bundle.
        report: Of the conversion, with the choice.
        contract: What the model promises.
    """
    page = (folder / PAGE).read_text(encoding="utf-8")
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    assert begin
    assert end
    (folder / PAGE).write_text(f"{before}{_verdict(report, contract)}{after}", encoding="utf-8")


def _verdict(report: Report, contract: ModelContract) -> str:
    """What comes first: the verdict in words, and the table."""
    return render(
        "verdict",
        report=report,
        contract=contract,
        baseline=BASELINE,
        shown=shown,
        best=_in_words(report),
        not_passed=[f"{each.name} ({each.status})" for each in report.artifacts if each.status != "passed"],
    )


def _in_words(report: Report) -> str:
    """What is said of the recommended file."""
    by_name = {artifact.name: artifact for artifact in report.artifacts}
    best = by_name[report.recommended[0]] if report.recommended else None
    baseline = by_name.get(BASELINE)
    words = [] if best is None else [report.why_recommended]
    if best is not None and baseline is not None and best is not baseline:
        words.append(f"{best.bytes / baseline.bytes:.0%} of the bytes of {BASELINE}")
        if best.p50_ratio is not None:
            words.append(f"{best.p50_ratio:.2f} times its latency on this machine")
    return ", ".join(words)


def _origin(report: Report, material: Material) -> Iterator[tuple[str, str]]:
    """Digests and seeds, whatever the model came with."""
    for name, value in report.trained.items():
        text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
        yield name, text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]} ..., in report.json"
    for name, digest in material.digests.items():
        yield f"sha256 of {name}", digest
