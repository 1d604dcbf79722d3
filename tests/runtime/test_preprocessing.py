"""Each step by hand, and that no file, however damaged, ends in anything but a `SampleError`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from litefoot.runtime.decoding import read_sample
from litefoot.runtime.errors import MissingDependency, SampleError, UsageError
from litefoot.runtime.preprocessing import Grayscale, Resize, Scale, Step, preprocess

PICTURE = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)


def test_without_steps_the_values_stay_and_become_float32() -> None:
    result = preprocess(PICTURE, ())
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, PICTURE)


def test_scale_multiplies_and_then_adds() -> None:
    assert preprocess(np.array([0, 100, 255], np.uint8), [Scale(0.5, -1.0)]).tolist() == [-1.0, 49.0, 126.5]


def test_steps_run_in_their_order() -> None:
    one = np.array([1.0])
    assert preprocess(one, [Scale(2.0, 0.0), Scale(1.0, 3.0)]).tolist() == [5.0]
    assert preprocess(one, [Scale(1.0, 3.0), Scale(2.0, 0.0)]).tolist() == [8.0]


@pytest.mark.parametrize(
    ("pixel", "luma"),
    [([7], 7.0), ([7, 255], 7.0), ([100, 0, 0], 29.9), ([0, 100, 0], 58.7), ([0, 0, 100], 11.4), ([9, 9, 9, 0], 9.0)],
)
def test_grayscale_weighs_the_colours_and_drops_alpha(pixel: list[int], luma: float) -> None:
    result = preprocess(np.array([[pixel, pixel]], np.uint8), [Grayscale()])
    assert result.shape == (1, 2, 1)
    np.testing.assert_allclose(result, luma, rtol=1e-6)


def test_grayscale_gives_a_plain_picture_its_channel() -> None:
    assert preprocess(np.array([[1, 2]], np.uint8), [Grayscale()]).tolist() == [[[1.0], [2.0]]]


def test_resize_to_the_same_size_changes_nothing() -> None:
    np.testing.assert_array_equal(preprocess(PICTURE, [Resize(2, 3)]), PICTURE)


def test_shrinking_averages_with_a_triangle_as_wide_as_the_shrinking() -> None:
    row = np.array([[0.0, 8.0, 16.0, 24.0]])
    # Centres 0.5 and 2.5, half-width 2: weights 3 3 1 0 and 0 1 3 3, over 4, normalised by 7/4.
    expected = [[[(3 * 8 + 16) / 7], [(8 + 3 * 16 + 3 * 24) / 7]]]
    np.testing.assert_allclose(preprocess(row, [Resize(1, 2)]), expected, rtol=1e-6)


def test_enlarging_interpolates_between_pixel_centres() -> None:
    column = np.array([[0.0], [4.0]])
    assert preprocess(column, [Resize(4, 1)])[:, 0, 0].tolist() == [0.0, 1.0, 3.0, 4.0]


sizes = st.integers(1, 12)


@given(sizes, sizes, sizes, sizes, st.integers(0, 255))
def test_a_flat_picture_stays_flat_at_any_size(h: int, w: int, height: int, width: int, value: int) -> None:
    result = preprocess(np.full((h, w), value, np.uint8), [Resize(height, width)])
    assert result.shape == (height, width, 1)
    np.testing.assert_allclose(result, value, rtol=1e-5)


@pytest.mark.parametrize("step", [Grayscale(), Resize(2, 2)], ids=str)
@pytest.mark.parametrize("shape", [(4,), (0, 4, 3), (4, 0), (1, 2, 2, 1)], ids=str)
def test_what_is_not_a_picture_is_refused(step: Step, shape: tuple[int, ...]) -> None:
    with pytest.raises(SampleError, match="not a picture"):
        preprocess(np.zeros(shape), [step])


def test_five_channels_have_no_grayscale() -> None:
    with pytest.raises(SampleError, match="5 channels"):
        preprocess(np.zeros((2, 2, 5)), [Grayscale()])


@pytest.mark.parametrize(
    "sample", [np.array(["a", "b"]), np.array([1j]), np.array([None])], ids=["text", "complex", "object"]
)
def test_only_real_numbers_are_samples(sample: npt.NDArray[np.generic]) -> None:
    with pytest.raises(SampleError, match="real numbers"):
        preprocess(sample, [Scale(1.0)])


@pytest.mark.parametrize("value", [np.nan, np.inf, -1e300])
def test_what_is_no_finite_number_is_refused(value: float) -> None:
    with pytest.raises(SampleError, match="finite"):
        preprocess(np.array([1.0, value]), [Scale(1.0)])


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".PNG"])
def test_a_picture_is_read_as_its_pixels(tmp_path: Path, suffix: str) -> None:
    Image.fromarray(PICTURE).save(tmp_path / f"picture{suffix}")
    read = read_sample(tmp_path / f"picture{suffix}")
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, PICTURE)


def test_a_gray_picture_stays_without_channels_and_a_palette_becomes_colours(tmp_path: Path) -> None:
    Image.fromarray(PICTURE[..., 0]).save(tmp_path / "gray.png")
    np.testing.assert_array_equal(read_sample(tmp_path / "gray.png"), PICTURE[..., 0])
    Image.fromarray(PICTURE).quantize(8).save(tmp_path / "palette.png")
    assert read_sample(tmp_path / "palette.png").shape == (2, 3, 3)


def test_16_bits_of_gray_become_8_in_proportion(tmp_path: Path) -> None:
    deep = np.array([[0, 257, 32896], [65535, 25700, 128]], np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    read = read_sample(tmp_path / "deep.png")
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, [[0, 1, 128], [255, 100, 0]])


def test_an_array_is_read_as_it_was_stored(tmp_path: Path) -> None:
    np.save(tmp_path / "sample.npy", PICTURE.astype(np.int16))
    read = read_sample(tmp_path / "sample.npy")
    assert read.dtype == np.int16
    np.testing.assert_array_equal(read, PICTURE)


def test_an_array_of_objects_is_refused_without_unpickling(tmp_path: Path) -> None:
    np.save(tmp_path / "sample.npy", np.array([{"a": 1}]), allow_pickle=True)
    with pytest.raises(SampleError, match="pickle"):
        read_sample(tmp_path / "sample.npy")


def test_an_archive_under_the_name_of_an_array_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "archive.npz", a=PICTURE)
    (tmp_path / "archive.npz").rename(tmp_path / "sample.npy")
    with pytest.raises(SampleError, match="cannot be decoded"):
        read_sample(tmp_path / "sample.npy")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".npy"])
@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n"], ids=["empty", "text", "only a mark"])
def test_a_file_that_is_something_else_cannot_be_decoded(tmp_path: Path, suffix: str, content: bytes) -> None:
    (tmp_path / f"sample{suffix}").write_bytes(content)
    with pytest.raises(SampleError, match=rf"cannot be decoded[\s\S]*sample\{suffix}"):
        read_sample(tmp_path / f"sample{suffix}")


@pytest.mark.filterwarnings("ignore")  # Pillow's about odd but decodable headers
@pytest.mark.parametrize("suffix", [".png", ".bmp", ".npy"])
def test_damage_anywhere_is_a_sample_error_or_a_sample(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"sample{suffix}"
    np.save(path, PICTURE) if suffix == ".npy" else Image.fromarray(PICTURE).save(path)
    whole, refused = path.read_bytes(), 0
    for place in range(len(whole)):
        for damaged in (whole[:place], whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :]):
            path.write_bytes(damaged)
            try:
                preprocess(read_sample(path), ())
            except SampleError:
                refused += 1
    assert refused > len(whole) / 2


def test_a_missing_file_and_an_unknown_kind_are_usage_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such input file"):
        read_sample(tmp_path / "nothing.png")
    (tmp_path / "sample.gif").write_bytes(b"GIF89a")
    with pytest.raises(UsageError, match=r"\.gif[\s\S]*\.png"):
        read_sample(tmp_path / "sample.gif")


def test_pictures_without_pillow_name_its_pip_line(tmp_path: Path, without: Callable[[str], None]) -> None:
    Image.fromarray(PICTURE).save(tmp_path / "picture.png")
    without("PIL")
    with pytest.raises(MissingDependency, match=r'pip install "litefoot\[images\]"'):
        read_sample(tmp_path / "picture.png")
