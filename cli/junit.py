"""Verdicts as JUnit XML, which every CI system shows."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from litefoot.runtime import Verdict

_FORBIDDEN = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF), "\ufffd")
"""What XML cannot hold, not even escaped."""


class Case(NamedTuple):
    """One test case.

    Attributes:
        group: What it belongs to: an artifact.
        name: What was tested.
        outcome: ``failure``, ``error`` or ``skipped``; None where it passed.
        message: Why.
    """

    group: str
    name: str
    outcome: str | None = None
    message: str = ""


def add_junit(parser: argparse.ArgumentParser) -> None:
    """Declare ``--junit``.

    Args:
        parser: Of a command.
    """
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write the checks as JUnit XML, for CI systems")


def cases_of(verdict: Verdict, group: str | None = None, reason: str = "") -> list[Case]:
    """One case for each check of an artifact, and one for its metric.

    Args:
        verdict: Of the artifact.
        group: Its name, where that is not the verdict's.
        reason: Why it did not pass, where no check of its own says so.

    Returns:
        The cases.
    """
    group = group or verdict.artifact
    cases = [
        Case(
            group,
            f"{output.output}: {check.name}",
            None if check.passed else "failure",
            f"{check.value}, limit {check.limit}",
        )
        for output in verdict.outputs
        for check in output.checks
    ]
    if (task := verdict.task) is not None:
        cases.append(Case(group, task.metric, None if task.status == "passed" else "failure", task.reason))
    if reason and all(case.outcome is None for case in cases):
        cases.append(Case(group, "verdict", "failure", reason))
    return cases or [Case(group, "outputs", "failure", "no output was compared")]


def write_junit(path: Path, suite: str, cases: Iterable[Case]) -> None:
    """Write a report; whoever sees the file sees all of it.

    Args:
        path: The file, which is replaced.
        suite: What was tested.
        cases: The cases.
    """
    import tempfile
    from xml.etree import ElementTree

    cases = list(cases)
    counts = {f"{kind}s": str(sum(case.outcome == kind for case in cases)) for kind in ("failure", "error")}
    counts["skipped"] = str(sum(case.outcome == "skipped" for case in cases))
    root = ElementTree.Element("testsuites", {"tests": str(len(cases)), **counts})
    parent = ElementTree.SubElement(root, "testsuite", {"name": _text(suite), "tests": str(len(cases)), **counts})
    for case in cases:
        named = {"classname": _text(case.group), "name": _text(case.name), "time": "0"}
        child = ElementTree.SubElement(parent, "testcase", named)
        if case.outcome is not None:
            ElementTree.SubElement(child, case.outcome, {"message": _text(case.message)})
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder:
        partial = Path(folder) / path.name
        ElementTree.ElementTree(root).write(partial, encoding="utf-8", xml_declaration=True)
        partial.replace(path)


def _text(text: str) -> str:
    return text.translate(_FORBIDDEN).encode("utf-8", "replace").decode("utf-8")
