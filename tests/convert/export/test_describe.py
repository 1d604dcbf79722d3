"""A finished file is tried on its engine and described for the manifest; what does not run is its own failure."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_models import write_affine, write_affine_int8, write_custom, write_sum_and_difference

from litefoot.convert.export.describe import describe
from litefoot.convert.jobs import describing
from litefoot.convert.pipeline import _failures
from litefoot.convert.variants import Variant, choose_variants
from litefoot.convert.workers.pool import Outcome
from litefoot.runtime.errors import ConversionCrashed, ConversionFailed, LitefootError, UsageError
from litefoot.runtime.storage.codec import decode, encode
from litefoot.runtime.storage.files import sha256
from litefoot.runtime.storage.folder import write_arrays
from litefoot.runtime.storage.manifest import Artifact
from litefoot.runtime.tensors import Quantization, TensorSpec

X = np.arange(12, dtype=np.float32).reshape(4, 3)
FP32, FP16 = choose_variants(["fp16.tflite"])
INT8 = Variant("int8-io.tflite", "tflite", "int8", integer_io=True, needs="fp32.tflite")


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    path = tmp_path / "samples.npz"
    write_arrays(path, {"x": X})
    return path


def described(variant: Variant, path: Path, samples: Path) -> Artifact:
    found = describe(variant=encode(variant), path=str(path), samples=str(samples), state={})
    return decode(Artifact, found, "artifact")


def test_a_description_is_what_the_file_is(tmp_path: Path, samples: Path) -> None:
    path = write_affine(tmp_path / "fp32.tflite")
    artifact = described(FP32, path, samples)
    assert artifact == Artifact(
        name="fp32.tflite",
        format="tflite",
        precision="fp32",
        file="models/fp32.tflite",
        sha256=sha256(path),
        bytes=path.stat().st_size,
        gzip_bytes=len(gzip.compress(path.read_bytes(), 9, mtime=0)),
        inputs=(TensorSpec("x", (1, 3), "float32"),),
        outputs=(TensorSpec("y", (1, 2), "float32"),),
        output_steps={},
        tolerances={},
    )


def test_stored_integers_are_told_with_their_quantization(tmp_path: Path, samples: Path) -> None:
    artifact = described(INT8, write_affine_int8(tmp_path / "int8-io.tflite"), samples)
    assert artifact.inputs[0].dtype == "int8"
    assert artifact.inputs[0].quantization == Quantization(0.5, 3)
    assert artifact.output_steps == {"y": 0.5}


@pytest.mark.parametrize("content", [b"", b"TFL3 or not"])
def test_a_file_that_does_not_load_is_refused(tmp_path: Path, samples: Path, content: bytes) -> None:
    path = tmp_path / "fp32.tflite"
    path.write_bytes(content)
    with pytest.raises(LitefootError):
        described(FP32, path, samples)


def test_a_file_with_an_operator_that_no_engine_knows_is_refused_by_name(tmp_path: Path, samples: Path) -> None:
    with pytest.raises(LitefootError, match="Mystery"):
        described(FP32, write_custom(tmp_path / "fp32.tflite"), samples)


def test_a_file_that_takes_other_inputs_is_refused(tmp_path: Path) -> None:
    write_arrays(tmp_path / "samples.npz", {"x": X[:, :2]})
    with pytest.raises(LitefootError):
        described(FP32, write_affine(tmp_path / "fp32.tflite"), tmp_path / "samples.npz")


# What the pipeline makes of it

GOOD = Outcome()
CRASHED = Outcome(error=ConversionCrashed("The converter crashed"))
UNRUNNABLE = Outcome(error=ConversionFailed("Mystery is not known"))


def failures_of(folder: Path, **outcomes: Any) -> dict[str, ConversionFailed]:
    (folder / "models").mkdir()
    for variant in (FP32, FP16):
        (folder / "models" / variant.name).write_text("a file")
    everything = {
        name: outcomes.get(key, GOOD)
        for key, name in (
            ("fp32", FP32.name), ("fp16", FP16.name),
            ("check_fp32", describing(FP32)), ("check_fp16", describing(FP16)),
        )
    }  # fmt: skip
    return _failures(everything, (FP32, FP16), folder)


def test_what_was_made_and_runs_is_no_failure(tmp_path: Path) -> None:
    assert failures_of(tmp_path) == {}
    assert len(list((tmp_path / "models").iterdir())) == 2


def test_a_file_that_no_engine_runs_is_that_variants_failure_and_taken_away(tmp_path: Path) -> None:
    failures = failures_of(tmp_path, check_fp16=UNRUNNABLE)
    assert list(failures) == ["fp16.tflite"]
    for words in ("a file that its engine does not run", "variant fp16.tflite", "Mystery is not known"):
        assert words in str(failures["fp16.tflite"])
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["fp32.tflite"]


def test_of_a_file_that_was_not_made_the_cause_is_told_and_not_that_it_could_not_be_checked(tmp_path: Path) -> None:
    failures = failures_of(tmp_path, fp16=CRASHED, check_fp16=UNRUNNABLE)
    assert failures == {"fp16.tflite": CRASHED.error}
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["fp32.tflite"]


def test_a_file_whose_state_cannot_be_carried_on_does_not_run(tmp_path: Path) -> None:
    path = write_sum_and_difference(tmp_path / "fp32.tflite")
    write_arrays(tmp_path / "call.npz", {name: np.ones((1, 2), np.float32) for name in ("a", "b")})
    arguments = {"variant": encode(FP32), "path": str(path), "samples": str(tmp_path / "call.npz")}
    assert describe(**arguments, state={"b": "sum"})["name"] == "fp32.tflite"
    with pytest.raises(UsageError, match="does not have"):
        describe(**arguments, state={"b": "total"})
