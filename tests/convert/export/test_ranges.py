"""The ranges that the quantizer is given: those of the values, known by construction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_models

from litefoot.convert.export.ranges import ranges_of

pytestmark = pytest.mark.filterwarnings("ignore:.*experimental_preserve_all_tensors")  # the calibrator's own use


def samples(path: Path, **arrays: object) -> str:
    np.savez(path, **{name: np.asarray(array, np.float32) for name, array in arrays.items()})
    return str(path)


def test_they_hold_the_smallest_and_the_largest_value_of_all_samples(tmp_path: Path) -> None:
    file = tiny_models.write_two_layers(
        tmp_path / "a.tflite", np.float32([[1.0, 0.0], [0.0, -2.0]]), np.float32([[1.0, 1.0]])
    )
    found = ranges_of(str(file), samples(tmp_path / "a.npz", x=[[1.0, -3.0], [-2.0, 0.5]]))
    bounds = {name: (entry["min"].item(), entry["max"].item()) for name, entry in found.items()}
    assert bounds["x"] == (-3.0, 1.0)
    assert bounds["one/dense/MatMul"] == (0.0, 6.0), "behind its ReLU"
    assert all(entry["min"].shape == (1, 1) for entry in found.values())


def test_another_file_of_the_same_bytes_is_not_run_again_and_one_of_others_is(tmp_path: Path) -> None:
    eye, row = np.eye(2, dtype=np.float32), np.ones((1, 2), np.float32)
    first = tiny_models.write_two_layers(tmp_path / "a.tflite", eye, row)
    same = tiny_models.write_two_layers(tmp_path / "b.tflite", eye, row)
    given = samples(tmp_path / "a.npz", x=[[1.0, 2.0]])
    found = ranges_of(str(first), given)
    assert ranges_of(str(same), samples(tmp_path / "b.npz", x=[[1.0, 2.0]])) is found
    tiny_models.write_two_layers(same, 2 * eye, row)
    assert ranges_of(str(same), given)["one/dense/MatMul"]["max"].item() == 4.0


def test_what_stands_for_nothing_makes_no_range_infinite(tmp_path: Path) -> None:
    file = tiny_models.write_masked(tmp_path / "masked.tflite", np.float32([[0.0, -np.inf]]))
    found = ranges_of(str(file), samples(tmp_path / "a.npz", scores=[[1.0, 2.0], [3.0, 4.0]]))
    assert all(np.isfinite(bound).all() for entry in found.values() for bound in (entry["min"], entry["max"]))
