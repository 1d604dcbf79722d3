"""The mean of what rounding the weights does to an output is known before, and taken off the bias."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_models

from litefoot.convert.remedies.biases import correct_biases, expected_shift, restore_biases, round_weights
from litefoot.convert.remedies.float_file import Linear, open_float

WEIGHTS = np.array([[127.0, 0.4], [1.0, 127.0]], np.float32)
"""With steps of 1, the second weight of the first output is rounded to nothing."""
X = {"x": np.array([[1.0, 4.0], [3.0, 6.0]], np.float32)}
FORMATS = pytest.mark.parametrize("suffix", [".tflite", ".onnx"])
DENSE = Linear("x", "y", "w", "b", 0, 1, "none", -1)


def test_weights_are_rounded_with_a_scale_for_each_output() -> None:
    np.testing.assert_allclose(round_weights(WEIGHTS, DENSE), [[127.0, 0.0], [1.0, 127.0]])
    np.testing.assert_array_equal(round_weights(np.zeros((2, 2), np.float32), DENSE), np.zeros((2, 2)))


def test_the_shift_is_the_error_times_the_mean() -> None:
    np.testing.assert_allclose(expected_shift(WEIGHTS, DENSE, np.array([2.0, 5.0])), [-2.0, 0.0], atol=1e-6)


def test_of_pictures_every_place_of_a_kernel_counts_and_depthwise_each_channel_its_own() -> None:
    kernel = np.zeros((1, 2, 1, 2), np.float32)
    kernel[0, :, 0, 0] = (127.0, 0.25)
    kernel[0, :, 0, 1] = (127.0, 0.75)
    depthwise = Linear("x", "y", "w", "b", 3, 3, "none", -1)
    np.testing.assert_allclose(expected_shift(kernel, depthwise, np.array([4.0, 8.0])), [-1.0, 2.0], atol=1e-6)
    whole = np.zeros((1, 1, 2, 2), np.float32)
    whole[0, 0] = [[127.0, 0.25], [0.25, 0.25]]
    convolution = Linear("x", "y", "w", "b", 0, 3, "none", -1)
    np.testing.assert_allclose(expected_shift(whole, convolution, np.array([4.0, 8.0])), [-1.0 - 4.0], atol=1e-6)


@FORMATS
def test_the_rounded_layer_has_the_float_ones_mean(tmp_path: Path, suffix: str) -> None:
    file = tiny_models.write_two_layers(tmp_path / f"a{suffix}", WEIGHTS, np.eye(2, dtype=np.float32))
    out = tmp_path / f"b{suffix}"
    assert len(correct_biases(file, out, X)) == 2
    constants = open_float(out).constants()
    rounded = X["x"] @ round_weights(constants["w1"], DENSE).T + constants["b1"]
    np.testing.assert_allclose(rounded.mean(axis=0), (X["x"] @ WEIGHTS.T).mean(axis=0), rtol=1e-6)


@FORMATS
def test_a_layer_that_stays_in_float_gets_its_bias_back_and_no_other(tmp_path: Path, suffix: str) -> None:
    file = tiny_models.write_two_layers(tmp_path / f"a{suffix}", WEIGHTS, WEIGHTS)
    corrected, out = tmp_path / f"b{suffix}", tmp_path / f"c{suffix}"
    correct_biases(file, corrected, X)
    first = open_float(file).linears()[0]
    assert restore_biases(corrected, file, [first.output], out)
    before, after = open_float(corrected).constants(), open_float(out).constants()
    assert before["b1"].any()
    assert not after["b1"].any()
    np.testing.assert_array_equal(after["b2"], before["b2"])
    assert after["b2"].any()


@FORMATS
def test_where_no_layer_stays_in_float_nothing_is_written(tmp_path: Path, suffix: str) -> None:
    file = tiny_models.write_two_layers(tmp_path / f"a{suffix}", WEIGHTS, WEIGHTS)
    assert not restore_biases(file, file, ["nowhere"], tmp_path / f"c{suffix}")
    assert not (tmp_path / f"c{suffix}").exists()
