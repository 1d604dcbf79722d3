"""The ladder: one thing after another is tried on a failed int8 file until a file passes on the held-out samples."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

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
_WORTH_DB = 0.5
"""What a remedy has to gain, to be kept."""

Ranked = Sequence[tuple[str, str]]


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

    def deliver(self, variant: Variant, file: Path) -> Artifact:
        """Put a file among the others; see `Workshop.deliver`."""

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
        self._made: dict[Plan, tuple[Path, int]] = {}
        self._remedies: list[str] = []
        self._goal_db = float("-inf")

    def climb(self) -> Rescued:
        """Try until something passes.

        Returns:
            The file, if there is one, and the trials.
        """
        try:
            plan = self._shop.prepare(self._variant)
            found = self._search(plan)
            if found is None:
                return self._given_up("no file smaller than the float one passed on the held-out samples")
            return self._delivered(*found)
        except LitefootError as error:
            return self._given_up(_in_a_line(error))

    def _search(self, plan: Plan) -> tuple[Plan, Ranked] | None:
        """The plan that gives back least, and the layers that it was chosen from."""
        before = self._try(plan, "everything in 8 bits")
        if before.passed and before.sqnr_db is not None:
            # These samples do not show what failed, so they are asked for clearly less noise instead.
            self._goal_db = before.sqnr_db + _HALF_THE_ERROR_DB
        plan, measured = self._treated(plan, before)
        if measured.passed and self._remedies:
            return plan, ()
        ranked = self._shop.rank(self._variant, plan, Path(plan.quantized))
        tensors = [tensor for tensor, _ in ranked]
        count = self._fewest(ranked, "computed in float", lambda n: replace(plan, freed=tuple(tensors[:n])))
        if count is not None:
            return replace(plan, freed=tuple(tensors[:count])), ranked
        free = replace(plan, freed=tuple(tensors))
        if free not in self._made:
            return None
        by_weights = self._shop.rank(self._variant, free, self._made[free][0])
        names = [tensor for tensor, _ in by_weights]
        count = self._fewest(by_weights, "stored in float", lambda n: replace(free, float_weights=tuple(names[:n])))
        return None if count is None else (replace(free, float_weights=tuple(names[:count])), (*ranked, *by_weights))

    def _treated(self, plan: Plan, measured: Measured) -> tuple[Plan, Measured]:
        """What comes of the remedies that help, one after another."""
        calibrations = {calibration.name: f"ranges by {calibration.name}" for calibration in CALIBRATIONS[1:]}
        for remedy, what in ({remedy.name: remedy.name for remedy in REMEDIES} | calibrations).items():
            if self._remedies and measured.passed:
                break
            try:
                treated = self._shop.treat(self._variant, plan, remedy)
            except LitefootError as error:
                self._note(f"{what}, everything in 8 bits", Measured.impossible(_in_a_line(error)), 0.0)
                continue
            if treated is None:
                continue
            found = self._try(treated[0], f"{what}, everything in 8 bits")
            if found.sqnr_db is not None and found.sqnr_db > _db(measured) + _WORTH_DB:
                plan, measured = treated[0], found
                self._remedies.append(what if remedy in calibrations else f"{what} ({len(treated[1])})")
                self._keep(plan)
        return plan, measured

    def _fewest(self, ranked: Ranked, how: str, plan: Callable[[int], Plan]) -> int | None:
        def passes(count: int) -> bool:
            first = ranked[0][1]
            what = f"{first} {how}" if count == 1 else f"{count} of {len(ranked)} layers {how}, {first} first"
            return self._try(plan(count), what).passed

        return fewest(len(ranked), passes)

    def _try(self, plan: Plan, what: str) -> Measured:
        begin = time.perf_counter()
        try:
            measured, file = self._shop.attempt(self._variant, plan)
            self._made[plan] = file, len(self._trials)
        except LitefootError as error:
            measured = Measured.impossible(_in_a_line(error))
        measured = self._held_to_the_goal(measured)
        self._note(what, measured, time.perf_counter() - begin)
        return measured

    def _note(self, what: str, measured: Measured, seconds: float) -> None:
        self._trials.append(Trial(self._variant.name, what, seconds=seconds, **vars(measured)))
        self._tell(f"{self._variant.name}: {what}")

    def _keep(self, plan: Plan) -> Path:
        file, place = self._made[plan]
        self._trials[place] = replace(self._trials[place], kept=True)
        return file

    def _held_to_the_goal(self, measured: Measured) -> Measured:
        """A file that is no smaller than the float one, or no better than the one that failed, is no rescue."""
        if measured.passed and measured.bytes >= self._shop.bytes_of(f"fp32.{self._variant.format}"):
            return replace(measured, passed=False, reason="not smaller than the float file")
        if measured.passed and (measured.sqnr_db is None or measured.sqnr_db < self._goal_db):
            return replace(measured, passed=False, reason=f"SQNR below {self._goal_db:.1f} dB")
        return measured

    def _delivered(self, plan: Plan, ranked: Ranked) -> Rescued:
        artifact = self._shop.deliver(self._variant, self._keep(plan))
        names = dict(ranked)
        assert self._variant.needs is not None
        whole, quantized = (self._shop.bytes_of(name) for name in (f"fp32.{self._variant.format}", self._variant.needs))
        told = Rescue(
            name=self._variant.name,
            remedies=tuple(self._remedies),
            in_float=tuple(_told(tensor, names) for tensor in plan.freed),
            float_weights=tuple(_told(tensor, names) for tensor in plan.float_weights),
            held_out=self._shop.held_out,
            bytes_to_int8=artifact.bytes / quantized,
            bytes_to_float=artifact.bytes / whole,
        )
        return Rescued((artifact,), (told,), tuple(self._trials))

    def _given_up(self, reason: str) -> Rescued:
        return Rescued(trials=tuple(self._trials), skipped=(Skipped(self._variant.name, reason),))


def _told(tensor: str, names: dict[str, str]) -> str:
    return names.get(tensor, "") or tensor


def _db(measured: Measured) -> float:
    return float("-inf") if measured.sqnr_db is None else measured.sqnr_db


def _in_a_line(error: LitefootError) -> str:
    """With its cause, which stands below the first line."""
    return " ".join(str(error).split())[:_MOST_CHARACTERS]
