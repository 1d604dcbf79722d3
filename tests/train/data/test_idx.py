"""idx files written byte by byte are read as they are; what is not one is refused by name."""

from __future__ import annotations

import contextlib
import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from litefoot.runtime.errors import SampleError, UsageError
from litefoot.train.data.handwriting import read_handwriting
from litefoot.train.data.idx import read_idx, read_idx_folder
from litefoot.train.recipe import Request


def idx(array: np.ndarray, code: int = 0x08) -> bytes:
    """The array in the idx format."""
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write_digits(folder: Path, part: str, count: int, suffix: str = "") -> None:
    """A pair of files with `count` pictures of 4 x 4 pixels, classes in turn."""
    labels = (np.arange(count) % 10).astype(np.uint8)
    pictures = np.broadcast_to(labels[:, None, None], (count, 4, 4)).astype(np.uint8)
    for name, array in ((f"{part}-images-idx3-ubyte", pictures), (f"{part}-labels-idx1-ubyte", labels)):
        content = idx(array)
        (folder / (name + suffix)).write_bytes(gzip.compress(content) if suffix else content)


@given(arrays.arrays(np.uint8, arrays.array_shapes(max_dims=4)))
def test_bytes_of_any_shape_are_read_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, array: np.ndarray
) -> None:
    path = tmp_path_factory.mktemp("idx") / "a"
    path.write_bytes(idx(array))
    read = read_idx(path)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize(("code", "dtype"), [(0x09, "i1"), (0x0B, "i2"), (0x0C, "i4"), (0x0D, "f4"), (0x0E, "f8")])
def test_every_element_type_is_read_in_this_machines_order(tmp_path: Path, code: int, dtype: str) -> None:
    array = np.array([[-1, 2, 3], [4, 5, 6]], dtype)
    (tmp_path / "a").write_bytes(idx(array, code))
    read = read_idx(tmp_path / "a")
    assert read.dtype == np.dtype(dtype)
    assert read.tolist() == array.tolist()


WHOLE = idx(np.arange(6, dtype=np.uint8).reshape(2, 3))
BROKEN = {
    "empty": (b"", "not an idx file"),
    "no zeros": (b"\x89PNG" + WHOLE, "not an idx file"),
    "unknown type": (b"\0\0\7\1\0\0\0\1a", "not an idx file"),
    "sizes missing": (WHOLE[:9], "not an idx file"),
    "cut": (WHOLE[:-1], "another size"),
    "too long": (WHOLE + b"a", "another size"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_not_a_whole_idx_file_is_refused(tmp_path: Path, kind: str) -> None:
    content, words = BROKEN[kind]
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(SampleError, match=words):
        read_idx(tmp_path / "a")


# A gzip archive names the second it was made in; a test's name must not.
@pytest.mark.parametrize("content", [b"not packed", gzip.compress(WHOLE, mtime=0)[:-9]], ids=["not packed", "cut"])
def test_a_damaged_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.gz").write_bytes(content)
    with pytest.raises(SampleError, match="cannot be read"):
        read_idx(tmp_path / "a.gz")


@given(st.binary(max_size=40))
def test_no_file_ends_in_anything_but_an_array_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("idx") / "a"
    path.write_bytes(content)
    with contextlib.suppress(SampleError):
        read_idx(path)


def test_a_folder_without_a_pair_is_refused_with_the_names_expected(tmp_path: Path) -> None:
    (tmp_path / "train-images-idx3-ubyte").write_bytes(WHOLE)
    with pytest.raises(UsageError, match="train-labels-idx1-ubyte"):
        read_idx_folder(tmp_path)


def test_pictures_and_labels_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    write_digits(tmp_path, "train", 30)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.zeros(29, np.uint8)))
    with pytest.raises(SampleError, match="not pictures and their labels"):
        read_idx_folder(tmp_path)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_one_part_alone_is_split_and_the_origin_says_so(tmp_path: Path, suffix: str) -> None:
    write_digits(tmp_path, "t10k", 1000, suffix)
    digits = read_handwriting(Request(tmp_path))
    assert {name: len(indices) for name, indices in digits.parts.items()} == {
        "train": 850,
        "validation": 50,
        "test": 100,
    }
    assert sorted(np.concatenate(list(digits.parts.values()))) == list(range(1000))
    assert "only t10k, split into 850 / 50 / 100" in digits.origin
    for indices in digits.parts.values():
        assert len(set(np.bincount(digits.labels[indices]))) == 1
    np.testing.assert_array_equal(digits.pictures[:, 0, 0], digits.labels)


def test_with_both_parts_the_test_files_are_the_test(tmp_path: Path) -> None:
    write_digits(tmp_path, "train", 400)
    write_digits(tmp_path, "t10k", 100)
    digits = read_handwriting(Request(tmp_path))
    assert digits.parts["test"].tolist() == list(range(400, 500))
    assert sorted([*digits.parts["train"], *digits.parts["validation"]]) == list(range(400))
    assert len(digits.parts["validation"]) == 20


def test_another_seed_splits_otherwise(tmp_path: Path) -> None:
    write_digits(tmp_path, "train", 400)
    first, again, other = (read_handwriting(Request(tmp_path, seed=seed)).parts["test"].tolist() for seed in (0, 0, 1))
    assert first == again != other
