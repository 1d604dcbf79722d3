"""The verdicts on a bundle in the making: what they are held to, what takes another's place, what leaves no trace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tiny_models import WEIGHTS, affine, write_affine

from litefoot.convert.export.describe import describe
from litefoot.convert.judging import Judging
from litefoot.convert.variants import Variant
from litefoot.runtime import Bundle
from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import LitefootError
from litefoot.runtime.storage.codec import decode, encode
from litefoot.runtime.storage.folder import write_arrays
from litefoot.runtime.storage.golden import Golden
from litefoot.runtime.storage.manifest import Artifact, Manifest
from litefoot.runtime.tensors import TensorSpec

X = np.arange(12, dtype=np.float32).reshape(4, 3)
CONTRACT = ModelContract((TensorSpec("x", (None, 3), "float32"),), (TensorSpec("y", (None, 2), "float32"),), "")
MIXED = Variant("mixed.tflite", "tflite", "mixed")


@pytest.fixture
def judging(tmp_path: Path) -> Judging:
    (tmp_path / "models").mkdir()
    return Judging(
        tmp_path,
        Manifest("litefoot-bundle", 1, "tiny", CONTRACT, (), (), (), {}),
        Golden({"x": X}, {"y": affine(X)}),
    )


@pytest.fixture
def made(tmp_path: Path) -> Callable[[Variant, float], Artifact]:
    """A file that is wrong by a factor, described."""

    def make(variant: Variant, factor: float) -> Artifact:
        path = write_affine(tmp_path / "models" / variant.name, weights=WEIGHTS * np.float32(factor))
        write_arrays(tmp_path / "call.npz", {"x": X[:1]})
        found = describe(variant=encode(variant), path=str(path), samples=str(tmp_path / "call.npz"), state={})
        return decode(Artifact, found, "artifact")

    return make


def test_a_file_is_judged_by_tolerances_that_it_then_carries(
    judging: Judging, made: Callable[[Variant, float], Artifact], tmp_path: Path
) -> None:
    told: list[str] = []
    assert judging.judge(made(Variant("fp32.tflite", "tflite", "fp32"), 1.0), told.append).passed
    assert not judging.judge(made(MIXED, 3.0), told.append).passed
    assert told == ["verify fp32.tflite", "verify mixed.tflite"]
    assert list(judging.verdicts) == list(judging.models) == [artifact.name for artifact in judging.manifest.artifacts]
    assert all(artifact.tolerances.keys() == {"y"} for artifact in Bundle(tmp_path).artifacts)


def test_one_of_the_same_name_takes_the_place_of_the_one_before(
    judging: Judging, made: Callable[[Variant, float], Artifact], tmp_path: Path
) -> None:
    assert not judging.judge(made(MIXED, 3.0), lambda what: None).passed
    better = made(MIXED, 1.0)
    assert judging.judge(better, lambda what: None).passed
    assert judging.verdicts["mixed.tflite"].passed
    assert [artifact.sha256 for artifact in Bundle(tmp_path).artifacts] == [better.sha256]


def test_one_that_cannot_be_judged_leaves_the_one_before(
    judging: Judging, made: Callable[[Variant, float], Artifact], tmp_path: Path
) -> None:
    first = made(MIXED, 3.0)
    judging.judge(first, lambda what: None)
    (tmp_path / "models" / "mixed.tflite").write_bytes(b"not what was described")
    with pytest.raises(LitefootError):
        judging.judge(first, lambda what: None)
    assert [artifact.sha256 for artifact in judging.manifest.artifacts] == [first.sha256]
    assert not judging.verdicts["mixed.tflite"].passed
