"""The order of what is tried, with a made-up model whose layers each add a noise of their own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from litefoot.convert.rescue import ladder as module
from litefoot.convert.rescue.ladder import Ladder
from litefoot.convert.rescue.trials import Measured, Plan, Rescued
from litefoot.convert.variants import MIXED, Variant
from litefoot.runtime.errors import ConversionCrashed, ConversionFailed
from litefoot.runtime.storage.manifest import Artifact

PLAN = Plan("tflite", "float", "int8", "rest.npz")
LIMIT_DB = 21.0


@dataclass
class MadeUp:
    """Noise powers of layers over a signal of 1: of their values in 8 bits, and of their weights."""

    noise: dict[str, float]
    weight_noise: dict[str, float] = field(default_factory=dict)
    float_bytes: int = 4000
    weight_bytes: int = 300
    held_out: int = 25
    crashes: tuple[str, ...] = ()
    remedies: dict[str, float] = field(default_factory=dict)
    refused: str = ""
    verdicts: list[str] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    delivered: list[Path] = field(default_factory=list)

    def prepare(self, variant: Variant) -> Plan:
        if self.refused:
            raise ConversionFailed(self.refused)
        return PLAN

    def treat(self, variant: Variant, plan: Plan, remedy: str) -> tuple[Plan, tuple[str, ...]] | None:
        if remedy not in self.remedies:
            return None
        treated = f"{plan.source}+{remedy}"
        return Plan("tflite", treated, "int8", "rest.npz"), ("conv",)

    def rank(self, variant: Variant, plan: Plan, quantized: Path) -> list[tuple[str, str]]:
        noise = self.weight_noise if plan.freed else self.noise
        return [(name, f"layer {name}") for name in sorted(noise, key=lambda name: -noise[name])]

    def attempt(self, variant: Variant, plan: Plan) -> tuple[Measured, Path]:
        self.plans.append(plan)
        if set(self.crashes) & set(plan.freed):
            raise ConversionCrashed("The converter crashed")
        factor = math.prod(self.remedies[name] for name in self.remedies if name in plan.source)
        noise = factor * sum(power for name, power in self.noise.items() if name not in plan.freed)
        noise += sum(power for name, power in self.weight_noise.items() if name not in plan.float_weights)
        sqnr_db = math.inf if noise <= 0 else -10 * math.log10(noise)
        size = 1000 + self.weight_bytes * len(plan.float_weights)
        passed = sqnr_db >= LIMIT_DB
        return Measured(size, sqnr_db, passed, "" if passed else "SQNR"), Path(f"{len(self.plans)}.tflite")

    def deliver(self, variant: Variant, file: Path) -> tuple[Artifact, str]:
        self.delivered.append(file)
        reason = self.verdicts.pop(0) if self.verdicts else ""
        return Artifact(variant.name, "tflite", "mixed", str(file), "", 1200, 600, (), (), {}, {}), reason

    def bytes_of(self, name: str) -> int:
        return self.float_bytes if name.startswith("fp32") else 1000


def climb(shop: MadeUp) -> Rescued:
    return Ladder(shop, MIXED[0], lambda what: None).climb()


def layers(count: int, bad: Sequence[int]) -> dict[str, float]:
    return {f"t{i}": 0.1 / (1 + bad.index(i)) if i in bad else 1e-6 for i in range(count)}


@pytest.fixture(autouse=True)
def _two_remedies(monkeypatch: pytest.MonkeyPatch) -> None:
    class Named:
        def __init__(self, name: str) -> None:
            self.name = name

    monkeypatch.setattr(module, "REMEDIES", (Named("first"), Named("second")))
    monkeypatch.setattr(module, "CALIBRATIONS", (Named("widest"), Named("narrower")))


@pytest.mark.parametrize("bad", [[3], [9, 2], [5, 1, 39], list(range(20))])
def test_the_worst_layers_and_no_others_are_given_back(bad: list[int]) -> None:
    shop = MadeUp(layers(40, bad))
    found = climb(shop)
    (told,) = found.rescues
    needed = next(n for n in range(41) if sum(sorted(shop.noise.values())[: 40 - n]) <= 10 ** (-LIMIT_DB / 10))
    assert told.in_float == tuple(f"layer t{i}" for i in bad[:needed])
    assert (told.remedies, told.float_weights, told.held_out) == ((), (), 25)
    assert (told.bytes_to_int8, told.bytes_to_float, told.judged, told.reason) == (1.2, 0.3, 1, "")
    assert len(found.trials) <= 2 * math.log2(40) + 3


def test_every_trial_is_told_and_one_is_kept() -> None:
    shop, said = MadeUp(layers(8, [1, 2])), []
    found = Ladder(shop, MIXED[0], said.append).climb()
    assert len(said) == len(found.trials) == len(shop.plans)
    assert [trial.kept for trial in found.trials].count(True) == 1
    kept = next(trial for trial in found.trials if trial.kept)
    assert kept.passed
    assert all(trial.reason for trial in found.trials if not trial.passed)
    assert found.trials[0].what == "everything in 8 bits"
    assert shop.delivered == [Path(f"{found.trials.index(kept) + 1}.tflite")]


def test_weights_are_given_back_where_values_alone_do_not_do() -> None:
    shop = MadeUp(layers(4, [0]), weight_noise={"t1": 0.5, "t2": 0.3, "t3": 1e-6})
    (told,) = climb(shop).rescues
    assert told.float_weights == ("layer t1", "layer t2")
    assert len(told.in_float) == 4


def test_a_file_that_is_hardly_smaller_than_the_float_one_is_no_rescue() -> None:
    shop = MadeUp(layers(4, [0]), weight_noise={"t1": 0.5, "t2": 0.3}, weight_bytes=1400)
    found = climb(shop)
    assert (found.rescues, shop.delivered) == ((), [])
    assert found.skipped[0].name == "mixed.tflite"
    assert "smaller" in found.skipped[0].reason
    assert not any(trial.kept for trial in found.trials)


def test_a_crash_is_a_failed_trial_and_not_the_end() -> None:
    shop = MadeUp(layers(16, [0, 1, 2]), crashes=("t2",))
    found = climb(shop)
    assert any("crashed" in trial.reason and trial.bytes == 0 for trial in found.trials)
    assert found.skipped or found.rescues


def test_what_cannot_even_begin_says_why() -> None:
    found = climb(MadeUp({}, refused="a loop cannot be quantized"))
    assert found.trials == ()
    assert found.skipped[0].reason == "a loop cannot be quantized"


def test_a_remedy_that_is_enough_leaves_everything_in_8_bits() -> None:
    shop = MadeUp(layers(8, [1, 2]), remedies={"first": 1e-3, "second": 1e-9})
    found = climb(shop)
    (told,) = found.rescues
    assert (told.remedies, told.in_float) == (("first (1)",), ())
    assert [trial.kept for trial in found.trials] == [False, True]


def test_ranges_are_chosen_in_another_way_after_the_remedies() -> None:
    found = climb(MadeUp(layers(8, [1, 2]), remedies={"first": 0.5, "narrower": 1e-4}))
    (told,) = found.rescues
    assert told.remedies == ("first (1)", "ranges by narrower")
    assert told.in_float == ()


def test_a_remedy_that_does_not_help_is_not_kept_and_the_next_one_begins_without_it() -> None:
    shop = MadeUp(layers(8, [1, 2]), remedies={"first": 2.0, "second": 0.5})
    found = climb(shop)
    (told,) = found.rescues
    assert told.remedies == ("second (1)",)
    assert told.in_float
    assert all("first" not in plan.source for plan in shop.plans[2:])


def test_where_the_held_out_samples_show_no_failure_half_the_error_has_to_go() -> None:
    shop = MadeUp({"t0": 3e-3, "t1": 2e-3, "t2": 1e-4})
    found = climb(shop)
    (told,) = found.rescues
    before, kept = found.trials[0], next(trial for trial in found.trials if trial.kept)
    assert before.passed
    assert (kept.sqnr_db or 0.0) >= (before.sqnr_db or 0.0) + 6.0
    assert told.in_float == ("layer t0", "layer t1")


def test_a_file_that_the_verdict_turns_down_is_followed_by_one_with_less_noise() -> None:
    shop = MadeUp(layers(40, list(range(20))), verdicts=["accuracy", ""])
    found = climb(shop)
    (told,) = found.rescues
    assert (told.judged, told.reason) == (2, "")
    turned_down = [trial for trial in found.trials if trial.reason == "on the evaluation samples: accuracy"]
    kept = [trial for trial in found.trials if trial.kept]
    assert (len(turned_down), len(kept)) == (1, 1)
    assert not turned_down[0].passed
    assert kept[0].passed
    assert (kept[0].sqnr_db or 0.0) >= (turned_down[0].sqnr_db or 0.0) + 2.0
    assert len(shop.plans) == len(set(shop.plans)) == len(found.trials)


def test_where_the_verdict_turns_all_down_the_last_one_says_why_and_none_is_kept() -> None:
    shop = MadeUp(layers(40, list(range(20))), verdicts=["first", "second", "third", "never asked"])
    found = climb(shop)
    (told,) = found.rescues
    assert (told.judged, told.reason) == (module.MOST_JUDGED, "third")
    assert not any(trial.kept for trial in found.trials)
    assert found.skipped == ()


def test_what_is_exact_is_not_judged_twice() -> None:
    shop = MadeUp({"t0": 0.1}, verdicts=["first", "second", "third"])
    (told,) = climb(shop).rescues
    assert (told.judged, told.reason) == (1, "first")


def test_a_remedied_file_that_the_verdict_turns_down_is_treated_further_before_layers_are_given_back() -> None:
    shop = MadeUp(layers(8, [1, 2]), remedies={"first": 1e-2, "second": 1e-2}, verdicts=["first"])
    (told,) = climb(shop).rescues
    assert (told.remedies, told.in_float, told.judged) == (("first (1)", "second (1)"), (), 2)


def test_an_error_after_a_verdict_loses_nothing() -> None:
    class Breaking(MadeUp):
        def rank(self, variant: Variant, plan: Plan, quantized: Path) -> list[tuple[str, str]]:
            raise ConversionCrashed("The converter crashed")

    found = climb(Breaking(layers(8, [1, 2]), remedies={"first": 1e-2}, verdicts=["drift"]))
    (told,) = found.rescues
    assert (told.judged, told.reason) == (1, "drift")
