"""The variants that are asked for, and those that they are made from."""

from __future__ import annotations

import pytest

from litefoot.convert import VARIANTS
from litefoot.convert.variants import MIXED, ON_REQUEST, choose_mixed, choose_variants
from litefoot.runtime.errors import UsageError
from litefoot.runtime.verification.tolerance import PRECISIONS


def names(asked: list[str] | None) -> list[str]:
    return [variant.name for variant in choose_variants(asked)]


def test_all_are_made_where_none_is_named() -> None:
    assert choose_variants(None) == VARIANTS


def test_what_a_variant_is_made_from_is_added_before_it() -> None:
    assert names(["int8.onnx"]) == ["fp32.onnx", "int8.onnx"]


def test_slow_kernels_are_asked_for_by_name() -> None:
    assert names(["int16x8.tflite"]) == ["fp32.tflite", "int16x8.tflite"]
    assert "int16x8.tflite" not in names(None)


def test_the_order_is_the_catalogues_and_nothing_is_made_twice() -> None:
    asked = ["int8.onnx", "int8.tflite", "fp32.onnx", "int8.tflite"]
    assert names(asked) == ["fp32.tflite", "int8.tflite", "fp32.onnx", "int8.onnx"]


@pytest.mark.parametrize(("asked", "got"), [(["int4.tflite"], "int4.tflite"), (["fp32.onnx", "a", "b"], "a, b")])
def test_an_unknown_name_is_refused_with_the_known_ones(asked: list[str], got: str) -> None:
    with pytest.raises(UsageError) as refused:
        choose_variants(asked)
    assert f"got:      {got}\n" in str(refused.value)
    assert all(variant.name in str(refused.value) for variant in (*VARIANTS, *ON_REQUEST, *MIXED))


def test_an_empty_choice_is_refused() -> None:
    with pytest.raises(UsageError, match="No variant was asked for"):
        choose_variants([])


def test_every_variant_has_a_tolerance_a_fitting_suffix_and_its_source_before_it() -> None:
    seen: set[str] = set()
    for variant in (*VARIANTS, *ON_REQUEST):
        assert variant.precision in PRECISIONS
        assert variant.name.endswith(f".{variant.format}")
        assert variant.needs is None or variant.needs in seen
        assert variant.name not in seen
        seen.add(variant.name)


def test_only_ranges_that_are_fixed_beforehand_need_calibration() -> None:
    assert {variant.name for variant in (*VARIANTS, *ON_REQUEST) if variant.calibrated} == {
        "int8.tflite",
        "int8-io.tflite",
        "int8.onnx",
        "int16x8.tflite",
    }


def test_for_a_mixed_variant_the_file_that_it_rescues_is_made_and_what_that_is_made_from() -> None:
    assert names(["mixed.tflite"]) == ["fp32.tflite", "int8.tflite"]
    assert choose_mixed(["mixed.tflite", "int8.onnx"]) == MIXED[:1]


def test_every_format_may_be_rescued_where_no_variant_is_named_and_none_where_others_are() -> None:
    assert choose_mixed(None) == MIXED
    assert choose_mixed(["int8.tflite"]) == ()
    assert all(variant.precision in PRECISIONS and variant.needs for variant in MIXED)
