"""Each way to choose a range gives the one that is known by construction, and finds its way to the quantizer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_models

from litefoot.convert.remedies.calibration import (
    CALIBRATIONS,
    entropy,
    moving_average,
    narrow,
    percentile,
    ranges_by_each,
    smallest_and_largest,
)

CALLS = [np.linspace(-1.0, 3.0, 1001), np.linspace(-2.0, 1.0, 1001)]


def test_the_smallest_and_the_largest_of_all_calls() -> None:
    assert smallest_and_largest(CALLS) == (-2.0, 3.0)


def test_a_moving_average_forgets_slowly() -> None:
    assert moving_average(CALLS) == pytest.approx((-1.05, 2.9))


def test_a_percentile_cuts_as_much_off_below_as_above() -> None:
    assert percentile(90.0)([np.linspace(0.0, 100.0, 1001)]) == pytest.approx((5.0, 95.0))


def test_entropy_cuts_off_what_lies_far_out_and_keeps_what_does_not() -> None:
    values = np.random.default_rng(0).standard_normal(400_000)
    low, high = entropy([values, np.array([1000.0])])
    assert -low == pytest.approx(float(-values.min()))
    assert high < 100.0
    even = np.linspace(0.01, 1.0, 200_000)
    assert entropy([even]) == (0.01, 1.0)


def test_entropy_does_not_count_zeros_and_does_not_fail_on_nothing_else() -> None:
    values = np.abs(np.random.default_rng(0).standard_normal(100_000))
    with_zeros = np.concatenate([values, np.zeros(10_000_00)])
    assert entropy([with_zeros])[1] == pytest.approx(entropy([values])[1])
    assert entropy([np.zeros(10)]) == (0.0, 0.0)


@pytest.mark.parametrize("suffix", [".tflite", ".onnx"])
def test_every_tensor_gets_a_range_that_holds_zero_in_each_way(tmp_path: Path, suffix: str) -> None:
    file = tiny_models.write_two_layers(
        tmp_path / f"a{suffix}", np.eye(2, dtype=np.float32), np.ones((1, 2), np.float32)
    )
    given = {"x": np.random.default_rng(0).uniform(1.0, 2.0, (20, 2)).astype(np.float32)}
    by_each = ranges_by_each(file, given)
    assert list(by_each) == [way.name for way in CALIBRATIONS]
    for ranges in by_each.values():
        assert {"x"} < set(ranges)
        assert all(low == 0.0 and high >= 1.0 for low, high in ranges.values())


def test_ranges_take_the_place_of_those_that_were_found(tmp_path: Path) -> None:
    file = tiny_models.write_two_layers(tmp_path / "a.tflite", np.eye(2, dtype=np.float32), np.ones((1, 2), np.float32))
    given = {"x": np.array([[1.0, 2.0], [3.0, 2.0]], np.float32)}
    found = {
        "x": {"min": np.array([[-9.0]], np.float32), "max": np.array([[9.0]], np.float32)},
        "not there": {"min": np.array([1.0]), "max": np.array([2.0])},
    }
    narrowed = narrow(found, ranges_by_each(file, given)[CALIBRATIONS[0].name])
    assert (narrowed["x"]["min"].tolist(), narrowed["x"]["max"].tolist()) == ([[0.0]], [[3.0]])
    assert narrowed["not there"] == found["not there"]
    assert found["x"]["max"].item() == 9.0


def test_onnx_runtime_takes_what_is_meant_for_it() -> None:
    from onnxruntime.quantization import CalibrationMethod

    for calibration in CALIBRATIONS:
        assert hasattr(CalibrationMethod, calibration.onnx["calibrate_method"])
