"""A file that a converter wrote and no engine runs is that variant's failure, and nobody else's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tiny_models import affine, write_affine, write_custom

from litefoot.convert.pipeline import _describe
from litefoot.convert.variants import choose_variants
from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import ConversionFailed
from litefoot.runtime.storage.golden import Golden
from litefoot.runtime.tensors import TensorSpec

CONTRACT = ModelContract(
    inputs=(TensorSpec("x", (None, 3), "float32"),), outputs=(TensorSpec("y", (None, 2), "float32"),), task="arithmetic"
)
X = np.arange(12, dtype=np.float32).reshape(4, 3)
GOLDEN = Golden({"x": X}, {"y": affine(X)})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    return tmp_path


def test_the_other_variants_stand(folder: Path) -> None:
    write_custom(folder / "models" / "fp16.tflite")
    write_affine(folder / "models" / "fp32.tflite")
    failures: dict[str, ConversionFailed] = {}
    made = choose_variants(["fp32.tflite", "fp16.tflite"])
    assert [artifact.name for artifact in _describe(folder, made, CONTRACT, GOLDEN, failures)] == ["fp32.tflite"]
    assert list(failures) == ["fp16.tflite"]
    assert "Mystery" in str(failures["fp16.tflite"])
    assert [path.name for path in (folder / "models").iterdir()] == ["fp32.tflite"]


def test_a_file_that_loads_and_takes_other_inputs_is_a_failure_too(folder: Path) -> None:
    write_affine(folder / "models" / "fp32.tflite", weights=np.ones((2, 4), np.float32)[:, :3], signature=False)
    with pytest.raises(ConversionFailed):
        _describe(folder, choose_variants(["fp32.tflite"]), CONTRACT, Golden({"x": X[:, :2]}, GOLDEN.references), {})


def test_nothing_left_is_an_error_with_every_reason(folder: Path) -> None:
    write_custom(folder / "models" / "fp32.tflite")
    failures = {"int8.tflite": ConversionFailed("this one crashed")}
    with pytest.raises(ConversionFailed, match=r"No variant[\s\S]*this one crashed[\s\S]*Mystery"):
        _describe(folder, choose_variants(["fp32.tflite"]), CONTRACT, GOLDEN, failures)
