"""PSNR, SSIM and RMSE: laws, values by hand, and SSIM against the same formula written with scipy's Gaussian filter."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.errors import SampleError
from litefoot.runtime.tensors import Kind, TensorSpec
from litefoot.runtime.verification.metrics.pictures import ssim
from litefoot.runtime.verification.task import score_of

Array = np.ndarray[Any, Any]
GENERATOR = np.random.default_rng(5)


def score(name: Any, kind: Kind, output: Array, targets: Array, span: float = 1.0) -> float:
    spec = TensorSpec("y", (None, *output.shape[1:]), "float32", kind)
    contract = ModelContract((), (spec,), "", metric=Metric(name, 0.01, span))
    value = score_of(contract, {"y": output}, targets)
    assert value is not None
    return value


def pictures(*shape: int) -> Array:
    return GENERATOR.random(shape)


@pytest.mark.parametrize(("height", "width"), [(11, 11), (28, 28), (16, 40), (8, 8), (9, 30), (5, 12), (3, 3)])
def test_ssim_is_that_of_a_gaussian_window_inside_the_picture(height: int, width: int) -> None:
    ndimage = pytest.importorskip("scipy.ndimage", reason="scipy is not installed")
    first = pictures(height, width)
    second = np.clip(first + GENERATOR.normal(size=first.shape) / 10, 0, 1)
    size = min(11, height - 1 + height % 2, width - 1 + width % 2)
    reach = size // 2

    def blurred(values: Array) -> Array:
        whole = ndimage.gaussian_filter(values, 1.5, radius=reach)
        return whole[reach : height - reach, reach : width - reach]

    one, other = blurred(first), blurred(second)
    variances = blurred(first**2) - one**2, blurred(second**2) - other**2
    shared = blurred(first * second) - one * other
    c1, c2 = 0.01**2, 0.03**2
    expected = (2 * one * other + c1) * (2 * shared + c2) / ((one**2 + other**2 + c1) * (sum(variances) + c2))
    assert ssim(first[np.newaxis], second[np.newaxis], 1.0) == pytest.approx([expected.mean()])


def test_ssim_of_equal_pictures_is_one_and_the_order_does_not_matter() -> None:
    first, second = pictures(3, 16, 16, 3), pictures(3, 16, 16, 3)
    assert ssim(first, first, 1.0) == pytest.approx([1.0] * 3)
    assert ssim(first, second, 1.0) == pytest.approx(ssim(second, first, 1.0))
    assert (np.abs(ssim(first, second, 1.0)) < 0.5).all()


@given(st.floats(0.1, 300.0))
def test_ssim_and_psnr_do_not_depend_on_the_unit(scale: float) -> None:
    first, second = pictures(2, 12, 12, 1), pictures(2, 12, 12, 1)
    assert ssim(first * scale, second * scale, scale) == pytest.approx(ssim(first, second, 1.0))
    assert score("psnr", "image", first * scale, second * scale, scale) == pytest.approx(
        score("psnr", "image", first, second)
    )


def test_ssim_of_flat_pictures_is_the_luminance_alone() -> None:
    first, second = np.full((1, 12, 12, 1), 0.2), np.full((1, 12, 12, 1), 0.6)
    expected = (2 * 0.2 * 0.6 + 1e-4) / (0.04 + 0.36 + 1e-4)
    assert ssim(first, second, 1.0) == pytest.approx([expected])


def test_ssim_of_many_large_pictures_is_that_of_each() -> None:
    first, second = pictures(5, 600, 600, 1), pictures(5, 600, 600, 1)
    alone = [float(ssim(first[i : i + 1], second[i : i + 1], 1.0)[0]) for i in range(5)]
    assert ssim(first, second, 1.0) == pytest.approx(alone)


def test_psnr_by_hand() -> None:
    target = np.zeros((2, 4, 4, 1))
    output = np.stack([np.full((4, 4, 1), 0.1), np.full((4, 4, 1), 0.3)])
    assert score("psnr", "image", output, target) == pytest.approx(-10 * math.log10((0.01 + 0.09) / 2))
    assert score("psnr", "image", output, target, 2.0) == pytest.approx(-10 * math.log10((0.01 + 0.09) / 8))
    assert score("psnr", "image", target, target) == math.inf


def test_a_network_of_unrelated_pictures_has_a_low_psnr_and_ssim() -> None:
    first, second = pictures(4, 16, 16, 1), pictures(4, 16, 16, 1)
    assert score("psnr", "image", first, second) == pytest.approx(-10 * math.log10(1 / 6), abs=1.0)
    assert score("ssim", "image", first, second) < 0.2
    assert score("ssim", "image", first, first) == pytest.approx(1.0)


@pytest.mark.parametrize("targets", [np.array([[1.0], [5.0]]), np.array([1, 5])])
def test_rmse_by_hand_also_without_the_axis_of_size_one(targets: Array) -> None:
    assert score("rmse", "regression", np.array([[2.0], [2.0]]), targets) == pytest.approx(math.sqrt(5))


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=1, max_size=20), st.floats(0.01, 100))
def test_rmse_grows_with_the_unit_and_is_zero_for_what_is_right(values: list[Any], scale: float) -> None:
    output, target = (np.array(side)[:, np.newaxis] for side in zip(*values, strict=True))
    assert score("rmse", "sequence", target, target) == 0.0
    whole = score("rmse", "sequence", output, target)
    assert score("rmse", "sequence", output * scale, target * scale) == pytest.approx(whole * scale)
    assert score("rmse", "sequence", target, output) == whole


@pytest.mark.parametrize(
    ("name", "kind", "shape", "targets", "words"),
    [
        ("rmse", "regression", (3, 2), np.zeros((3, 1)), "numbers[3, 2]"),
        ("rmse", "regression", (3, 1), np.array([1.0, np.nan, 2.0]), "1 values that are not finite"),
        ("rmse", "regression", (3, 1), np.array(["a", "b", "c"]), "numbers[3, 1] or numbers[3]"),
        ("psnr", "image", (3, 4, 4, 1), np.zeros((2, 4, 4, 1)), "numbers[3, 4, 4, 1]"),
        ("ssim", "image", (3, 4), np.zeros((3, 4)), "(height, width)"),
    ],
)
def test_targets_that_do_not_fit_are_refused(name: str, kind: Kind, shape: Any, targets: Array, words: str) -> None:
    with pytest.raises(SampleError) as refused:
        score(name, kind, np.zeros(shape), targets)
    assert words in str(refused.value)
