"""The limits that apply where nobody gave others."""

from __future__ import annotations

import numpy as np
import pytest

from litefoot.runtime.verification.tolerance import CLASS_KINDS, PRECISIONS, default_tolerance

UNIT = np.array([[0.0, 1.0]])
WIDE = np.array([[-30.0, 20.0]])
KINDS = (None, "probabilities", "logits", "regression", "image", "mask", "embedding")


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_default_is_a_limit_that_can_be_missed(precision: str, kind: str | None) -> None:
    tolerance = default_tolerance(precision, kind, UNIT)
    assert 0 < tolerance.atol < 1
    assert 0 <= tolerance.rtol < 0.1
    assert 10 < tolerance.min_sqnr_db < 200
    assert tolerance.min_top1_agreement is None or 0.9 < tolerance.min_top1_agreement <= 1.0


@pytest.mark.parametrize("kind", KINDS)
def test_agreement_is_asked_of_classes_only(kind: str | None) -> None:
    assert (default_tolerance("int8", kind, UNIT).min_top1_agreement is not None) == (kind in CLASS_KINDS)


def test_fewer_bits_are_never_held_to_a_tighter_limit() -> None:
    tolerances = [
        default_tolerance(precision, "probabilities", UNIT) for precision in ("fp32", "fp16", "dynamic", "int8")
    ]
    assert [t.atol for t in tolerances] == sorted(t.atol for t in tolerances)
    assert [t.min_sqnr_db for t in tolerances] == sorted((t.min_sqnr_db for t in tolerances), reverse=True)


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
    kind: str | None, reference: np.ndarray, factor: float
) -> None:
    base, scaled = default_tolerance("int8", kind, UNIT), default_tolerance("int8", kind, reference)
    assert scaled.atol == pytest.approx(base.atol * factor)
    assert (scaled.rtol, scaled.min_sqnr_db) == (base.rtol, base.min_sqnr_db)


def test_an_unknown_precision_has_no_default() -> None:
    with pytest.raises(KeyError):
        default_tolerance("int2", None, UNIT)
