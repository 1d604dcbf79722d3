"""What is recommended: the smallest that passed, but not for bytes alone."""

from __future__ import annotations

from litefoot.convert.report.recommending import Offer, recommended, why_first

FLOAT = Offer("fp32.tflite", 400, 1.0, passed=True)
QUICK = Offer("dynamic.tflite", 200, 0.5, passed=True)
TWICE = Offer("int8.tflite", 101, 2.0, passed=True)
SLOW = Offer("int8-io.tflite", 100, 2.1, passed=True)
OTHER = Offer("int8.onnx", 90, 9.0, passed=True)
OTHER_FLOAT = Offer("fp32.onnx", 410, 5.0, passed=True)


def test_the_smallest_comes_first_and_behind_all_what_is_much_slower_than_float() -> None:
    order = recommended([FLOAT, QUICK, TWICE, SLOW])
    assert order == ("int8.tflite", "dynamic.tflite", "fp32.tflite", "int8-io.tflite")


def test_each_format_is_held_to_its_own_float_file() -> None:
    assert recommended([FLOAT, TWICE, OTHER, OTHER_FLOAT])[0] == "int8.onnx"


def test_without_a_float_file_nothing_is_slow() -> None:
    assert recommended([QUICK, SLOW, OTHER]) == ("int8.onnx", "int8-io.tflite", "dynamic.tflite")


def test_what_did_not_pass_is_not_recommended_and_a_float_file_that_failed_is_still_a_measure() -> None:
    failed = Offer("fp32.tflite", 400, 1.0, passed=False)
    assert recommended([failed, QUICK, SLOW]) == ("dynamic.tflite", "int8-io.tflite")
    assert recommended([failed]) == ()


def test_it_is_said_what_is_smaller_and_too_slow() -> None:
    assert why_first([FLOAT, TWICE]) == "the smallest that passed"
    assert why_first([FLOAT, SLOW]) == (
        "the smallest that passed in at most 2 times the time of float; int8-io.tflite takes longer"
    )
    assert why_first([FLOAT, QUICK, SLOW, Offer("other.tflite", 150, 3.0, passed=True)]).endswith(
        "float; int8-io.tflite and other.tflite take longer"
    )
