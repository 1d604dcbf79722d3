"""Samples are judged before any converter starts, and the message says what is wrong with which."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from litefoot.convert.data.checks import check_metric, check_range, check_samples, check_targets
from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.errors import SampleError, UsageError
from litefoot.runtime.preprocessing import Resize, Step
from litefoot.runtime.tensors import Kind, TensorSpec

INPUTS = (TensorSpec("image", (None, 2, 2), "float32"), TensorSpec("tokens", (None, 3), "int32"))


def samples(count: int = 4) -> dict[str, np.ndarray]:
    return {"image": np.ones((count, 2, 2), np.float32), "tokens": np.zeros((count, 3), np.int32)}


def with_value(value: float) -> dict[str, np.ndarray]:
    arrays = samples()
    arrays["image"][2, 1, 0] = value
    return arrays


def refusal(arrays: dict[str, np.ndarray], at_least: int = 1) -> str:
    with pytest.raises(SampleError) as refused:
        check_samples(arrays, INPUTS, what="calibration", at_least=at_least)
    assert refused.value.exit_code == 2
    return str(refused.value)


def test_samples_that_fit_pass() -> None:
    check_samples(samples(), INPUTS, what="calibration", at_least=4)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"image": samples()["image"]}, ["names differ", "got:      ['image']", "expected: ['image', 'tokens']"]),
        ({**samples(), "mask": np.zeros(4)}, ["names differ", "'mask'"]),
        ({}, ["names differ", "got:      []"]),
        (
            {**samples(), "image": np.ones((4, 2, 3), np.float32)},
            ["input image", "float32[4, 2, 3]", "[samples, 2, 2]"],
        ),
        ({**samples(), "image": np.ones((4, 2), np.float32)}, ["input image", "float32[4, 2]"]),
        ({**samples(), "image": np.ones((4, 2, 2))}, ["input image", "float64[4, 2, 2]", "float32[samples, 2, 2]"]),
        ({**samples(), "tokens": np.zeros((4, 3), np.int64)}, ["input tokens", "int64", "int32[samples, 3]"]),
        ({**samples(), "tokens": np.zeros((5, 3), np.int32)}, ["different numbers", "'image': 4", "'tokens': 5"]),
        (with_value(np.nan), ["not finite", "input image, sample 2", "1 of 4 samples"]),
        (with_value(-np.inf), ["not finite", "input image, sample 2", "1 of 4 samples"]),
    ],
)
def test_samples_that_do_not_fit_are_refused_by_what_is_wrong(arrays: dict[str, np.ndarray], words: list[str]) -> None:
    message = refusal(arrays)
    assert "calibration" in message
    for word in words:
        assert word in message


@pytest.mark.parametrize(("count", "at_least"), [(0, 1), (4, 5)])
def test_too_few_samples_are_refused(count: int, at_least: int) -> None:
    message = refusal(samples(count), at_least)
    assert f"got:      {count}\n" in message
    assert f"at least {at_least}" in message


OF_CLASSES = ModelContract(
    (), (TensorSpec("y", (None, 3), "float32", "logits"),), "test", metric=Metric("accuracy", max_drop=0.01)
)


@pytest.mark.parametrize("targets", [np.array([0, 1, 2]), np.array([2, 2, 2], np.uint8), np.array([-1, 1, 2])])
def test_labels_that_fit_pass(targets: np.ndarray) -> None:
    check_targets(targets, 3, OF_CLASSES)


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (np.array([0, 1]), ["int64[2]", "integers[3]"]),
        (np.array([[0], [1], [2]]), ["int64[3, 1]", "integers[3]"]),
        (np.array([0.0, 1.0, 2.0]), ["float64[3]", "integers[3]"]),
        (np.array([False, True, True]), ["bool[3]", "integers[3]"]),
        (np.array([0, 1, 3]), ["got:      0 to 3", "0 to 2"]),
        (np.array([-2, 1, 2]), ["got:      -2 to 2", "0 to 2, or -1 for what is not counted"]),
        (np.array([-1, -1, -1]), ["got:      -1 everywhere"]),
    ],
)
def test_labels_that_do_not_fit_are_refused(targets: np.ndarray, words: list[str]) -> None:
    with pytest.raises(SampleError) as refused:
        check_targets(targets, 3, OF_CLASSES)
    for word in words:
        assert word in str(refused.value)


def test_labels_that_no_metric_uses_may_be_anything_but_there_is_one_for_each_sample() -> None:
    check_targets(np.zeros((3, 4)), 3, None)
    for targets in (np.zeros((2, 4)), np.float64(1.0)):
        with pytest.raises(SampleError, match="do not fit the samples"):
            check_targets(np.asarray(targets), 3, None)


@pytest.mark.parametrize(
    ("metric", "kind", "words"),
    [
        (Metric("accuracy", 0.01), "regression", ["accuracy cannot be measured", "y: regression", "probabilities or"]),
        (Metric("rmse", 0.01), "logits", ["rmse cannot be measured", "regression or sequence"]),
        (Metric("exact_match", 0.01), "logits", ["start and end"]),
        (Metric("map50", 0.01), "boxes", ["postprocessing detections"]),
        (Metric("accuracy", 1.0), "logits", ["no limit", "from 0 to less than 1"]),
        (Metric("accuracy", -0.1), "logits", ["no limit"]),
        (Metric("accuracy", math.nan), "logits", ["no limit"]),
        (Metric("rmse", math.inf), "regression", ["no limit", "a finite number from 0"]),
        (Metric("psnr", 1.0, span=0.0), "image", ["span of values is above zero"]),
    ],
)
def test_a_metric_that_cannot_be_measured_or_missed_is_refused(metric: Metric, kind: Kind, words: list[str]) -> None:
    contract = ModelContract((), (TensorSpec("y", (None, 3), "float32", kind),), "test", metric=metric)
    with pytest.raises(UsageError) as refused:
        check_metric(contract)
    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize("metric", [None, Metric("accuracy", 0.0), Metric("perplexity", 5.0)])
def test_a_metric_that_can_be_measured_passes(metric: Metric | None) -> None:
    check_metric(replace(OF_CLASSES, metric=metric))


PICTURE = TensorSpec("image", (None, 2, 2, 1), "float32")


def contract_of(*specs: TensorSpec, steps: tuple[Step, ...] = ()) -> ModelContract:
    return ModelContract(specs, (), "test", {specs[0].name: steps} if steps else {})


def reaching(low: float, high: float, spec: TensorSpec = PICTURE) -> dict[str, np.ndarray]:
    """Four samples from low to high."""
    sizes = [4, *(size or 1 for size in spec.shape[1:])]
    return {spec.name: np.linspace(low, high, int(np.prod(sizes)), dtype=spec.dtype).reshape(sizes)}


@pytest.mark.parametrize(
    ("calibration", "evaluation"),
    [((0, 1), (0, 1)), ((0, 1), (-0.5, 1.5)), ((-1, 1), (0, 0.1)), ((0, 200), (100, 255)), ((-2, 2), (0, 4))],
)
def test_ranges_that_are_alike_pass(calibration: tuple[float, float], evaluation: tuple[float, float]) -> None:
    assert check_range(reaching(*calibration), reaching(*evaluation), contract_of(PICTURE)) == []


def test_values_far_outside_the_calibration_are_warned_of() -> None:
    (warning,) = check_range(reaching(0, 1), reaching(0, 3), contract_of(PICTURE))
    for word in ("input image", "far outside", "0 to 3 in the evaluation", "0 to 1 in the calibration", "62.5% of"):
        assert word in warning
    assert len(check_range(reaching(0, 1), reaching(-1.5, 0), contract_of(PICTURE))) == 1


def test_a_constant_input_is_warned_of() -> None:
    (warning,) = check_range(reaching(2, 2), reaching(0, 9), contract_of(PICTURE))
    assert warning == "input image is 2 everywhere in the calibration samples"
    (warning,) = check_range(reaching(0, 1), reaching(0, 0), contract_of(PICTURE))
    assert warning == "input image is 0 everywhere in the evaluation samples"


@pytest.mark.parametrize("scaled", [(0, 1), (-1, 1), (0, 0.99)])
@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(
    ("spec", "steps"),
    [
        (PICTURE, ()),
        (TensorSpec("image", (None, 4, 4), "float32", kind="image"), ()),
        (TensorSpec("image", (None, 4, 4), "float32"), (Resize(4, 4),)),
    ],
)
def test_pictures_scaled_differently_are_refused(
    scaled: tuple[float, float], swapped: bool, spec: TensorSpec, steps: tuple[Step, ...]
) -> None:
    sets = [reaching(*scaled, spec), reaching(0, 255, spec)]
    with pytest.raises(SampleError) as refused:
        check_range(*(sets[::-1] if swapped else sets), contract_of(spec, steps=steps))
    ends = f"{scaled[0]:g} to {scaled[1]:g}"
    got = f"calibration 0 to 255, evaluation {ends}" if swapped else f"calibration {ends}, evaluation 0 to 255"
    for word in ("scaled differently", "input image", got, "the same preprocessing in both", "by 1/255"):
        assert word in str(refused.value)


def test_measurements_may_reach_far_without_being_pictures() -> None:
    spec = TensorSpec("x", (None, 8), "float32")
    (warning,) = check_range(reaching(0, 1, spec), reaching(0, 255, spec), contract_of(spec))
    assert "far outside" in warning


def test_integers_have_no_range_to_calibrate() -> None:
    spec = TensorSpec("tokens", (None, 8), "int32")
    assert check_range(reaching(1, 1, spec), reaching(0, 9000, spec), contract_of(spec)) == []
