"""A sheet shows every picture in its place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from litefoot.train.sheet import write_sheet


def test_rows_and_columns_are_where_they_belong(tmp_path: Path) -> None:
    levels = np.array([[-1.0, 0.0, 1.0], [1.0, -1.0, 0.0]], np.float32)
    pictures = np.broadcast_to(levels[:, :, None, None, None], (2, 3, 4, 5, 1))
    path = tmp_path / "samples" / "epoch-001.png"
    for _ in range(2):  # the second replaces the first
        write_sheet(path, pictures)
    sheet = np.asarray(Image.open(path))
    assert sheet.shape == (2 * 2 * 4, 2 * 3 * 5)
    assert sheet[::8, ::10].tolist() == [[0, 128, 255], [255, 0, 128]]
