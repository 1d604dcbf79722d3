"""Channels are equalised by the factors of the paper, the outputs stay, and a ReLU6 is taken for what it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_models

from litefoot.convert.explain.probe import open_probe
from litefoot.convert.remedies.equalisation import equalise_activations, equalise_weights
from litefoot.convert.remedies.float_file import open_float
from litefoot.runtime.storage.bundle import Bundle

FIRST = np.array([[16.0, 0.0], [0.0, 0.25]], np.float32)
SECOND = np.array([[1.0, 4.0]], np.float32)
X = {"x": np.array([[1.0, 2.0], [-1.0, 0.5], [0.1, 1.0]], np.float32)}
FORMATS = pytest.mark.parametrize("suffix", [".tflite", ".onnx"])


def outputs(path: Path) -> np.ndarray:
    probe = open_probe(path)
    return np.concatenate([probe.run({"x": row[None]})[probe.output_tensors["y"]] for row in X["x"]])


@FORMATS
def test_both_sides_of_a_channel_get_the_same_range(tmp_path: Path, suffix: str) -> None:
    """r1 = (16, 1/4), r2 = (1, 4): s = sqrt(r1 / r2) = (4, 1/4), and both become (4, 1)."""
    file = tiny_models.write_two_layers(tmp_path / f"a{suffix}", FIRST, SECOND)
    out = tmp_path / f"b{suffix}"
    (told,) = equalise_weights(file, out, X)
    assert told.endswith("channels scaled by up to 4")
    constants = open_float(out).constants()
    np.testing.assert_allclose(constants["w1"], [[4.0, 0.0], [0.0, 1.0]], rtol=1e-6)
    np.testing.assert_allclose(constants["w2"], [[4.0, 1.0]], rtol=1e-6)
    np.testing.assert_allclose(outputs(out), outputs(file), rtol=1e-6)


@FORMATS
def test_activations_take_the_place_of_the_first_weights(tmp_path: Path, suffix: str) -> None:
    """h reaches (16, 1/2) on the samples: s = sqrt((16, 1/2) / (1, 4))."""
    file = tiny_models.write_two_layers(tmp_path / f"a{suffix}", FIRST, SECOND)
    out = tmp_path / f"b{suffix}"
    assert equalise_activations(file, out, X)
    scale = np.sqrt([16.0, 0.125])
    np.testing.assert_allclose(open_float(out).constants()["w2"], SECOND * scale, rtol=1e-5)
    np.testing.assert_allclose(outputs(out), outputs(file), rtol=1e-6)


@FORMATS
def test_a_relu6_becomes_a_relu_only_where_no_sample_reaches_it(tmp_path: Path, suffix: str) -> None:
    file = tiny_models.write_two_layers(tmp_path / f"a{suffix}", FIRST, SECOND, ceiling=True)
    out = tmp_path / f"b{suffix}"
    assert equalise_weights(file, out, X) == ()
    assert not out.exists()
    (told,) = equalise_weights(file, out, {"x": X["x"] / 4.0})
    assert "ReLU6 made ReLU" in told
    low, high = open_probe(file), open_probe(out)
    beyond = {"x": np.array([[1.0, 0.0]], np.float32)}
    assert low.run(beyond)[low.output_tensors["y"]].item() == 6.0
    assert high.run(beyond)[high.output_tensors["y"]].item() == pytest.approx(16.0)


@FORMATS
def test_what_is_equal_already_and_what_is_dead_stay(tmp_path: Path, suffix: str) -> None:
    equal = tiny_models.write_two_layers(
        tmp_path / f"a{suffix}", np.eye(2, dtype=np.float32), np.ones((1, 2), np.float32)
    )
    assert equalise_weights(equal, tmp_path / f"b{suffix}", X) == ()
    dead = np.array([[1.0, 0.0], [0.0, 0.0]], np.float32)
    file = tiny_models.write_two_layers(tmp_path / f"c{suffix}", dead, np.array([[1.0, 5.0]], np.float32))
    assert equalise_weights(file, tmp_path / f"d{suffix}", X) == ()


@FORMATS
def test_a_layer_alone_has_nobody_to_share_with(tmp_path: Path, suffix: str) -> None:
    file = tiny_models.write_affine(tmp_path / f"a{suffix}", batch=1)
    assert equalise_weights(file, tmp_path / f"b{suffix}", {"x": np.ones((2, 3), np.float32)}) == ()
    assert equalise_activations(file, tmp_path / f"b{suffix}", {"x": np.ones((2, 3), np.float32)}) == ()


@pytest.mark.slow
@FORMATS
def test_channels_that_were_scaled_apart_come_together_again(digits_bundle: Path, tmp_path: Path, suffix: str) -> None:
    """A convolution's channels times 2^-6 to 2^6, the depthwise one behind it by as much less: the same outputs."""
    inputs = Bundle(digits_bundle).golden().inputs
    file = open_float(digits_bundle / "models" / f"fp32{suffix}")
    first, second = file.linears()[:2]
    constants = file.constants()
    factors = 2.0 ** (np.arange(constants[first.weights].shape[first.out_axis]) % 13 - 6)
    for name, axis, scale in ((first.weights, first.out_axis, factors), (second.weights, second.in_axis, 1 / factors)):
        shape = [1] * constants[name].ndim
        shape[axis] = -1
        file.set_constant(name, constants[name] * scale.reshape(shape))
    assert first.bias is not None
    file.set_constant(first.bias, constants[first.bias] * factors)
    apart, together, plain = (tmp_path / f"{name}{suffix}" for name in ("apart", "together", "plain"))
    file.save(apart)
    assert equalise_weights(apart, together, inputs)
    equalise_weights(digits_bundle / "models" / f"fp32{suffix}", plain, inputs)
    after, expected = open_float(together).constants(), open_float(plain).constants()
    np.testing.assert_allclose(after[second.weights], expected[second.weights], rtol=0.02)
