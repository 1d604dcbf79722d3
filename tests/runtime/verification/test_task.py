"""The loss of accuracy: counted by hand, bounded by its interval, and undecided only while more samples can help."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.tensors import TensorSpec
from litefoot.runtime.verification.intervals import paired_interval
from litefoot.runtime.verification.task import TaskVerdict, judge_task, score_of


@st.composite
def counts(draw: st.DrawFn) -> tuple[int, int, int]:
    """Samples lost, won, and all of them."""
    n = draw(st.integers(1, 5000))
    lost = draw(st.integers(0, n))
    return lost, draw(st.integers(0, n - lost)), n


def contract_of(max_drop: float) -> ModelContract:
    output = TensorSpec("y", (None, 2), "float32", "logits")
    return ModelContract((), (output,), "", metric=Metric("accuracy", max_drop))


def judge_scores(max_drop: float, reference: Any, output: Any, targets: Any) -> TaskVerdict:
    return judge_task(contract_of(max_drop), {"y": reference}, {"y": output}, targets)


def scores(right: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    """Scores of two classes, the second of which is always right."""
    return np.where(right[:, np.newaxis], [0.0, 1.0], [1.0, 0.0])


def judged(lost: int, won: int, n: int, max_drop: float) -> TaskVerdict:
    """A reference right on all but the `won`, an artifact right on all but the `lost`."""
    before, after = np.ones(n, bool), np.ones(n, bool)
    after[:lost] = False
    before[lost : lost + won] = False
    return judge_scores(max_drop, scores(before), scores(after), np.ones(n, int))


def test_the_interval_is_that_of_bonett_and_price_by_hand() -> None:
    # n + 2 = 100: p12 = 0.10, p21 = 0.05, difference 0.05, variance (0.15 - 0.0025) / 100.
    half = 1.959964 * math.sqrt(0.1475 / 100)
    assert paired_interval(9, 4, 98) == pytest.approx((0.05 - half, 0.05 + half), abs=1e-7)


@given(counts())
def test_the_interval_holds_the_drop_and_lies_within_one(case: tuple[int, int, int]) -> None:
    lost, won, n = case
    low, high = paired_interval(lost, won, n)
    assert -1.0 <= low <= (lost - won) / n <= high <= 1.0
    assert low < high


@given(counts())
def test_the_interval_turns_round_with_the_two_models(case: tuple[int, int, int]) -> None:
    lost, won, n = case
    low, high = paired_interval(lost, won, n)
    assert paired_interval(won, lost, n) == pytest.approx((-high, -low))


@given(counts(), st.integers(2, 10))
def test_the_interval_shrinks_with_more_samples_at_the_same_rates(case: tuple[int, int, int], times: int) -> None:
    lost, won, n = case
    assume(n >= 30)
    low, high = paired_interval(lost, won, n)
    narrow_low, narrow_high = paired_interval(lost * times, won * times, n * times)
    assert narrow_high - narrow_low < high - low


@given(counts())
def test_the_verdict_counts_what_was_put_in(case: tuple[int, int, int]) -> None:
    lost, won, n = case
    verdict = judged(lost, won, n, 0.05)
    assert (verdict.metric, verdict.samples, verdict.max_drop) == ("accuracy", n, 0.05)
    assert verdict.reference == pytest.approx(1 - won / n)
    assert verdict.artifact == pytest.approx(1 - lost / n)
    assert verdict.drop == pytest.approx(verdict.reference - verdict.artifact)
    assert (verdict.low, verdict.high) == paired_interval(lost, won, n)


@pytest.mark.parametrize(
    ("lost", "won", "n", "max_drop", "status"),
    [
        (0, 0, 1000, 0.01, "passed"),
        (5, 5, 2000, 0.01, "passed"),
        (0, 50, 1000, 0.0, "passed"),
        (100, 0, 1000, 0.01, "failed"),
        (300, 0, 300, 0.5, "failed"),
        (0, 0, 20, 0.01, "undecided"),
        (12, 10, 300, 0.01, "undecided"),
        (1, 0, 1, 0.5, "undecided"),
    ],
)
def test_the_status_follows_the_whole_interval(lost: int, won: int, n: int, max_drop: float, status: str) -> None:
    verdict = judged(lost, won, n, max_drop)
    assert verdict.status == status
    assert (verdict.more_samples is None) == (status != "undecided")


@given(counts(), st.floats(0, 0.2))
def test_the_status_is_the_side_of_the_limit_on_which_the_interval_lies(
    case: tuple[int, int, int], max_drop: float
) -> None:
    verdict = judged(*case, max_drop)
    assert (verdict.status == "passed") == (verdict.high <= max_drop)
    assert (verdict.status == "failed") == (verdict.low > max_drop)
    assert verdict.status == "undecided" or verdict.more_samples is None


@given(counts(), st.integers(1, 99))
def test_so_many_more_samples_at_the_same_rates_decide_it_and_fewer_do_not(
    case: tuple[int, int, int], percent: int
) -> None:
    lost, won, n = case
    low, high = paired_interval(lost, won, n)
    max_drop = low + (high - low) * percent / 100  # inside the interval, so that it is undecided
    assume(abs((lost - won) / n - max_drop) > 1e-6)
    more = judged(lost, won, n, max_drop).more_samples
    assert more is not None
    assert more >= 1

    def decided(samples: int) -> bool:
        low, high = paired_interval(lost * samples / n, won * samples / n, samples)
        return high <= max_drop or low > max_drop

    assert decided(n + more)
    assert not decided(n + more - 1)


@pytest.mark.parametrize(("lost", "won", "n", "max_drop"), [(0, 0, 100, 0.0), (3, 3, 50, 0.0), (3, 1, 100, 0.02)])
def test_a_drop_of_exactly_the_limit_is_decided_by_no_number_of_samples(
    lost: int, won: int, n: int, max_drop: float
) -> None:
    verdict = judged(lost, won, n, max_drop)
    assert (verdict.status, verdict.more_samples) == ("undecided", None)


def test_models_wrong_in_the_same_way_lose_nothing() -> None:
    verdict = judge_scores(0.01, *[scores(np.zeros(500, bool))] * 2, np.ones(500, int))
    assert (verdict.reference, verdict.artifact, verdict.drop, verdict.status) == (0.0, 0.0, 0.0, "passed")


def test_accuracy_is_the_share_of_right_classes() -> None:
    table = np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]])
    assert score_of(contract_of(0.0), {"y": table}, np.array([1, 0, 0, 0])) == 0.75


def test_no_samples_are_not_judged() -> None:
    with pytest.raises(AssertionError):
        judge_scores(0.01, np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0, int))
