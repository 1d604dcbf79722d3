"""The ladder: one thing after another is tried on a failed int8 file until a file passes on the held-out samples."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from litefoot.runtime.errors import LitefootError
from litefoot.runtime.storage.manifest import Artifact

from ..remedies import CALIBRATIONS, REMEDIES
from ..variants import Skipped, Variant
from ..workers.pool import Workers
from .held_out import EVERY
from .search import fewest
from .trials import Measured, Plan, Rescue, Rescued, Trial
from .workshop import Patient, Workshop

LEAST_SAMPLES = 2 * EVERY
"""Of calibration: fewer would leave a single one to decide."""
_MOST_CHARACTERS = 300
_HALF_THE_ERROR_DB = 6.0
_SMALLER = 0.9
"""Of the float file's bytes: what is larger is better shipped in float."""
_WORTH_DB = 0.5
"""What a remedy has to gain, to be kept."""
MOST_JUDGED = 3
"""Files of a format that are shown the evaluation samples: of many the luckiest would pass."""
_CLOSER_DB = 2.0
"""By how much less noise the next one has, where one was turned down."""

Ranked = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class _Made:
    """A file that was tried.

    Attributes:
        measured: What it did.
        file: Where it is; nowhere where it could not be made.
        place: Of its trial.
    """

    measured: Measured
    file: Path | None
    place: int


class Shop(Protocol):
    """What makes and tries files: `Workshop`, and whatever a test puts in its place."""

    held_out: int

    def prepare(self, variant: Variant) -> Plan:
        """Make what the trials begin with; see `Workshop.prepare`."""

    def treat(self, variant: Variant, plan: Plan, remedy: str) -> tuple[Plan, tuple[str, ...]] | None:
        """Apply a remedy; see `Workshop.treat`."""

    def rank(self, variant: Variant, plan: Plan, quantized: Path) -> list[tuple[str, str]]:
        """Rank the layers; see `Workshop.rank`."""

    def attempt(self, variant: Variant, plan: Plan) -> tuple[Measured, Path]:
        """Make a file and try it; see `Workshop.attempt`."""

    def deliver(self, variant: Variant, file: Path) -> tuple[Artifact, str]:
        """Have a file judged; see `Workshop.deliver`."""

    def bytes_of(self, name: str) -> int:
        """The size of a file; see `Workshop.bytes_of`."""


def rescue(patient: Patient, failed: Sequence[Variant], workers: Workers, tell: Callable[[str], None]) -> Rescued:
    """Find mixed files that pass where int8 files did not.

    Args:
        patient: The model.
        failed: The mixed variants to make: of each the file that it `needs` has failed.
        workers: Those of the conversion.
        tell: Called with what was tried.

    Returns:
        What was found, and everything that was tried.
    """
    if not failed:
        return Rescued()
    samples = min(len(array) for array in patient.calibration.values())
    if samples < LEAST_SAMPLES:
        return _none(failed, f"{LEAST_SAMPLES} calibration samples are needed, to hold some of them out; got {samples}")
    try:
        shop = Workshop(patient, workers)
    except LitefootError as error:
        return _none(failed, _in_a_line(error))
    found = Rescued()
    for variant in failed:
        one = Ladder(shop, variant, tell).climb()
        found = Rescued(*(getattr(found, name) + getattr(one, name) for name in vars(found)))
    return found


def _none(failed: Sequence[Variant], reason: str) -> Rescued:
    return Rescued(skipped=tuple(Skipped(variant.name, reason) for variant in failed))


class Ladder:
    """The rescue of one format's int8 file.

    Args:
        shop: Makes and tries files.
        variant: The mixed variant.
        tell: Called with what was tried.
    """

    def __init__(self, shop: Shop, variant: Variant, tell: Callable[[str], None]) -> None:
        self._shop, self._variant, self._tell = shop, variant, tell
        self._trials: list[Trial] = []
        self._made: dict[Plan, _Made] = {}
        self._remedies: list[str] = []
        self._goal_db = float("-inf")
        self._rescue: Rescue | None = None

    def climb(self) -> Rescued:
        """Try until something passes, on the held-out samples and then on those of the verdict.

        Returns:
            How the file came about, if there is one, and the trials.
        """
        reason = "no file that is a tenth smaller than the float one passed on the held-out samples"
        try:
            for plan, ranked in itertools.islice(self._candidates(), MOST_JUDGED):
                self._judge(plan, ranked)
                if self._rescue is not None and not self._rescue.reason:
                    break
        except LitefootError as error:
            reason = _in_a_line(error)
        if self._rescue is None:
            return Rescued(trials=tuple(self._trials), skipped=(Skipped(self._variant.name, reason),))
        return Rescued((self._rescue,), tuple(self._trials))

    def _candidates(self) -> Iterator[tuple[Plan, Ranked]]:
        """Plans that passed on the held-out samples, and what they were chosen from; each is closer than the last."""
        plan = self._shop.prepare(self._variant)
        before = self._try(plan, "everything in 8 bits")
        if before.passed and before.sqnr_db is not None:
            # These samples do not show what failed, so they are asked for clearly less noise instead.
            self._goal_db = before.sqnr_db + _HALF_THE_ERROR_DB
        for remedy in (*REMEDIES, *CALIBRATIONS[1:]):
            treated = self._treated(plan, remedy.name)
            if treated is not None:
                plan = treated
                if self._holds(plan):
                    yield plan, ()
        ranked = self._shop.rank(self._variant, plan, Path(plan.quantized))
        tensors = [tensor for tensor, _ in ranked]
        yield from self._by_layers(ranked, "computed in float", lambda n: replace(plan, freed=tuple(tensors[:n])))
        free = replace(plan, freed=tuple(tensors))
        file = self._made[free].file if free in self._made else None
        if file is None:
            return
        by_weights = self._shop.rank(self._variant, free, file)
        names = [tensor for tensor, _ in by_weights]
        for found, _ in self._by_layers(
            by_weights, "stored in float", lambda n: replace(free, float_weights=tuple(names[:n]))
        ):
            yield found, (*ranked, *by_weights)

    def _treated(self, plan: Plan, remedy: str) -> Plan | None:
        """What comes of a remedy, if it helps."""
        by_ranges = remedy in (calibration.name for calibration in CALIBRATIONS)
        what = f"ranges by {remedy}" if by_ranges else remedy
        told = f"{what}, everything in 8 bits"
        try:
            treated = self._shop.treat(self._variant, plan, remedy)
        except LitefootError as error:
            self._note(told, Measured.impossible(_in_a_line(error)), 0.0)
            return None
        if treated is None or _db(self._try(treated[0], told)) <= _db(self._made[plan].measured) + _WORTH_DB:
            return None
        self._remedies.append(what if by_ranges else f"{what} ({len(treated[1])})")
        self._change(treated[0], kept=True)
        return treated[0]

    def _by_layers(self, ranked: Ranked, how: str, plan: Callable[[int], Plan]) -> Iterator[tuple[Plan, Ranked]]:
        """The plan that gives back least; and while that is turned down, the next one."""

        def passes(count: int) -> bool:
            first = ranked[0][1]
            what = f"{first} {how}" if count == 1 else f"{count} of {len(ranked)} layers {how}, {first} first"
            return self._try(plan(count), what).passed

        while (count := fewest(len(ranked), passes)) is not None:
            yield plan(count), ranked

    def _try(self, plan: Plan, what: str) -> Measured:
        """Make and measure a file, once."""
        if plan not in self._made:
            begin, file = time.perf_counter(), None
            try:
                measured, file = self._shop.attempt(self._variant, plan)
            except LitefootError as error:
                measured = Measured.impossible(_in_a_line(error))
            self._made[plan] = _Made(measured, file, len(self._trials))
            self._note(what, self._held_to_the_goal(measured), time.perf_counter() - begin)
        return self._held_to_the_goal(self._made[plan].measured)

    def _holds(self, plan: Plan) -> bool:
        return self._held_to_the_goal(self._made[plan].measured).passed

    def _note(self, what: str, measured: Measured, seconds: float) -> None:
        self._trials.append(Trial(self._variant.name, what, seconds=seconds, **vars(measured)))
        self._tell(f"{self._variant.name}: {what}")

    def _change(self, plan: Plan, **what: Any) -> None:
        place = self._made[plan].place
        self._trials[place] = replace(self._trials[place], **what)

    def _held_to_the_goal(self, measured: Measured) -> Measured:
        """A file that is hardly smaller than the float one, or no better than the one that failed, is no rescue."""
        if measured.passed and measured.bytes > _SMALLER * self._shop.bytes_of(f"fp32.{self._variant.format}"):
            return replace(measured, passed=False, reason="not a tenth smaller than the float file")
        if measured.passed and (measured.sqnr_db is None or measured.sqnr_db < self._goal_db):
            return replace(measured, passed=False, reason=f"SQNR below {self._goal_db:.1f} dB")
        return measured

    def _judge(self, plan: Plan, ranked: Ranked) -> None:
        """Have a candidate judged; one that is turned down leaves its place to those with less noise."""
        made, last = self._made[plan], self._rescue
        assert made.file is not None
        artifact, reason = self._shop.deliver(self._variant, made.file)
        if reason:
            failed = replace(made.measured, passed=False, reason=f"on the evaluation samples: {reason}")
            self._made[plan] = replace(made, measured=failed)
            self._change(plan, passed=False, reason=failed.reason)
            self._goal_db = max(self._goal_db, _db(failed) + _CLOSER_DB)
        else:
            self._change(plan, kept=True)
        names = dict(ranked)
        assert self._variant.needs is not None
        whole, quantized = (self._shop.bytes_of(name) for name in (f"fp32.{self._variant.format}", self._variant.needs))
        self._rescue = Rescue(
            name=self._variant.name,
            remedies=tuple(self._remedies),
            in_float=tuple(_told(tensor, names) for tensor in plan.freed),
            float_weights=tuple(_told(tensor, names) for tensor in plan.float_weights),
            held_out=self._shop.held_out,
            judged=1 if last is None else last.judged + 1,
            reason=reason,
            bytes_to_int8=artifact.bytes / quantized,
            bytes_to_float=artifact.bytes / whole,
        )


def _told(tensor: str, names: dict[str, str]) -> str:
    return names.get(tensor, "") or tensor


def _db(measured: Measured) -> float:
    return float("-inf") if measured.sqnr_db is None else measured.sqnr_db


def _in_a_line(error: LitefootError) -> str:
    """With its cause, which stands below the first line."""
    return " ".join(str(error).split())[:_MOST_CHARACTERS]
