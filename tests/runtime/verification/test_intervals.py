"""The bootstrap interval: known cases, coverage by simulation with a seed, and further samples that decide."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.tensors import TensorSpec
from litefoot.runtime.verification.intervals import bootstrap_interval, more_for_width, tail
from litefoot.runtime.verification.task import TaskVerdict, judge_task

Array = np.ndarray[Any, Any]


def interval_of_mean(values: Array) -> tuple[float, float]:
    return bootstrap_interval(lambda weights: weights @ values / weights.sum(-1), len(values))


def test_the_same_samples_get_the_same_interval() -> None:
    values = np.random.default_rng(1).normal(size=50)
    assert interval_of_mean(values) == interval_of_mean(values)


def test_every_draw_has_as_many_samples_as_there_are_and_all_are_drawn() -> None:
    seen: list[Array] = []

    def watch(weights: Array) -> Array:
        seen.append(weights)
        return weights[:, 0].astype(float)

    bootstrap_interval(watch, 3000)
    weights = np.concatenate(seen)
    assert weights.shape == (2000, 3000)
    assert (weights.sum(1) == 3000).all()
    assert weights.mean() == 1.0
    assert weights.var() == pytest.approx(1 - 1 / 3000, rel=0.01)


def test_of_many_samples_it_is_the_interval_of_the_normal_distribution() -> None:
    values = np.random.default_rng(2).normal(size=4000)
    low, high = interval_of_mean(values)
    error = values.std() / math.sqrt(len(values))
    assert low == pytest.approx(values.mean() - 1.96 * error, abs=0.15 * error)
    assert high == pytest.approx(values.mean() + 1.96 * error, abs=0.15 * error)


@pytest.mark.parametrize(("n", "least"), [(5, 0.88), (20, 0.91), (100, 0.92)])
def test_it_covers_the_truth_about_as_often_as_it_says(n: int, least: float) -> None:
    generator = np.random.default_rng(n)
    held = 0
    for _ in range(300):
        low, high = interval_of_mean(generator.normal(size=n))
        held += low <= 0.0 <= high
    assert least <= held / 300 <= 0.99


def test_the_tails_widen_for_few_samples_and_approach_the_usual_ones() -> None:
    tails = [tail(n) for n in (2, 3, 5, 10, 100, 10**6)]
    assert tails == sorted(tails)
    assert tails[-1] == pytest.approx(0.025, rel=1e-4)
    # Student's quantile of 9 degrees of freedom is 2.2622; 2.2622 sqrt(10 / 9) = 2.3846, and Phi(-2.3846) = 0.00855.
    assert tail(10) == pytest.approx(0.00855, rel=0.02)


def test_draws_without_a_figure_are_left_out_and_without_any_there_is_no_interval() -> None:
    def sometimes(weights: Array) -> Array:
        return np.where(weights[:, 0] > 0, 1.0, np.nan)

    assert bootstrap_interval(sometimes, 5) == (1.0, 1.0)
    assert all(math.isnan(end) for end in bootstrap_interval(lambda weights: np.full(len(weights), np.nan), 5))


@given(st.floats(-1, 1), st.floats(0.01, 1), st.floats(0.01, 1), st.integers(2, 10_000), st.floats(0.01, 0.99))
def test_so_many_more_samples_bring_the_end_to_the_limit(
    drop: float, below: float, above: float, n: int, share: float
) -> None:
    max_drop = drop - below + share * (below + above)
    if math.isclose(max_drop, drop, abs_tol=1e-4):
        return
    more = more_for_width(drop, drop - below, drop + above, n, max_drop)
    assert more is not None
    assert more >= 1
    reach = above if drop < max_drop else below
    assert reach * math.sqrt(n / (n + more)) <= abs(max_drop - drop) * (1 + 1e-9)
    if more > 1:
        assert reach * math.sqrt(n / (n + more - 1)) > abs(max_drop - drop) * (1 - 1e-9)


@pytest.mark.parametrize(("drop", "high"), [(0.5, 0.7), (0.4, math.inf), (0.4, math.nan)])
def test_no_number_of_samples_decides_a_drop_at_the_limit_or_without_an_end(drop: float, high: float) -> None:
    assert more_for_width(drop, 0.3, high, 10, 0.5) is None


def verdict_of(reference: Array, output: Array, targets: Array, max_drop: float, name: Any = "rmse") -> TaskVerdict:
    kind: Any = "regression" if name == "rmse" else "image"
    spec = TensorSpec("y", (None, *reference.shape[1:]), "float32", kind)
    contract = ModelContract((), (spec,), "", metric=Metric(name, max_drop))
    return judge_task(contract, {"y": reference}, {"y": output}, targets)


def noisy(n: int, before: float, after: float) -> tuple[Array, Array, Array]:
    """Answers of two models and the right ones, with errors of these sizes."""
    generator = np.random.default_rng(n)
    targets = generator.normal(size=(n, 1))
    errors = generator.normal(size=(n, 1))
    return targets + before * errors, targets + after * errors, targets


@pytest.mark.parametrize(
    ("after", "max_drop", "status"), [(1.02, 0.05, "passed"), (1.3, 0.05, "failed"), (1.05, 0.05, "undecided")]
)
def test_a_metric_where_smaller_is_better_drops_by_growing(after: float, max_drop: float, status: str) -> None:
    verdict = verdict_of(*noisy(400, 1.0, after), max_drop)
    assert verdict.drop == pytest.approx(verdict.artifact - verdict.reference)
    assert verdict.drop > 0
    assert verdict.low <= verdict.drop <= verdict.high
    assert verdict.status == status
    assert verdict.samples == 400


def test_an_artifact_that_is_better_has_a_negative_drop_and_passes() -> None:
    verdict = verdict_of(*noisy(400, 1.3, 1.0), 0.0)
    assert verdict.high < 0
    assert verdict.status == "passed"


def test_the_two_models_are_paired() -> None:
    """Both err by much and alike: the interval is of their difference, not of each."""
    verdict = verdict_of(*noisy(100, 10.0, 10.01), 0.05)
    assert verdict.high - verdict.low < 0.01
    assert verdict.status == "passed"


def test_equal_answers_lose_nothing_even_without_any_error() -> None:
    answers = np.random.default_rng(4).random((6, 12, 12, 1))
    verdict = verdict_of(answers, answers, answers, 1.0, "psnr")
    assert (verdict.reference, verdict.drop, verdict.status) == (math.inf, 0.0, "passed")
    worse = verdict_of(answers, answers + 0.1, answers, 1.0, "psnr")
    assert (worse.drop, worse.status) == (math.inf, "failed")


def test_one_sample_decides_nothing() -> None:
    reference, output, targets = noisy(1, 1.0, 1.0)
    verdict = verdict_of(reference, output, targets, 100.0)
    assert (verdict.status, verdict.more_samples, verdict.low, verdict.high) == ("undecided", 1, -math.inf, math.inf)


def test_an_undecided_verdict_is_decided_by_about_the_samples_that_it_asks_for() -> None:
    verdict = verdict_of(*noisy(25, 1.0, 1.04), 0.045)
    assert verdict.status == "undecided"
    assert verdict.more_samples is not None
    assert verdict_of(*noisy(25 + 4 * verdict.more_samples, 1.0, 1.04), 0.045).status == "passed"
