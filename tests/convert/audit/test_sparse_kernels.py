"""A file against its dense twin: the same but for the zeros; no speed is claimed that was not measured."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tiny_models import WEIGHTS, affine, write_affine, write_affine_int8, write_affine_uint8

from litefoot.convert.audit import SparseKernels, audit_file
from litefoot.convert.audit.sparse_kernels import dense_twin, measure, missing
from litefoot.convert.audit.tflite import TFLiteFile, read_tflite
from litefoot.runtime.machine.fresh import sample_inputs
from litefoot.runtime.model import load
from litefoot.runtime.storage.codec import decode, encode

WRITERS = (write_affine, write_affine_int8, write_affine_uint8)


@pytest.mark.parametrize("write", WRITERS)
def test_the_twin_has_other_weights_for_its_zeros_and_the_same_elsewhere(tmp_path: Path, write: object) -> None:
    path, twin = tmp_path / "a.tflite", tmp_path / "twin.tflite"
    write(path)  # type: ignore[operator]
    twin.write_bytes(dense_twin(path))
    (before,), (after,) = read_tflite(path), read_tflite(twin)
    zero = before.real() == 0
    assert zero.sum() == 1
    assert not (after.real() == 0).any()
    assert np.array_equal(after.real()[~zero], before.real()[~zero])
    assert audit_file(twin).weights[0].operator == "FULLY_CONNECTED"


def test_the_twin_runs(tmp_path: Path) -> None:
    twin = tmp_path / "twin.tflite"
    twin.write_bytes(dense_twin(write_affine(tmp_path / "a.tflite")))
    x = np.array([[1.0, 2.0, 3.0]], np.float32)
    (filled,) = {float(value) for value in read_tflite(twin)[0].real()[WEIGHTS == 0]}
    assert np.array_equal(load(twin)(x), affine(x, np.where(WEIGHTS == 0, np.float32(filled), WEIGHTS)))


def test_a_tensor_of_zeros_alone_becomes_ones(tmp_path: Path) -> None:
    path = write_affine(tmp_path / "a.tflite", weights=np.zeros((2, 3), np.float32))
    (tmp_path / "twin.tflite").write_bytes(dense_twin(path))
    assert np.array_equal(read_tflite(tmp_path / "twin.tflite")[0].real(), np.ones((2, 3)))


def test_both_times_are_told(tmp_path: Path) -> None:
    path = write_affine(tmp_path / "fp32.tflite")
    found = measure(path, audit_file(path), sample_inputs(load(path).inputs), seconds=0.2)
    assert found.name == "fp32.tflite"
    assert found.low <= found.ratio <= found.high
    assert all(math.isfinite(value) and value > 0 for value in (found.p50_ms, found.dense_p50_ms, found.low))
    assert decode(SparseKernels, encode(found), "kernels") == found


def test_what_keeps_the_sparse_kernels_away_is_named(tmp_path: Path) -> None:
    path = write_affine_int8(tmp_path / "int8.tflite")
    found = missing(path, audit_file(path))
    assert "weights in float" in found
    assert "1 x 1 convolutions" in found
    assert "weights stored without their zeros" in found


@pytest.fixture(scope="module")
def mobile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of the form that the kernels take, as dense.tflite and, stored without its zeros, as sparse.tflite."""
    folder = tmp_path_factory.mktemp("mobile")
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("make_sparse.py"), folder], capture_output=True, text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_a_file_stored_without_its_zeros_is_the_one_stored_with_them(mobile: Path) -> None:
    dense, sparse = (read_tflite(mobile / f"{name}.tflite") for name in ("dense", "sparse"))
    assert [weight.sparse for weight in dense] == [False] * 4
    assert any(weight.sparse for weight in sparse)
    for one, other in zip(dense, sparse, strict=True):
        assert np.array_equal(one.real(), other.real())


@pytest.mark.slow
def test_a_file_of_the_right_form_is_eligible_and_its_twin_runs(mobile: Path, tmp_path: Path) -> None:
    path = mobile / "sparse.tflite"
    assert missing(path, audit_file(path)) == ()
    dense = mobile / "dense.tflite"
    assert missing(dense, audit_file(dense)) == ("weights stored without their zeros",)
    twin = tmp_path / "twin.tflite"
    twin.write_bytes(dense_twin(path))
    opened = TFLiteFile(twin)
    assert "DENSIFY" not in {opened.kind(operator) for operator in opened.model.subgraphs[0].operators}
    assert audit_file(twin).zeros == 0.0
    assert load(twin)(np.ones((1, 16, 16, 3), np.float32)).shape == (1, 1, 1, 8)
