"""Which of many files: those that nothing beats in everything, and the one that fits the budgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from litefoot.runtime.verification.task import Status

from .limits import Budgets

_MS, _BYTES = "{:.3g} ms", "{:,} bytes"


@dataclass(frozen=True)
class Candidate:
    """A file that could be shipped.

    Attributes:
        name: Of the artifact.
        conversion: What was done to the model before; empty where nothing was.
        bytes: Size of the file.
        p50_ms: Median inference on this machine, one thread.
        sqnr_db: Of its worst output; None where nothing could be compared.
        drop: Loss of the task's metric, in its units; None without one.
        status: The verdict: passed, failed or undecided.
    """

    name: str
    conversion: str
    bytes: int
    p50_ms: float
    sqnr_db: float | None
    drop: float | None
    status: Status

    @property
    def called(self) -> str:
        """Its name, with what was done to the model."""
        return f"{self.name} ({self.conversion})" if self.conversion else self.name


@dataclass(frozen=True)
class Choice:
    """What was chosen, or why nothing was.

    Attributes:
        budgets: That it had to fit.
        candidates: All files, of all conversions.
        front: Those that passed and that no other one beats in bytes, latency and drift at once, by size.
        picked: The one that fits; None where none does.
        reason: Why that one, or which budget cannot be met and by how much, in one sentence.
    """

    budgets: Budgets
    candidates: tuple[Candidate, ...]
    front: tuple[Candidate, ...]
    picked: Candidate | None
    reason: str


def pareto_front(candidates: Sequence[Candidate], *, latency: bool = True) -> tuple[Candidate, ...]:
    """The candidates that passed and that no other one beats.

    Args:
        candidates: Any files.
        latency: Whether latency counts: it does not where it was measured on another machine than the target.

    Returns:
        Those for which no other is at least as good in every respect and better in one; the smallest first.
    """
    passed = [one for one in candidates if one.status == "passed"]
    costs = {id(one): _costs(one, latency=latency) for one in passed}

    def beaten(one: Candidate) -> bool:
        own = costs[id(one)]
        return any(
            costs[id(other)] != own and all(a <= b for a, b in zip(costs[id(other)], own, strict=True))
            for other in passed
        )

    return tuple(sorted((one for one in passed if not beaten(one)), key=lambda one: (one.bytes, one.p50_ms)))


def choose(candidates: Sequence[Candidate], budgets: Budgets) -> Choice:
    """Choose the file to ship.

    With a budget of bytes alone the fastest one within it, since smaller is then of no further use; else the smallest.

    Args:
        candidates: All files.
        budgets: What it may cost.

    Returns:
        The choice; it names no file where a budget cannot be met.
    """
    timed = budgets.measurable
    front = pareto_front(candidates, latency=timed)
    fitting = [one for one in front if _fits_bytes(one, budgets) and _fits_latency(one, budgets)]
    if not fitting:
        return Choice(budgets, tuple(candidates), front, None, _unmet(candidates, front, budgets))
    by_latency = timed and budgets.max_bytes is not None and budgets.max_latency_ms is None
    picked = min(fitting, key=lambda one: (one.p50_ms, one.bytes) if by_latency else (one.bytes, one.p50_ms))
    return Choice(budgets, tuple(candidates), front, picked, _why(picked, fitting, budgets, by_latency=by_latency))


def _costs(one: Candidate, *, latency: bool) -> tuple[float, ...]:
    """Drift stands for quality: between two that passed, the drop of a metric on few samples is mostly chance."""
    noise = float("inf") if one.sqnr_db is None else -one.sqnr_db
    return (float(one.bytes), one.p50_ms, noise) if latency else (float(one.bytes), noise)


def _fits_bytes(one: Candidate, budgets: Budgets) -> bool:
    return budgets.max_bytes is None or one.bytes <= budgets.max_bytes


def _fits_latency(one: Candidate, budgets: Budgets) -> bool:
    return budgets.max_latency_ms is None or one.p50_ms <= budgets.max_latency_ms


def _why(picked: Candidate, fitting: Sequence[Candidate], budgets: Budgets, *, by_latency: bool) -> str:
    how = "fastest" if by_latency else "smallest"
    among = f"of {len(fitting)} files on the front" if len(fitting) > 1 else "and only file"
    figures = _BYTES.format(picked.bytes)
    if budgets.measurable:
        figures += f", {_MS.format(picked.p50_ms)}"
    where = "" if budgets.measurable else f" (the latency of {budgets.target} is to be measured there)"
    return f"{picked.called} is the {how} {among} that passed within the budgets: {figures}{where}"


def _unmet(candidates: Sequence[Candidate], front: Sequence[Candidate], budgets: Budgets) -> str:
    if not front:
        return f"none of {len(candidates)} files passed: what they may lose is the budget that cannot be met"
    parts = []
    if budgets.max_bytes is not None:
        parts += _missed(
            front, lambda one: one.bytes, budgets.max_bytes, _BYTES, lambda one: _fits_latency(one, budgets)
        )
    if budgets.max_latency_ms is not None:
        parts += _missed(
            front, lambda one: one.p50_ms, budgets.max_latency_ms, _MS, lambda one: _fits_bytes(one, budgets)
        )
    return "; ".join(parts)


def _missed(
    front: Sequence[Candidate],
    cost: Callable[[Candidate], float],
    limit: float,
    form: str,
    fits_others: Callable[[Candidate], bool],
) -> list[str]:
    """By how much the best file misses one budget: alone, or only where the other one is kept too."""
    best = min(front, key=cost)
    other = ""
    if cost(best) <= limit:
        rest = [one for one in front if fits_others(one)]
        if not rest:
            return []
        best, other = min(rest, key=cost), " of those within the other budget"
    return [
        f"no file that passed is within {form.format(limit)}: the best{other}, {best.called}, needs "
        f"{form.format(cost(best))}, {cost(best) / limit - 1:.0%} more"
    ]
