"""The limits that apply where nobody gave others."""

from __future__ import annotations

import numpy as np
import pytest

from litefoot.runtime.storage.codec import decode, encode
from litefoot.runtime.tensors import Kind, TensorSpec
from litefoot.runtime.verification.kinds import FIGURES, figures_for, is_stepwise
from litefoot.runtime.verification.tolerance import (
    PRECISIONS,
    Tolerance,
    default_tolerance,
    tolerance_for,
    usual_limits,
)

UNIT = np.array([[0.0, 1.0]])
WIDE = np.array([[-30.0, 20.0]])
PICTURES = np.linspace(0.0, 1.0, 2 * 8 * 8 * 3).reshape(2, 8, 8, 3)
BOXES = np.array([[[0.1, 0.2, 0.5, 0.6]]])
CASES: dict[Kind | None, np.ndarray] = {
    None: UNIT,
    "probabilities": UNIT,
    "logits": UNIT,
    "regression": UNIT,
    "image": PICTURES,
    "sequence": UNIT[..., np.newaxis],
    "boxes": BOXES,
    "mask": PICTURES,
    "tokens": np.array([[3, 1, 0]]),
    "embedding": UNIT,
}


def spec_of(kind: Kind | None, reference: np.ndarray) -> TensorSpec:
    return TensorSpec("y", (None, *reference.shape[1:]), "float32", kind)


def tolerance_of(precision: str, kind: Kind | None, reference: np.ndarray) -> Tolerance:
    return default_tolerance(precision, spec_of(kind, reference), reference)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("kind", CASES)
def test_every_default_is_a_limit_that_can_be_missed_and_is_kept_by_the_reference_itself(
    precision: str, kind: Kind | None
) -> None:
    tolerance = tolerance_of(precision, kind, CASES[kind])
    if kind == "tokens":
        assert (tolerance.atol, tolerance.min_sqnr_db) == (None, None)
    else:
        assert tolerance.atol is not None
        assert tolerance.min_sqnr_db is not None
        assert 0 < tolerance.atol < 1
        assert 0 <= tolerance.rtol < 0.1
        assert 10 < tolerance.min_sqnr_db < 200
    for name, limit in tolerance.of_kind.items():
        assert FIGURES[name].larger_is_better
        assert 10 < limit < 200 if FIGURES[name].unit == " dB" else 0.8 < limit < 1.0


@pytest.mark.parametrize("kind", CASES)
def test_what_is_measured_of_a_kind_has_a_limit_but_for_the_growth_which_the_worst_step_bounds(
    kind: Kind | None,
) -> None:
    reference = CASES[kind]
    names = figures_for(kind, reference, stepwise=is_stepwise(spec_of(kind, reference), reference))
    assert set(tolerance_of("int8", kind, reference).of_kind) == set(names) - {"error_growth"}


@pytest.mark.parametrize("kind", ["probabilities", "regression", "image", "embedding"])
def test_a_step_axis_more_than_the_model_returns_adds_the_limit_of_the_worst_step(kind: Kind) -> None:
    reference = CASES[kind]
    whole = tolerance_of("int8", kind, reference).of_kind
    stepped = default_tolerance("int8", spec_of(kind, reference), np.stack([reference] * 3, axis=1)).of_kind
    assert stepped == {**whole, "worst_step_sqnr_db": usual_limits("int8", kind)["worst_step_sqnr_db"]}


@pytest.mark.parametrize("kind", CASES)
def test_fewer_bits_are_never_held_to_a_tighter_limit(kind: Kind | None) -> None:
    tolerances = [tolerance_of(precision, kind, CASES[kind]) for precision in ("fp32", "fp16", "dynamic", "int8")]
    if kind != "tokens":
        assert [t.atol for t in tolerances] == sorted(t.atol or 0.0 for t in tolerances)
        assert [t.min_sqnr_db for t in tolerances] == sorted((t.min_sqnr_db or 0.0 for t in tolerances), reverse=True)
    for name in tolerances[0].of_kind:
        limits = [tolerance.of_kind[name] for tolerance in tolerances]
        assert limits == sorted(limits, reverse=True)


@pytest.mark.parametrize(
    ("kind", "reference", "factor"),
    [
        ("logits", WIDE, 50.0),
        ("regression", WIDE, 50.0),
        (None, WIDE, 50.0),
        ("regression", WIDE / 1000, 0.05),
        ("probabilities", WIDE, 1.0),
        ("mask", WIDE, 1.0),
        ("regression", np.full((3, 1), 7.0), 1.0),
        ("regression", np.zeros((0, 1)), 1.0),
    ],
)
def test_the_absolute_part_alone_follows_the_span_of_outputs_that_do_not_live_in_0_to_1(
    kind: Kind | None, reference: np.ndarray, factor: float
) -> None:
    base, scaled = tolerance_of("int8", kind, UNIT), tolerance_of("int8", kind, reference)
    assert base.atol is not None
    assert scaled.atol == pytest.approx(base.atol * factor)
    assert (scaled.rtol, scaled.min_sqnr_db) == (base.rtol, base.min_sqnr_db)


def test_offsets_that_are_still_to_be_decoded_are_no_boxes() -> None:
    assert tolerance_of("int8", "boxes", BOXES).of_kind == {"mean_iou": 0.85}
    assert tolerance_of("int8", "boxes", -BOXES).of_kind == {}


@pytest.mark.parametrize("kind", CASES)
def test_a_tolerance_goes_to_json_and_back(kind: Kind | None) -> None:
    tolerance = tolerance_of("fp16", kind, CASES[kind])
    assert decode(Tolerance, encode(tolerance), "here") == tolerance


def test_an_unknown_precision_has_no_default() -> None:
    with pytest.raises(KeyError):
        tolerance_of("int2", None, UNIT)


def test_under_8_bits_one_value_in_a_thousand_may_lie_outside() -> None:
    assert [tolerance_of(precision, "mask", UNIT).max_outside for precision in PRECISIONS] == [
        0.0,
        0.0,
        1e-3,
        1e-3,
        1e-3,
        1e-3,
    ]


@pytest.mark.parametrize("kind", CASES)
def test_activations_in_16_bits_leave_the_limits_of_weights_in_8(kind: Kind | None) -> None:
    assert tolerance_of("int16x8", kind, CASES[kind]) == tolerance_of("dynamic", kind, CASES[kind])


@pytest.mark.parametrize("kind", CASES)
def test_a_mixed_file_is_held_to_the_limits_of_8_bits(kind: Kind | None) -> None:
    assert tolerance_of("mixed", kind, CASES[kind]) == tolerance_of("int8", kind, CASES[kind])


def test_the_contracts_own_limit_goes_before_and_that_of_8_bits_holds_for_a_mixed_file_too() -> None:
    spec, own, other = spec_of(None, UNIT), Tolerance(1.0, 0.0, 5.0), Tolerance(2.0, 0.0, 4.0)
    assert tolerance_for({}, "mixed", spec, UNIT) == tolerance_of("mixed", None, UNIT)
    assert tolerance_for({"y": {"int8": own}}, "mixed", spec, UNIT) == own
    assert tolerance_for({"y": {"int8": own, "mixed": other}}, "mixed", spec, UNIT) == other
    assert tolerance_for({"y": {"int8": own}}, "dynamic", spec, UNIT) == tolerance_of("dynamic", None, UNIT)
    assert tolerance_for({"z": {"int8": own}}, "int8", spec, UNIT) == tolerance_of("int8", None, UNIT)
