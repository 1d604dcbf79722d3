"""The layers of a Keras model that have kernels, read from its archive without Keras."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

_OF_KERNELS = {"units", "filters", "depth_multiplier", "output_dim", "num_heads", "layer", "cell"}
"""What only the settings of layers with kernels have; wrappers have their layer."""


def layers_with_kernels(path: Path) -> tuple[str, ...]:
    """Read the names of a flat model's layers.

    Args:
        path: A ``.keras`` archive.

    Returns:
        The names of the layers that have kernels, in the model's order; none where the archive has another form.
    """
    with zipfile.ZipFile(path) as archive:
        layers = json.loads(archive.read("config.json"))["config"].get("layers", [])
    settings = [layer.get("config", {}) for layer in layers]
    return tuple(str(each["name"]) for each in settings if "name" in each and _OF_KERNELS & each.keys())
