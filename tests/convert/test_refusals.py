"""What is wrong with the order is said at once: no converter starts, and nothing is written."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from litefoot.convert import convert, pipeline
from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.errors import MissingDependency, OutputExists, SampleError, UnreadableModel, UsageError
from litefoot.runtime.storage.trained import MODEL, TrainedModel
from litefoot.runtime.tensors import TensorSpec

CONTRACT = ModelContract(
    inputs=(TensorSpec("x", (None, 2), "float32"),),
    outputs=(TensorSpec("y", (None, 3), "float32", kind="logits"),),
    task="classification",
    metric=Metric("accuracy", 0.01),
)


def write(
    folder: Path,
    *,
    contract: ModelContract = CONTRACT,
    calibration: int = 10,
    evaluation: int = 4,
    targets: Any = (0, 1, 2, 0),
) -> Path:
    """A TrainedModel folder whose model file is never read."""
    folder.mkdir()
    (folder / MODEL).write_text("not read")
    arrays = [{"x": np.zeros((count, 2), np.float32)} for count in (calibration, evaluation)]
    labels = None if targets is None else np.asarray(targets)
    TrainedModel("litefoot-trained", 1, "tiny", contract, None, {}).write(folder, *arrays, labels)
    return folder


@pytest.fixture(autouse=True)
def _no_converter_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*arguments: Any) -> None:
        raise AssertionError("a converter was started")

    monkeypatch.setattr(pipeline, "Workers", start)


@pytest.mark.parametrize(
    ("order", "error", "words"),
    [
        ({"calibration": 9}, SampleError, ["too few calibration", "got:      9", "at least 10"]),
        ({"evaluation": 0, "targets": ()}, SampleError, ["too few evaluation", "got:      0"]),
        ({"targets": (0, 1, 2)}, SampleError, ["labels do not fit", "integers[4]"]),
        ({"targets": (0, 1, 2, 3)}, SampleError, ["labels do not fit", "0 to 2"]),
        ({"contract": replace(CONTRACT, metric=None), "targets": (0, 1)}, SampleError, ["labels do not fit"]),
        (
            {"contract": replace(CONTRACT, inputs=(TensorSpec("z", (None, 2), "float32"),))},
            SampleError,
            ["names differ"],
        ),
        (
            {"contract": replace(CONTRACT, outputs=(TensorSpec("y", (None, 3), "float32", kind="regression"),))},
            UsageError,
            ["metric accuracy cannot be measured", "y: regression"],
        ),
    ],
)
def test_a_trained_model_that_does_not_fit_itself_is_refused(
    tmp_path: Path, order: dict[str, Any], error: type[UsageError], words: list[str]
) -> None:
    source = write(tmp_path / "trained", **order)
    with pytest.raises(error) as refused:
        convert(source, out=tmp_path / "out")
    for word in words:
        assert word in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["trained"]


@pytest.mark.parametrize("time_limit", [0.0, -1.0, math.nan])
def test_a_time_limit_that_is_none_is_refused(tmp_path: Path, time_limit: float) -> None:
    with pytest.raises(UsageError, match="time limit"):
        convert(write(tmp_path / "trained"), out=tmp_path / "out", time_limit=time_limit)


def test_an_output_that_is_there_is_refused_and_kept(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "manifest.json").write_text("precious")
    with pytest.raises(OutputExists, match="--force"):
        convert(write(tmp_path / "trained"), out=out)
    assert (out / "manifest.json").read_text() == "precious"


def test_a_folder_that_litefoot_did_not_write_is_not_replaced_even_by_force(tmp_path: Path) -> None:
    out = tmp_path / "photos"
    out.mkdir()
    (out / "holiday.jpg").write_text("precious")
    with pytest.raises(UsageError, match="not replaced"):
        convert(write(tmp_path / "trained"), out=out, force=True)
    assert (out / "holiday.jpg").read_text() == "precious"


@pytest.mark.parametrize("missing", ["trained.json", MODEL, "calibration.npz", "evaluation.npz"])
def test_a_source_with_a_file_missing_is_unreadable(tmp_path: Path, missing: str) -> None:
    source = write(tmp_path / "trained")
    (source / missing).unlink()
    with pytest.raises(UnreadableModel, match=missing):
        convert(source, out=tmp_path / "out")


def test_a_missing_converter_is_named_with_its_pip_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib
    import importlib.util

    find, load = importlib.util.find_spec, importlib.import_module

    def import_module(name: str, package: str | None = None) -> Any:
        if name == "tf2onnx":
            raise ModuleNotFoundError("No module named 'tf2onnx'", name="tf2onnx")
        return load(name, package)

    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "tf2onnx" else find(name, *rest)
    )
    monkeypatch.setattr(importlib, "import_module", import_module)
    with pytest.raises(MissingDependency) as missing:
        convert(write(tmp_path / "trained"), out=tmp_path / "out")
    assert "tf2onnx is not installed" in str(missing.value)
    assert 'pip install "litefoot[convert]"' in str(missing.value)
