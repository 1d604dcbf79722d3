"""The noise of a seed is always the same; what is transparent is a hole, and nothing of its colour is left."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from litefoot.runtime.decoding import read_sample
from litefoot.runtime.errors import SampleError
from litefoot.runtime.preprocessing import Holes, Noise, Resize, Scale, preprocess
from litefoot.runtime.storage.codec import decode, encode


def with_hole(channels: int, size: int = 8) -> np.ndarray:
    """Brightness 200 everywhere, transparent in rows 2 and 3, columns 4 to 6."""
    picture = np.full((size, size, channels), 200, np.uint8)
    picture[..., -1] = 255
    picture[2:4, 4:7, -1] = 0
    return picture


def test_a_seed_is_drawn_by_numpy_and_repeats() -> None:
    expected = np.random.default_rng(7).standard_normal(5, np.float32)
    for seed in (np.array(7), np.array([7], np.uint8)):
        np.testing.assert_array_equal(preprocess(seed, [Noise(5)]), expected)
    assert not np.array_equal(preprocess(np.array(8), [Noise(5)]), expected)


def test_noise_is_normally_distributed() -> None:
    drawn = preprocess(np.array(0), [Noise(100_000)])
    assert drawn.dtype == np.float32
    assert abs(drawn.mean()) < 0.02
    assert abs(drawn.std() - 1.0) < 0.02


@given(st.lists(st.floats(-9, 9, width=32), min_size=2, max_size=9))
def test_numbers_that_were_drawn_stay_as_they_are(values: list[float]) -> None:
    numbers = np.array(values, np.float32)
    np.testing.assert_array_equal(preprocess(numbers, [Noise(len(numbers))]), numbers)


@pytest.mark.parametrize("sample", ["seven", np.array(-1), np.zeros(4), np.array(1.5), np.array(2 + 1j)])
def test_what_is_neither_a_seed_nor_enough_numbers_is_refused(sample: str | np.ndarray) -> None:
    with pytest.raises(SampleError):
        preprocess(sample, [Noise(5)])


@pytest.mark.parametrize("channels", [2, 4])
def test_holes_are_marked_and_empty(channels: int) -> None:
    result = preprocess(with_hole(channels), [Holes()])
    assert result.shape == (8, 8, 2)
    missing = np.zeros((8, 8), bool)
    missing[2:4, 4:7] = True
    np.testing.assert_array_equal(result[..., 1], np.where(missing, 0, 255))
    np.testing.assert_allclose(result[..., 0], np.where(missing, 0, 200), atol=1e-4)


@given(st.integers(9, 60), st.integers(9, 60))
def test_after_a_resize_nothing_of_a_holes_colour_is_left(height: int, width: int) -> None:
    picture = np.full((height, width, 2), (100, 255), np.uint8)
    picture[height // 3 : height // 2, width // 3 : width // 2] = (255, 0)
    result = preprocess(picture, [Resize(14, 14), Holes()])
    whole = result[..., 1] == 255
    np.testing.assert_allclose(result[whole, 0], 100, atol=0.02)
    assert (result[~whole] == 0).all()


def test_a_picture_without_transparency_does_not_say_what_to_repair() -> None:
    for shape in ((8, 8), (8, 8, 1), (8, 8, 3)):
        with pytest.raises(SampleError, match="transparent"):
            preprocess(np.zeros(shape, np.uint8), [Holes()])


@pytest.mark.parametrize("mode", ["LA", "RGBA", "P"])
def test_a_png_keeps_its_transparency(tmp_path: Path, mode: str) -> None:
    steps = (Holes(), Scale(2 / 255, -1.0))
    given = Image.fromarray(with_hole(4))
    if mode == "P":
        given = given.quantize(4)
        assert given.mode == "P"
    given.convert(mode).save(tmp_path / "given.png")
    result = preprocess(read_sample(tmp_path / "given.png"), steps)
    np.testing.assert_allclose(result, preprocess(with_hole(4), steps), atol=1e-5)


def test_steps_survive_json() -> None:
    for step in (Noise(100), Holes()):
        assert decode(type(step), encode(step), "step") == step
