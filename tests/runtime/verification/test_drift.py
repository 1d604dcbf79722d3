"""The arithmetic of drift by hand and by its laws; values that are not finite are counted, never repaired."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from litefoot.runtime.verification.drift import Drift, cosine, measure, sqnr_db, violations

Array = npt.NDArray[Any]
FIGURES = ("max_abs", "mean_abs", "rmse", "sqnr_db", "cosine")

numbers = st.floats(-(2.0**100), 2.0**100, width=32, allow_subnormal=False)
arrays = st.lists(numbers, min_size=1, max_size=20).map(lambda values: np.array(values, np.float32)[:, np.newaxis])
pairs = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=20).map(
    lambda values: tuple(np.array(side, np.float32)[:, np.newaxis] for side in zip(*values, strict=True))
)


def test_every_figure_by_hand() -> None:
    reference = np.array([[3.0, 0.0], [0.0, 4.0]], np.float32)
    output = np.array([[3.0, 2.0], [1.0, 2.0]], np.float32)
    drift = measure(reference, output, step=0.5, kind="logits")
    assert drift == Drift(
        samples=2,
        not_finite=0,
        max_abs=2.0,
        mean_abs=5 / 4,
        rmse=1.5,
        sqnr_db=pytest.approx(10 * math.log10(25 / 9)),
        cosine=pytest.approx(17 / (5 * math.sqrt(18))),
        max_steps=4.0,
        of_kind={"top1_agreement": 1.0},
    )


def test_agreement_is_counted_per_sample_on_the_last_axis() -> None:
    reference = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    output = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.4, 0.6]])
    assert measure(reference, output, kind="probabilities").of_kind == {"top1_agreement": 0.75}
    assert measure(reference, output).of_kind == {}
    assert measure(reference, output).max_steps is None


@given(arrays)
def test_equal_tensors_have_no_error_and_infinite_sqnr(values: Array) -> None:
    drift = measure(values, values.copy(), step=0.1, kind="image")
    assert (drift.max_abs, drift.mean_abs, drift.rmse, drift.max_steps) == (0.0, 0.0, 0.0, 0.0)
    assert drift.sqnr_db == math.inf
    assert drift.cosine == pytest.approx(1.0)
    assert drift.of_kind == {"psnr_db": math.inf}


@given(pairs)
def test_errors_are_symmetric_and_in_their_order(pair: tuple[Array, Array]) -> None:
    there, back = measure(*pair), measure(*pair[::-1])
    assert there.max_abs == back.max_abs == np.abs(pair[0].astype(float) - pair[1]).max()
    assert there.mean_abs == back.mean_abs
    assert there.rmse == back.rmse
    assert there.mean_abs <= there.rmse * (1 + 1e-12)
    assert there.rmse <= there.max_abs * (1 + 1e-12)
    assert there.cosine == pytest.approx(back.cosine)


@given(pairs, st.integers(-20, 20))
def test_sqnr_and_cosine_do_not_depend_on_the_unit(pair: tuple[Array, Array], power: int) -> None:
    ref, out = (side.astype(np.float64) for side in pair)
    assume(not np.array_equal(ref, out))
    scaled_ref, scaled_out = ref * 2.0**power, out * 2.0**power
    assert sqnr_db(scaled_ref, scaled_out) == pytest.approx(sqnr_db(ref, out))
    assert cosine(scaled_ref, scaled_out) == pytest.approx(cosine(ref, out))
    assert cosine(ref * 2.0**power, out) == pytest.approx(cosine(ref, out))


@pytest.mark.parametrize("sign", [1, -1])
def test_rounding_never_takes_cosine_out_of_its_range(sign: int) -> None:
    vectors = np.random.default_rng(3).normal(size=(200, 7))
    cosines = np.array([cosine(vector, sign * vector) for vector in vectors])
    assert (np.abs(cosines) <= 1.0).all()
    np.testing.assert_allclose(cosines, sign)


@pytest.mark.parametrize(
    ("reference", "output", "db"),
    [
        ([10.0, 0.0], [9.0, 0.0], 20.0),
        ([1.0, 1.0], [1.1, 0.9], 20.0),
        ([1.0], [-1.0], 10 * math.log10(1 / 4)),
        ([1e-30], [2e-30], 0.0),
        ([1e-200], [2e-200], 0.0),
        ([1e200], [2e200], 0.0),
        ([3e38], [-3e38], 10 * math.log10(1 / 4)),
        ([0.0], [1.0], -math.inf),
        ([0.0], [0.0], math.inf),
        ([], [], math.inf),
    ],
)
def test_sqnr_by_hand(reference: list[float], output: list[float], db: float) -> None:
    assert sqnr_db(np.array(reference), np.array(output)) == pytest.approx(db)


@pytest.mark.parametrize(
    ("a", "b", "value"),
    [
        ([1.0, 0.0], [0.0, 2.0], 0.0),
        ([1.0, 2.0], [-1.0, -2.0], -1.0),
        ([1.0, 0.0], [1.0, 1.0], math.sqrt(0.5)),
        ([1e-300, 0.0], [1e300, 0.0], 1.0),
        ([0.0, 0.0], [0.0, 0.0], 1.0),
        ([0.0, 0.0], [1.0, 0.0], 0.0),
        ([1.0, 0.0], [0.0, 0.0], 0.0),
    ],
)
def test_cosine_by_hand(a: list[float], b: list[float], value: float) -> None:
    assert cosine(np.array(a), np.array(b)) == pytest.approx(value)


@given(arrays, st.sampled_from([np.nan, np.inf, -np.inf]), st.data())
def test_values_that_are_not_finite_are_counted_and_no_figure_hides_them(
    values: Array, broken: float, data: st.DataObject
) -> None:
    places = data.draw(st.sets(st.integers(0, len(values) - 1), min_size=1))
    output = values.copy()
    output[list(places)] = broken
    drift = measure(values, output, step=0.1, kind="image")
    assert drift.not_finite == len(places)
    assert drift.samples == len(values)
    figures = [getattr(drift, name) for name in (*FIGURES, "max_steps")]
    assert all(math.isnan(figure) for figure in (*figures, drift.of_kind["psnr_db"]))


def test_a_reference_that_is_not_finite_leaves_no_figure_either() -> None:
    drift = measure(np.array([[np.inf], [1.0]]), np.array([[1.0], [1.0]]))
    assert drift.not_finite == 0
    assert all(math.isnan(getattr(drift, name)) for name in FIGURES)


@pytest.mark.parametrize("shape", [(0, 3), (0,), (4, 0)])
def test_without_values_there_are_no_figures(shape: tuple[int, ...]) -> None:
    drift = measure(np.zeros(shape), np.zeros(shape), step=1.0, kind="logits")
    assert drift.samples == shape[0]
    figures = [getattr(drift, name) for name in (*FIGURES, "max_steps")]
    assert all(math.isnan(figure) for figure in (*figures, drift.of_kind["top1_agreement"]))


def test_one_sample_is_enough_for_every_figure() -> None:
    drift = measure(np.array([[2.0]]), np.array([[1.0]]), step=0.25, kind="logits")
    assert (drift.samples, drift.max_abs, drift.rmse, drift.max_steps) == (1, 1.0, 1.0, 4.0)
    assert drift.sqnr_db == pytest.approx(10 * math.log10(4))


def test_unsigned_integers_do_not_wrap_around() -> None:
    drift = measure(np.array([[0, 255]], np.uint8), np.array([[255, 0]], np.uint8))
    assert (drift.max_abs, drift.mean_abs) == (255.0, 255.0)


def test_tensors_of_different_shape_are_never_broadcast() -> None:
    with pytest.raises(AssertionError):
        measure(np.zeros((2, 1)), np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("output", "atol", "rtol", "outside"),
    [
        ([1.0, -2.0], 0.0, 0.0, 0),
        ([1.25, -2.25], 0.25, 0.0, 0),
        ([1.25, -2.25], 0.249, 0.0, 2),
        ([1.25, -2.5], 0.0, 0.25, 0),
        ([1.25, -2.5], 0.0, 0.2, 2),
        ([1.5, -2.75], 0.25, 0.25, 0),
        ([1.0, np.nan], 1e9, 1e9, 1),
        ([np.inf, -np.inf], 1e9, 1e9, 2),
        ([5.0, 5.0], math.nan, 0.0, 2),
    ],
)
def test_values_outside_are_counted_up_to_the_bound_itself(
    output: list[float], atol: float, rtol: float, outside: int
) -> None:
    assert violations(np.array([1.0, -2.0]), np.array(output), atol=atol, rtol=rtol) == outside


def test_infinity_against_infinity_is_outside() -> None:
    assert violations(np.array([np.inf]), np.array([np.inf]), atol=1.0, rtol=0.0) == 1


@given(pairs, st.floats(0, 1e6), st.floats(0, 1))
def test_a_wider_tolerance_never_counts_more(pair: tuple[Array, Array], atol: float, rtol: float) -> None:
    count = violations(*pair, atol=atol, rtol=rtol)
    assert 0 <= violations(*pair, atol=2 * atol, rtol=2 * rtol) <= count <= pair[0].size
