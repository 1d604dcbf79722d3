"""What a remedy is: a change of the float file that makes the file which is quantized from it more exact.

All but one leave the float file's own outputs as they are, and prove it on the samples. The correction of biases moves
them by what the rounding of the weights will move them back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

Apply = Callable[[Path, Path, Mapping[str, npt.NDArray[Any]]], tuple[str, ...]]
"""From the float file, the file to write and calibration inputs by name, (samples, ...), to what was changed."""


@dataclass(frozen=True)
class Remedy:
    """A change of a float ``.tflite`` or ``.onnx`` file before it is quantized.

    Attributes:
        name: For reports.
        apply: Carries it out. Where nothing fits it returns () and writes no file.
    """

    name: str
    apply: Apply
