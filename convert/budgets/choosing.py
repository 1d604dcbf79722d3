"""Which of many files: those that nothing beats in everything, and the one that fits the budgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litefoot.runtime.verification.task import Status

from .limits import Budgets, Limit

_MS, _BYTES = "{:.3g} ms", "{:,} bytes"


@dataclass(frozen=True)
class Candidate:
    """A file that could be shipped.

    Attributes:
        name: Of the artifact.
        conversion: What was done to the model before; empty where nothing was.
        bytes: Size of the file.
        gzip_bytes: Size of it after gzip.
        p50_ms: Median inference on this machine, one thread.
        target_ms: The same on the target: measured here, or estimated by the factor that was given; None where neither
            can be.
        sqnr_db: Of its worst output, against the model before compression; None where nothing could be compared.
        drop: Loss of the task's metric, in its units; None without one.
        status: The verdict: passed, failed or undecided.
    """

    name: str
    conversion: str
    bytes: int
    gzip_bytes: int
    p50_ms: float
    target_ms: float | None
    sqnr_db: float | None
    drop: float | None
    status: Status

    @property
    def called(self) -> str:
        """Its name, with what was done to the model."""
        return f"{self.name} ({self.conversion})" if self.conversion else self.name

    def within(self, limits: Sequence[Limit]) -> bool:
        """Whether it costs no more than budgets allow.

        Args:
            limits: Of the budgets.

        Returns:
            Whether it does.
        """
        return all(limit.most is None or getattr(self, limit.cost) <= limit.most for limit in limits)


@dataclass(frozen=True)
class Attempt:
    """A compression that the search tried by itself.

    Attributes:
        conversion: What it was.
        reason: Why it could not be carried out, or why none of its files was picked; empty when one was.
        seconds: How long it took; next to nothing for one that an interrupted run had finished.
    """

    conversion: str
    reason: str
    seconds: float


@dataclass(frozen=True)
class Choice:
    """What was chosen, or why nothing was.

    Attributes:
        budgets: That it had to fit.
        candidates: All files, of all conversions.
        front: Those that passed and that no other one beats in bytes, latency and drift at once, by size; where bytes
            after gzip are limited, in these too.
        picked: The one that fits; None where none does.
        reason: Why that one, or which budget cannot be met and by how much, in one sentence.
        attempts: The compressions that were tried for it.
    """

    budgets: Budgets
    candidates: tuple[Candidate, ...]
    front: tuple[Candidate, ...]
    picked: Candidate | None
    reason: str
    attempts: tuple[Attempt, ...] = ()


def pareto_front(candidates: Sequence[Candidate], budgets: Budgets) -> tuple[Candidate, ...]:
    """The candidates that passed and that no other one beats.

    Args:
        candidates: Any files.
        budgets: Say whether latency counts, which it does not where the target's is not known, and gzip.

    Returns:
        Those for which no other is at least as good in every respect and better in one; the smallest first.
    """
    passed = [one for one in candidates if one.status == "passed"]
    costs = {id(one): _costs(one, budgets) for one in passed}

    def beaten(one: Candidate) -> bool:
        own = costs[id(one)]
        return any(
            costs[id(other)] != own and all(a <= b for a, b in zip(costs[id(other)], own, strict=True))
            for other in passed
        )

    return tuple(sorted((one for one in passed if not beaten(one)), key=lambda one: (one.bytes, one.p50_ms)))


def choose(candidates: Sequence[Candidate], budgets: Budgets) -> Choice:
    """Choose the file to ship.

    Where a size is limited and latency is not, the fastest one within it, since smaller is then of no further use; else
    the smallest.

    Args:
        candidates: All files.
        budgets: What it may cost.

    Returns:
        The choice; it names no file where a budget cannot be met.
    """
    front = pareto_front(candidates, budgets)
    fitting = [one for one in front if one.within(budgets.limits)]
    if not fitting:
        return Choice(budgets, tuple(candidates), front, None, _unmet(candidates, front, budgets))
    by_latency = budgets.timed and bool(budgets.limits) and budgets.max_latency_ms is None
    picked = min(fitting, key=lambda one: (one.p50_ms, one.bytes) if by_latency else (one.bytes, one.p50_ms))
    return Choice(budgets, tuple(candidates), front, picked, _why(picked, fitting, budgets, by_latency=by_latency))


def _costs(one: Candidate, budgets: Budgets) -> tuple[float, ...]:
    """Drift stands for quality: between two that passed, the drop of a metric on few samples is mostly chance."""
    costs = [float(one.bytes), float("inf") if one.sqnr_db is None else -one.sqnr_db]
    if budgets.timed:
        costs.append(one.p50_ms)
    if budgets.max_gzip_bytes is not None:
        costs.append(float(one.gzip_bytes))
    return tuple(costs)


def _why(picked: Candidate, fitting: Sequence[Candidate], budgets: Budgets, *, by_latency: bool) -> str:
    how = "fastest" if by_latency else "smallest"
    among = f"of {len(fitting)} files on the front" if len(fitting) > 1 else "and only file"
    figures = [_BYTES.format(picked.bytes)]
    if budgets.max_gzip_bytes is not None:
        figures.append(f"{_BYTES.format(picked.gzip_bytes)} after gzip")
    if picked.target_ms is not None:
        figures.append(_MS.format(picked.target_ms) + _estimated(budgets))
    where = "" if budgets.timed else f" (the latency of {budgets.target} is to be measured there)"
    return f"{picked.called} is the {how} {among} that passed within the budgets: {', '.join(figures)}{where}"


def _estimated(budgets: Budgets) -> str:
    if budgets.latency_factor is None:
        return ""
    return f" on {budgets.target}, estimated as {budgets.latency_factor:g} times what was measured here"


def _unmet(candidates: Sequence[Candidate], front: Sequence[Candidate], budgets: Budgets) -> str:
    if not front:
        return f"none of {len(candidates)} files passed: what they may lose is the budget that cannot be met"
    limits = budgets.limits
    missed = (_missed(front, limit, [other for other in limits if other != limit], budgets) for limit in limits)
    return "; ".join(words for words in missed if words)


def _missed(front: Sequence[Candidate], limit: Limit, others: Sequence[Limit], budgets: Budgets) -> str:
    """By how much the best file misses one budget: alone, or only where the other ones are kept too."""
    assert limit.most is not None
    best = min(front, key=lambda one: float(getattr(one, limit.cost)))
    among = ""
    if best.within([limit]):
        rest = [one for one in front if one.within(others)]
        if not rest:
            return ""
        best = min(rest, key=lambda one: float(getattr(one, limit.cost)))
        among = f" of those within the other budget{'s' if len(others) > 1 else ''}"
    cost = float(getattr(best, limit.cost))
    estimated = _estimated(budgets) if limit.cost == "target_ms" else ""
    return (
        f"no file that passed is within {limit.form.format(limit.most)}: the best{among}, {best.called}, needs "
        f"{limit.form.format(cost)}{estimated}, {cost / limit.most - 1:.0%} more"
    )
