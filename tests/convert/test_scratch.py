"""Arrays that go from one process to another: the same ones, as they are."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from litefoot.convert.scratch import hand_over
from litefoot.runtime.storage.files import read_arrays


def test_arrays_arrive_as_they_are_and_nobody_compressed_them(tmp_path: Path) -> None:
    path, arrays = tmp_path / "x.npz", {"x": np.zeros((8, 3), np.float32), "rest": np.arange(4)}
    hand_over(path, arrays)
    found = read_arrays(path)
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
    with zipfile.ZipFile(path) as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
