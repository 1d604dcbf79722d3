"""The figures of each kind of output: equal is best, by hand, and each falls when the output is damaged."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.storage.codec import decode, encode
from litefoot.runtime.tensors import Kind, TensorSpec
from litefoot.runtime.verification.drift import Drift, measure
from litefoot.runtime.verification.kinds import FIGURES, are_boxes
from litefoot.runtime.verification.tolerance import Tolerance, default_tolerance
from litefoot.runtime.verification.verdict import Check, OutputVerdict, judge

Array = np.ndarray[Any, Any]
GENERATOR = np.random.default_rng(8)


def boxes(*shape: int) -> Array:
    corner = GENERATOR.random((*shape, 2)) * 0.5
    return np.concatenate([corner, corner + 0.1 + GENERATOR.random((*shape, 2)) * 0.4], axis=-1)


REFERENCES: dict[Kind, Array] = {
    "probabilities": GENERATOR.dirichlet(np.ones(5), 40),
    "logits": GENERATOR.normal(size=(40, 5)),
    "image": GENERATOR.random((6, 16, 16, 3)),
    "sequence": GENERATOR.normal(size=(10, 20, 3)),
    "boxes": boxes(10, 7),
    "mask": GENERATOR.random((5, 9, 9, 3)),
    "tokens": GENERATOR.integers(1, 50, (20, 12)),
    "embedding": GENERATOR.normal(size=(30, 16)),
}
BEST = {"psnr_db": math.inf, "worst_step_sqnr_db": math.inf}


def figures(kind: Kind, reference: Array, output: Array, *, stepwise: bool = False) -> dict[str, float]:
    return measure(reference, output, kind=kind, stepwise=stepwise).of_kind


@pytest.mark.parametrize("kind", REFERENCES)
def test_an_equal_output_has_the_best_of_every_figure(kind: Kind) -> None:
    found = figures(kind, REFERENCES[kind], REFERENCES[kind].copy(), stepwise=kind == "sequence")
    assert found
    assert found.keys() <= FIGURES.keys()
    assert all(value == pytest.approx(BEST.get(name, 1.0)) for name, value in found.items())


@pytest.mark.parametrize("kind", REFERENCES)
def test_samples_in_another_order_spoil_every_figure(kind: Kind) -> None:
    reference = REFERENCES[kind]
    found = figures(kind, reference, np.roll(reference, 1, axis=0), stepwise=kind == "sequence")
    found.pop("error_growth", None)  # the error is the same at every step
    for name, value in found.items():
        assert value < (15.0 if FIGURES[name].unit == " dB" else 0.6)


@pytest.mark.parametrize("kind", REFERENCES)
@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_every_default_limit_of_a_kind_is_checked_kept_by_the_reference_and_missed_by_another(
    kind: Kind, precision: str
) -> None:
    reference = REFERENCES[kind].astype("int32" if kind == "tokens" else "float32")
    spec = TensorSpec("y", (None, *reference.shape[1:]), str(reference.dtype), kind)
    tolerance = default_tolerance(precision, spec, reference)
    good = checks(spec, reference, reference.copy(), tolerance)
    bad = checks(spec, reference, np.roll(reference, 1, axis=0), tolerance)
    names = {FIGURES[name].name for name in tolerance.of_kind}
    assert names
    assert names <= {check.name for check in good if check.passed}
    assert names <= {check.name for check in bad if not check.passed}


def checks(spec: TensorSpec, reference: Array, output: Array, tolerance: Tolerance) -> tuple[Check, ...]:
    return judged(spec, reference, output, tolerance).checks


def judged(spec: TensorSpec, reference: Array, output: Array, tolerance: Tolerance) -> OutputVerdict:
    verdict = judge(
        artifact="a", engine="e", contract=ModelContract((), (spec,), ""), references={"y": reference},
        outputs={"y": output}, targets=None, tolerances={"y": tolerance}, steps={},
    )  # fmt: skip
    return verdict.outputs[0]


def test_a_limit_on_the_growth_of_the_error_can_be_given_and_missed() -> None:
    reference = REFERENCES["sequence"].astype(np.float32)
    spec = TensorSpec("y", (None, 20, 3), "float32", "sequence")
    growing = reference + np.linspace(0, 1e-3, 20, dtype=np.float32)[:, np.newaxis]
    for limit, passed in ((3.0, True), (2.0, False)):
        tolerance = Tolerance(None, 0.0, None, {"error_growth": limit})
        assert judged(spec, reference, growing, tolerance).passed == passed


@pytest.mark.parametrize("of_kind", [{}, {"min_cosine": 0.5}, {"beauty": 0.5}])
def test_a_tolerance_without_limits_or_with_one_of_another_kind_fails(of_kind: dict[str, float]) -> None:
    reference = REFERENCES["tokens"].astype(np.int32)
    spec = TensorSpec("y", (None, 12), "int32", "tokens")
    assert not judged(spec, reference, reference, Tolerance(None, 0.0, None, of_kind)).passed


def test_tokens_are_not_judged_by_how_far_apart_their_numbers_are() -> None:
    reference = REFERENCES["tokens"].astype(np.int32)
    spec = TensorSpec("y", (None, 12), "int32", "tokens")
    output = reference.copy()
    output[0, 0] += 40
    verdict = judged(spec, reference, output, default_tolerance("int8", spec, reference))
    assert verdict.passed
    assert verdict.drift is not None
    assert verdict.drift.of_kind == {"equal_tokens": pytest.approx(239 / 240)}


def test_pictures_by_hand() -> None:
    reference = np.zeros((1, 12, 12, 1))
    reference[0, :, 6:] = 2.0
    found = figures("image", reference, reference + 0.2)
    assert found["psnr_db"] == pytest.approx(20.0)
    assert 0.5 < found["ssim"] < 1.0
    assert figures("image", reference[:, :, 0, 0], reference[:, :, 0, 0] + 0.2).keys() == {"psnr_db"}


def test_the_figures_are_shown_with_their_names_and_units() -> None:
    drift = measure(np.zeros((1, 12, 12, 1)), np.full((1, 12, 12, 1), 0.1), kind="image")
    assert drift.of_kind_shown == "PSNR 20.0 dB, SSIM 0.0099"
    assert measure(np.zeros((1, 2)), np.zeros((1, 2))).of_kind_shown == ""


def test_one_answer_of_two_classes_agrees_where_it_is_on_the_same_side() -> None:
    reference, output = np.array([[0.1], [0.4], [0.9]]), np.array([[0.2], [0.6], [0.7]])
    assert figures("probabilities", reference, output) == {"top1_agreement": pytest.approx(2 / 3)}
    assert figures("logits", reference - 0.5, output - 0.5) == {"top1_agreement": pytest.approx(2 / 3)}


def test_the_worst_step_is_measured_against_the_signal_of_all() -> None:
    reference = np.ones((4, 10, 2))
    output = reference.copy()
    output[:, 7] += 0.1
    found = figures("sequence", reference, output, stepwise=True)
    assert found["worst_step_sqnr_db"] == pytest.approx(20.0)
    assert measure(reference, output).sqnr_db == pytest.approx(30.0)
    quiet = reference.copy()
    quiet[:, 3] = 0.0
    found = figures("sequence", quiet, quiet + 0.01, stepwise=True)
    assert found["worst_step_sqnr_db"] == pytest.approx(10 * math.log10(0.9 / 1e-4))


@pytest.mark.parametrize(("power", "growth"), [(0.0, 1.0), (0.5, math.sqrt(3)), (1.0, math.sqrt(7))])
def test_the_growth_tells_how_the_error_adds_up(power: float, growth: float) -> None:
    reference = np.ones((1, 4000, 1))
    output = reference + 0.01 * (np.arange(1, 4001) / 4000)[np.newaxis, :, np.newaxis] ** power
    assert figures("sequence", reference, output, stepwise=True)["error_growth"] == pytest.approx(growth, rel=1e-2)


def test_errors_below_a_rounding_are_no_growth() -> None:
    reference = np.ones((1, 10, 1))
    output = reference.copy()
    output[:, 5:] += 1e-8
    assert figures("sequence", reference, output, stepwise=True)["error_growth"] < 1.02
    assert figures("sequence", np.zeros((1, 1, 1)), np.ones((1, 1, 1)), stepwise=True) == {
        "worst_step_sqnr_db": -math.inf,
        "error_growth": 1.0,
    }


def test_boxes_by_hand() -> None:
    reference = np.array([[[0.0, 0.0, 0.5, 0.5], [0.2, 0.2, 0.4, 0.4]]])
    output = np.array([[[0.0, 0.25, 0.5, 0.75], [0.2, 0.2, 0.4, 0.4]]])
    assert figures("boxes", reference, output) == {"mean_iou": pytest.approx((1 / 3 + 1) / 2)}
    empty = np.array([[[0.2, 0.2, 0.2, 0.4]]])
    assert figures("boxes", empty, empty) == {"mean_iou": 1.0}
    assert figures("boxes", empty, empty + 0.1) == {"mean_iou": 0.0}


def test_offsets_are_plain_numbers() -> None:
    offsets = GENERATOR.normal(size=(5, 8, 4))
    assert not are_boxes(offsets)
    assert not are_boxes(np.zeros(4))
    assert figures("boxes", offsets, offsets) == {}


def test_masks_by_hand_with_classes_and_with_one_channel() -> None:
    first, second = np.array([[[0, 0], [1, 2]]]), np.array([[[0, 1], [1, 1]]])
    expected = (1 / 2 + 1 / 3 + 0) / 3
    assert figures("mask", np.eye(3)[first], np.eye(3)[second]) == {"mean_iou": pytest.approx(expected)}
    found = figures("mask", (first > 0)[..., np.newaxis] * 0.8, (second > 0)[..., np.newaxis] * 0.7)
    assert found == {"mean_iou": pytest.approx((1 / 2 + 2 / 3) / 2)}


def test_the_worst_sample_of_embeddings_counts() -> None:
    reference = np.array([[1.0, 0.0], [0.0, 3.0], [0.0, 0.0]])
    assert figures("embedding", reference, np.array([[2.0, 0.0], [3.0, 3.0], [0.0, 0.0]])) == {
        "min_cosine": pytest.approx(math.sqrt(0.5))
    }
    assert figures("embedding", reference, np.array([[2.0, 0.0], [0.0, 3.0], [0.0, 1.0]])) == {"min_cosine": 0.0}


@given(st.sampled_from(sorted(REFERENCES)), st.integers(-20, 20))
def test_no_figure_depends_on_the_unit(kind: Any, power: int) -> None:
    if kind in ("tokens", "probabilities", "mask"):
        return
    reference = REFERENCES[kind]
    output = reference + GENERATOR.normal(size=reference.shape) / 100
    before = figures(kind, reference, output, stepwise=kind == "sequence")
    after = figures(kind, reference * 2.0**power, output * 2.0**power, stepwise=kind == "sequence")
    assert after == pytest.approx(before)


@pytest.mark.parametrize("kind", REFERENCES)
@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_leaves_no_figure(kind: Kind, broken: float) -> None:
    output = REFERENCES[kind].astype(np.float64)
    output[(0,) * output.ndim] = broken
    drift = measure(REFERENCES[kind], output, kind=kind, stepwise=kind == "sequence")
    assert drift.not_finite == 1
    assert drift.of_kind
    assert all(math.isnan(value) for value in drift.of_kind.values())


@pytest.mark.parametrize("kind", REFERENCES)
def test_one_sample_is_enough_and_none_leaves_no_figure(kind: Kind) -> None:
    one, none = REFERENCES[kind][:1], REFERENCES[kind][:0]
    assert not any(math.isnan(value) for value in figures(kind, one, one).values())
    assert all(math.isnan(value) for value in figures(kind, none, none).values())


@pytest.mark.parametrize("kind", REFERENCES)
def test_drift_goes_to_json_and_back(kind: Kind) -> None:
    drift = measure(REFERENCES[kind], REFERENCES[kind], kind=kind)
    assert decode(Drift, encode(drift), "here") == drift
