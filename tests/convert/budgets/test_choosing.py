"""Which file is picked, what is said of it, and by how much a budget is missed."""

from __future__ import annotations

import platform
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litefoot.convert.budgets import Budgets, Candidate, choose, pareto_front
from litefoot.runtime.errors import UsageError
from litefoot.runtime.verification.task import Status


def file(
    name: str,
    size: int,
    ms: float,
    sqnr_db: float | None = 30.0,
    status: Status = "passed",
    conversion: str = "",
    gzip: int | None = None,
    target_ms: float | None = None,
) -> Candidate:
    there = ms if target_ms is None else target_ms
    return Candidate(name, conversion, size, gzip or size - 1, ms, there, sqnr_db, None, status)


FLOAT = file("fp32.tflite", 400, 2.0, 130.0)
INT8 = file("int8.tflite", 110, 1.0, 33.0)
MIXED = file("mixed.tflite", 150, 0.8, 40.0)
SLOW = file("slow.onnx", 160, 3.0, 39.0)
BROKEN = file("int8.onnx", 50, 0.1, 2.0, "failed")
ALL = (FLOAT, INT8, MIXED, SLOW, BROKEN)


def test_what_another_file_beats_in_everything_is_not_on_the_front_and_what_failed_neither() -> None:
    assert pareto_front(ALL, Budgets()) == (INT8, MIXED, FLOAT)


def test_without_latency_the_front_is_that_of_bytes_and_drift() -> None:
    late = file("late.tflite", 120, 9.0, 35.0)
    assert pareto_front((*ALL, late), Budgets(target="pi4")) == (INT8, late, MIXED, FLOAT)


candidates = st.builds(
    file, st.text("ab", max_size=3), st.integers(1, 9), st.floats(0.1, 9.0), st.floats(0.0, 90.0),
    st.sampled_from(["passed", "failed", "undecided"]),
)  # fmt: skip


@given(st.lists(candidates, max_size=12))
def test_everything_that_passed_is_on_the_front_or_beaten_by_something_on_it(found: list[Candidate]) -> None:
    front = pareto_front(found, Budgets())
    assert all(one.status == "passed" for one in front)
    for one in found:
        if one.status == "passed" and one not in front:
            assert any(
                other.bytes <= one.bytes and other.p50_ms <= one.p50_ms and (other.sqnr_db or 0) >= (one.sqnr_db or 0)
                for other in front
            )


@pytest.mark.parametrize(
    ("budgets", "picked", "word"),
    [
        (Budgets(), INT8, "smallest"),
        (Budgets(max_latency_ms=0.9), MIXED, "only file"),
        (Budgets(max_latency_ms=5.0), INT8, "smallest"),
        (Budgets(max_bytes=200), MIXED, "fastest"),
        (Budgets(max_bytes=120), INT8, "only file"),
        (Budgets(max_bytes=500, max_latency_ms=5.0), INT8, "smallest"),
    ],
)
def test_the_file_that_fits_is_picked_and_the_sentence_says_why(budgets: Budgets, picked: Candidate, word: str) -> None:
    choice = choose(ALL, budgets)
    assert choice.picked == picked
    assert picked.name in choice.reason
    assert word in choice.reason
    assert choice.candidates == ALL


@pytest.mark.parametrize(
    ("budgets", "said"),
    [
        (Budgets(max_bytes=100), ["within 100 bytes", "int8.tflite", "110 bytes", "10% more"]),
        (Budgets(max_latency_ms=0.4), ["within 0.4 ms", "mixed.tflite", "0.8 ms", "100% more"]),
        (Budgets(max_bytes=120, max_latency_ms=0.8), ["of those within the other budget, mixed.tflite", "25% more"]),
        (Budgets(max_bytes=100, max_latency_ms=0.4), ["int8.tflite", "mixed.tflite"]),
    ],
)
def test_a_budget_that_cannot_be_met_is_named_and_by_how_much(budgets: Budgets, said: list[str]) -> None:
    choice = choose(ALL, budgets)
    assert choice.picked is None
    assert all(words in choice.reason for words in said), choice.reason


def test_where_nothing_passed_quality_is_the_budget_that_cannot_be_met() -> None:
    choice = choose((BROKEN,), Budgets(max_bytes=1000))
    assert (choice.picked, choice.front) == (None, ())
    assert "none of 1 files passed" in choice.reason


def test_what_was_done_to_the_model_is_part_of_a_files_name() -> None:
    choice = choose((file("int8.tflite", 10, 1.0, conversion="prune"), INT8), Budgets())
    assert "int8.tflite (prune)" in choice.reason


@pytest.mark.parametrize(
    "budgets",
    [
        Budgets(max_bytes=0),
        Budgets(max_gzip_bytes=0),
        Budgets(target="pi4", latency_factor=0.0),
        Budgets(target="pi4", latency_factor=float("nan")),
        Budgets(latency_factor=2.0),
        Budgets(max_latency_ms=-1.0),
        Budgets(target="toaster"),
        Budgets(max_bytes=-5),
    ],
)
def test_a_budget_that_means_nothing_is_refused(budgets: Budgets) -> None:
    with pytest.raises(UsageError):
        budgets.check()


@pytest.mark.parametrize("target", ["pi3", "pi4", "pi5"])
def test_milliseconds_of_another_machine_are_not_guessed(target: str) -> None:
    with pytest.raises(UsageError, match="litefoot bench"):
        Budgets(max_latency_ms=5.0, target=target).check()
    Budgets(max_bytes=5, target=target).check()
    unknown = [replace(one, target_ms=None) for one in ALL]
    choice = choose(unknown, Budgets(max_bytes=200, target=target))
    assert choice.picked is not None
    assert choice.picked.name == INT8.name
    assert "ms" not in choice.reason
    assert f"the latency of {target} is to be measured there" in choice.reason


def test_the_target_may_be_the_kind_of_machine_that_this_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    Budgets(max_latency_ms=5.0, target="arm64").check()
    with pytest.raises(UsageError):
        Budgets(max_latency_ms=5.0, target="x86").check()


def test_a_factor_that_somebody_measured_makes_an_estimate_that_says_so() -> None:
    budgets = Budgets(max_latency_ms=5.0, target="pi4", latency_factor=4.0)
    budgets.check()
    there = [replace(one, target_ms=4.0 * one.p50_ms) for one in ALL]
    choice = choose(there, budgets)
    assert choice.picked == there[ALL.index(INT8)]
    assert "4 ms on pi4, estimated as 4 times what was measured here" in choice.reason
    missed = choose(there, replace(budgets, max_latency_ms=2.0))
    assert missed.picked is None
    assert "mixed.tflite, needs 3.2 ms on pi4, estimated as 4 times" in missed.reason


PRUNED = file("int8.tflite", 110, 1.0, 30.0, conversion="prune 80%", gzip=40)


def test_bytes_after_gzip_count_where_they_are_limited_and_only_there() -> None:
    assert PRUNED not in pareto_front((*ALL, PRUNED), Budgets())
    choice = choose((*ALL, PRUNED), Budgets(max_gzip_bytes=50))
    assert choice.picked == PRUNED
    assert "40 bytes after gzip" in choice.reason
    missed = choose((*ALL, PRUNED), Budgets(max_gzip_bytes=20))
    assert "within 20 bytes after gzip: the best, int8.tflite (prune 80%), needs 40 bytes after gzip" in missed.reason
