"""Which layers of a Keras archive have kernels."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from litefoot.convert.audit.layer_names import layers_with_kernels


def archive(path: Path, config: dict[str, Any]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", json.dumps({"class_name": "Functional", "config": config}))
    return path


def test_what_has_a_kernel_is_named_in_order(tmp_path: Path) -> None:
    layers = [
        {"class_name": "InputLayer", "config": {"name": "image"}},
        {"class_name": "Conv2D", "config": {"name": "conv", "filters": 8}},
        {"class_name": "BatchNormalization", "config": {"name": "norm", "momentum": 0.9}},
        {"class_name": "TimeDistributed", "config": {"name": "each", "layer": {}}},
        {"class_name": "DepthwiseConv2D", "config": {"name": "depthwise", "depth_multiplier": 1}},
        {"class_name": "Dense", "config": {"name": "scores", "units": 3}},
    ]
    path = archive(tmp_path / "plain.keras", {"name": "m", "layers": layers})
    assert layers_with_kernels(path) == ("conv", "each", "depthwise", "scores")


def test_another_form_names_none(tmp_path: Path) -> None:
    assert layers_with_kernels(archive(tmp_path / "own.keras", {"name": "m"})) == ()
