"""Names of inputs and outputs that TFLite signatures, ONNX graphs and keyword arguments all take."""

from __future__ import annotations

import re
from collections.abc import Sequence


def plain_names(names: Sequence[str]) -> list[str]:
    """The same names without characters that a format would change, each once.

    Args:
        names: As the model gives them, perhaps one of them twice.

    Returns:
        As many names; a repeated one gets a number.
    """
    taken: list[str] = []
    for name in names:
        plain = re.sub(r"[^\w.\-]", "_", name) or "tensor"
        unique, count = plain, 0
        while unique in taken:
            count += 1
            unique = f"{plain}_repeat{count}"
        taken.append(unique)
    return taken
