"""How verdicts read in the terminal, the same for every command that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from litefoot.runtime.verification.task import Status, TaskVerdict
    from litefoot.runtime.verification.verdict import Verdict

DRIFT_COLUMNS = ("worst output", "max |err|", "steps", "SQNR", "metric drop [95 %]", "verdict")


def drift_cells(verdict: Verdict) -> list[str]:
    """The cells of `DRIFT_COLUMNS` for one artifact.

    Args:
        verdict: Of the artifact.

    Returns:
        As many cells as columns.
    """
    worst = verdict.worst
    drift = worst.drift
    figures = ["-", "-", "-"]
    if drift is not None:
        steps = "-" if drift.max_steps is None else f"{drift.max_steps:.1f}"
        figures = [f"{drift.max_abs:.2g}", steps, f"{drift.sqnr_db:.1f} dB"]
    return [worst.output, *figures, task_cell(verdict.task), verdict.status]


def task_cell(task: TaskVerdict | None) -> str:
    """The drop of the task's metric with its interval, in the metric's unit.

    Args:
        task: The verdict on the metric; None where there is none.

    Returns:
        One cell.
    """
    return "-" if task is None else task.interval


def exit_code(statuses: Sequence[Status]) -> int:
    """0 when everything passed; 1 when something is out of tolerance, undecided, or there was nothing to judge.

    Args:
        statuses: Of each artifact.

    Returns:
        The exit code.
    """
    return 0 if statuses and all(status == "passed" for status in statuses) else 1
