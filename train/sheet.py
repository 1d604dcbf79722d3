"""Many small pictures on one sheet, to be looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.postprocessing.pictures import write_picture

_SCALE = 2


def write_sheet(path: Path, pictures: npt.NDArray[Any]) -> None:
    """Write pictures in rows and columns.

    Args:
        path: The file, whose folder is made; one that is there is replaced.
        pictures: (rows, columns, height, width, 1), in -1..1.
    """
    rows, columns, height, width, _ = pictures.shape
    pixels = np.clip(np.rint(pictures * 127.5 + 127.5), 0, 255).astype(np.uint8)
    sheet = pixels.transpose(0, 2, 1, 3, 4).reshape(rows * height, columns * width)
    path.parent.mkdir(exist_ok=True)
    write_picture(path, sheet.repeat(_SCALE, axis=0).repeat(_SCALE, axis=1), force=True)
