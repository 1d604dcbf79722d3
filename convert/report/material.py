"""What the page is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy.typing as npt

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.storage.golden import Golden

from ..explain.artifact import Explanation
from .report import ArtifactReport, Report

Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Material:
    """A conversion, with what the report does not hold.

    Attributes:
        report: Every figure.
        contract: What the model promises.
        golden: The samples that the files were judged on; None where the page is to do without.
        calibration: The samples that decided activation ranges; None without.
        answers: By the artifact's name, what runs it on samples.
        explanations: Layer by layer, of the artifacts that `worth_a_look` names.
        digests: By the name of a file of the bundle, its SHA-256.
        unexplained: By the artifact's name, why there is none of it.
    """

    report: Report
    contract: ModelContract
    golden: Golden | None = None
    calibration: Arrays | None = None
    answers: Mapping[str, Callable[[Arrays], Arrays]] = field(default_factory=dict)
    explanations: tuple[Explanation, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)
    unexplained: Mapping[str, str] = field(default_factory=dict)


class Section(NamedTuple):
    """A part of the page.

    Attributes:
        title: Its heading; empty where the body brings its own.
        body: HTML. What is in it was escaped by its template.
    """

    title: str
    body: str


def worth_a_look(report: Report) -> tuple[ArtifactReport, ...]:
    """The artifacts that a reader asks about: the recommended one, and the smallest of those that did not pass.

    Args:
        report: Of the conversion.

    Returns:
        At most two of those that are less precise than float.
    """
    rough = [artifact for artifact in report.artifacts if not artifact.name.startswith(("fp32.", "fp16."))]
    missed = sorted((each for each in rough if each.status != "passed"), key=lambda artifact: artifact.bytes)
    best = [artifact for artifact in rough if artifact.name in report.recommended[:1]]
    return (*best, *missed[:1])
