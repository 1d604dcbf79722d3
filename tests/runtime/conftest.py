"""Tiny model files and a hand-made bundle of them, as `convert` would write it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from tiny_models import affine, write_affine, write_affine_int8

from litefoot.convert.export.describe import describe
from litefoot.convert.report.bundling import file_records, write_manifest
from litefoot.convert.variants import Variant
from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.storage.codec import decode, encode
from litefoot.runtime.storage.folder import write_arrays
from litefoot.runtime.storage.golden import Golden
from litefoot.runtime.storage.manifest import Artifact, Manifest
from litefoot.runtime.tensors import TensorSpec
from litefoot.runtime.verification.tolerance import default_tolerance

settings.register_profile("no deadline", deadline=None)  # a busy machine is no defect
settings.load_profile("no deadline")

CONTRACT = ModelContract(
    inputs=(TensorSpec("x", (None, 3), "float32"),),
    outputs=(TensorSpec("y", (None, 2), "float32", kind="logits"),),
    task="telling two classes apart",
    labels=("first", "second"),
    metric=Metric("accuracy", max_drop=0.02),
)
VARIANTS = (
    Variant("int8.tflite", "tflite", "int8", integer_io=True),
    Variant("fp32.tflite", "tflite", "fp32"),
    Variant("int8.onnx", "onnx", "int8"),
    Variant("fp32.onnx", "onnx", "fp32"),
)
SAMPLES = 150


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of four artifacts that all compute the same, recommended in the order of `VARIANTS`. Read only."""
    folder = tmp_path_factory.mktemp("tiny") / "bundle"
    (folder / "models").mkdir(parents=True)
    for variant in VARIANTS:
        write = write_affine_int8 if variant.precision == "int8" else write_affine
        write(folder / "models" / variant.name)
    x = np.random.default_rng(7).integers(-9, 10, (SAMPLES, 3)).astype(np.float32)
    golden = Golden({"x": x}, {"y": affine(x)}, affine(x).argmax(-1))
    write_arrays(folder / "golden.npz", golden.to_arrays())
    artifacts = tuple(_described(folder, variant, golden) for variant in VARIANTS)
    names = tuple(variant.name for variant in VARIANTS)
    manifest = Manifest("litefoot-bundle", 1, "tiny", CONTRACT, artifacts, names, file_records(folder), {"seed": 7})
    write_manifest(folder, manifest)
    return folder


def _described(folder: Path, variant: Variant, golden: Golden) -> Artifact:
    samples = folder.with_name("samples.npz")
    write_arrays(samples, golden.inputs)
    path = folder / "models" / variant.name
    found = describe(variant=encode(variant), path=str(path), samples=str(samples), state={})
    tolerance = default_tolerance(variant.precision, CONTRACT.outputs[0], golden.references["y"])
    return replace(decode(Artifact, found, variant.name), tolerances={"y": tolerance})


@pytest.fixture
def bundle_copy(tiny_bundle: Path, tmp_path: Path) -> Path:
    """A copy of the bundle to damage."""
    return Path(shutil.copytree(tiny_bundle, tmp_path / "bundle"))


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make a package look as if it were not installed."""

    def hide(package: str) -> None:
        find_spec = PathFinder.find_spec

        def find_the_others(name: str, *arguments: Any) -> ModuleSpec | None:
            return None if name.split(".")[0] == package else find_spec(name, *arguments)

        for module in [name for name in sys.modules if name.split(".")[0] == package]:
            monkeypatch.delitem(sys.modules, module)
        monkeypatch.setattr(PathFinder, "find_spec", find_the_others)

    return hide
