"""The report of models that work together as one page: what they generate; each part has a page of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.generation.document import Pipeline
from litefoot.runtime.generation.generator import TOKENS
from litefoot.runtime.storage.golden import Golden

from .charts import bars
from .page import PAGE
from .report import overall
from .sections.overview import metric_against_size
from .sketches import sketch_input
from .template import render

if TYPE_CHECKING:
    from ..whole import WholeArtifact, WholeReport

Array = npt.NDArray[Any]

_MOST = 8


@dataclass(frozen=True)
class Case:
    """One sample.

    Attributes:
        number: Its place among the golden samples.
        inputs: Name and HTML of each.
        expected: What the float artifact generated.
        found: What this one did.
        right: What is right; empty where nobody said.
    """

    number: int
    inputs: list[tuple[str, str]]
    expected: str
    found: str
    right: str


def write_whole_page(
    folder: Path,
    report: WholeReport,
    document: Pipeline,
    golden: Golden,
    tokens: Mapping[str, Array],
    contracts: Mapping[str, ModelContract],
) -> None:
    """Write ``report.html``.

    Args:
        folder: The converted whole.
        report: Every figure.
        document: How the parts work together.
        golden: Inputs, the float artifact's tokens and the right ones.
        tokens: By the artifact's name, what it generated, (samples, most).
        contracts: Of each part.
    """
    judged = [(found, found.verdict.task) for found in report.artifacts if found.verdict.task is not None]
    chart = (
        metric_against_size(judged)
        if judged
        else bars(
            [(found.name, 100 * _equal(found), found.status) for found in report.artifacts],
            across="% of the tokens equal",
            form="{:.2f}".format,
        )
    )
    status = overall([found.status for found in report.artifacts])
    missed = [found for found in sorted(report.artifacts, key=lambda found: found.bytes) if found.status != "passed"]
    shown = [*report.recommended[:1], *(found.name for found in missed[:1])]
    words = _Words(document, contracts)
    page = render(
        "whole",
        report=report,
        status="failed" if any(part.failures for part in report.parts.values()) else status,
        metric=document.metric.name if document.metric else None,
        chart=chart,
        cases=[(name, words.cases(golden, tokens[name])) for name in shown],
    )
    (folder / PAGE).write_text(page, encoding="utf-8")


def _equal(found: WholeArtifact) -> float:
    drift = found.verdict.worst.drift if found.verdict.outputs else None
    return drift.of_kind.get("equal_tokens", 0.0) if drift is not None else 0.0


class _Words:
    """Texts behind the tokens of a whole."""

    def __init__(self, document: Pipeline, contracts: Mapping[str, ModelContract]) -> None:
        self._generation = document.generation
        self._decoder = contracts[document.parts[-1]]
        self._contracts = contracts

    def cases(self, golden: Golden, found: Array) -> list[Case]:
        """The samples with most tokens that differ, none where all are equal."""
        expected = golden.references[TOKENS]
        differing = (found != expected).sum(axis=1)
        worst = [int(i) for i in np.argsort(-differing, kind="stable")[:_MOST] if differing[i]]
        targets = golden.targets
        return [
            Case(
                i,
                [(name, self._input(name, array[i])) for name, array in golden.inputs.items()],
                self.text(expected[i]),
                self.text(found[i]),
                "" if targets is None else self.text(targets[i]),
            )
            for i in worst
        ]

    def text(self, tokens: Array) -> str:
        """The labels of tokens, joined; numbers where there are none."""
        labels = self._decoder.labels
        shown = [int(token) for token in tokens.reshape(-1) if token > 0]
        if not labels:
            return " ".join(map(str, shown))
        return self._generation.separator.join(labels[t] if t < len(labels) else f"<{t}>" for t in shown)

    def _input(self, name: str, values: Array) -> str:
        for contract in self._contracts.values():
            for spec in contract.inputs:
                if spec.name == name:
                    return sketch_input(spec, values, contract)
        raise AssertionError("an input of the whole is one of a part")
