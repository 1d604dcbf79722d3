"""What is recommended: the smallest that passed, but not for bytes alone."""

from __future__ import annotations

from litefoot.convert.report.recommending import Offer, recommended, why_first

FLOAT = Offer("fp32.tflite", 400, 1.0, passed=True)
QUICK = Offer("dynamic.tflite", 200, 0.5, passed=True)
LONGER = Offer("int8.tflite", 101, 1.5, passed=True)
SLOW = Offer("int8-io.tflite", 100, 1.6, passed=True)
SLOWEST = Offer("int8.onnx", 90, 9.0, passed=True)


def test_the_smallest_comes_first_and_behind_all_what_is_much_slower_than_float() -> None:
    order = recommended([FLOAT, QUICK, LONGER, SLOW])
    assert order == ("int8.tflite", "dynamic.tflite", "fp32.tflite", "int8-io.tflite")


def test_the_fastest_float_file_is_the_measure_for_both_formats() -> None:
    slower_float = Offer("fp32.onnx", 410, 8.0, passed=True)
    assert recommended([slower_float, SLOWEST]) == ("int8.onnx", "fp32.onnx")
    assert recommended([slower_float, SLOWEST, FLOAT]) == ("fp32.tflite", "int8.onnx", "fp32.onnx")


def test_without_a_float_file_nothing_is_slow() -> None:
    assert recommended([QUICK, SLOW, SLOWEST]) == ("int8.onnx", "int8-io.tflite", "dynamic.tflite")


def test_what_did_not_pass_is_not_recommended_and_a_float_file_that_failed_is_still_a_measure() -> None:
    failed = Offer("fp32.tflite", 400, 1.0, passed=False)
    assert recommended([failed, QUICK, SLOW]) == ("dynamic.tflite", "int8-io.tflite")
    assert recommended([failed]) == ()


def test_it_is_said_what_is_smaller_and_too_slow() -> None:
    assert why_first([FLOAT, LONGER]) == "the smallest that passed"
    assert why_first([FLOAT, SLOW]) == (
        "the smallest that passed in at most 1.5 times the time of float; int8-io.tflite takes longer"
    )
    assert why_first([FLOAT, QUICK, SLOW, SLOWEST]).endswith("float; int8-io.tflite and int8.onnx take longer")
