"""Two models on the same samples: counterparts are found by name or place, and a difference is never passed over."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_models import (
    WEIGHTS,
    affine,
    write_affine,
    write_affine_hybrid,
    write_affine_int8,
    write_lookup,
    write_sum_and_difference,
)

from litefoot.runtime import Metric, TensorSpec, Tolerance
from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import InputMismatch, MissingDependency, SampleError, UsageError
from litefoot.runtime.graph import read_graph
from litefoot.runtime.storage.files import read_arrays
from litefoot.runtime.verification.comparison import Comparison, Subject, Terms, compare
from litefoot.runtime.verification.matching import match, sort_out
from litefoot.runtime.verification.subjects import open_subject, precision_of

X = np.random.default_rng(3).integers(-9, 10, (60, 3)).astype(np.float32)
LABELS = affine(X).argmax(-1)


def compared(first: Path, second: Path, terms: Terms | None = None, **arrays: Any) -> Comparison:
    return compare(open_subject(first), open_subject(second), arrays or {"x": X}, terms or Terms())


@pytest.mark.parametrize("first", [".tflite", ".onnx"])
@pytest.mark.parametrize("second", [".tflite", ".onnx"])
def test_files_of_any_format_that_compute_the_same_pass(tmp_path: Path, first: str, second: str) -> None:
    files = write_affine(tmp_path / f"a{first}"), write_affine_int8(tmp_path / f"b{second}")
    found = compared(*files)
    assert (found.verdict.status, found.samples, found.precision, found.notes) == ("passed", 60, "int8", ())
    assert found.verdict.artifact == files[1].name
    drift = found.verdict.outputs[0].drift
    assert drift is not None
    assert drift.max_steps == pytest.approx(drift.max_abs / 0.5)


def test_another_weight_fails_in_either_direction(tmp_path: Path) -> None:
    other = WEIGHTS.copy()
    other[0, 0] += 0.01
    files = write_affine(tmp_path / "a.tflite"), write_affine(tmp_path / "b.onnx", weights=other)
    for pair in (files, files[::-1]):
        found = compared(*pair)
        assert (found.verdict.status, found.precision) == ("failed", "fp32")
        assert "y: values outside" in found.verdict.reason
    assert compared(*files, Terms(tolerance=Tolerance(0.2, 0.0, None))).verdict.passed
    assert compared(*files, Terms(precision="int8")).verdict.passed


def test_a_bundle_and_its_golden_samples_are_compared_as_they_are(tiny_bundle: Path, tmp_path: Path) -> None:
    golden = read_arrays(tiny_bundle / "golden.npz")
    first, second = open_subject(tiny_bundle, artifact="fp32.onnx"), open_subject(tiny_bundle)
    found = compare(first, second, golden, Terms())
    assert (first.name, second.name) == ("bundle:fp32.onnx", "bundle:int8.tflite")
    assert found.verdict.passed
    assert found.verdict.task is not None
    assert (found.verdict.task.metric, found.verdict.task.samples) == ("accuracy", 150)
    against_file = compare(open_subject(write_affine(tmp_path / "a.tflite")), second, golden, Terms())
    assert against_file.verdict.task is not None
    assert compare(first, second, {"x": golden["input/x"]}, Terms()).verdict.task is None


def test_tensors_without_names_in_common_are_matched_by_place_and_that_is_said(tmp_path: Path) -> None:
    named, plain = write_affine(tmp_path / "a.onnx"), write_affine(tmp_path / "b.tflite", signature=False)
    found = compared(named, plain, values=X)
    assert found.verdict.passed
    assert found.notes == (
        "input x of a.onnx is given values",
        "input t_x of b.tflite is given values",
        "output t_y of b.tflite is compared with y",
    )


def test_names_stand_above_places(tmp_path: Path) -> None:
    files = write_sum_and_difference(tmp_path / "a.onnx"), write_sum_and_difference(tmp_path / "b.tflite")
    a, b = np.ones((4, 2), np.float32), np.arange(8, dtype=np.float32).reshape(4, 2)
    found = compared(*files, b=b, a=a)
    assert found.verdict.passed
    assert found.notes == ()


def test_the_metric_is_measured_where_there_are_labels(tmp_path: Path) -> None:
    files = write_affine(tmp_path / "a.onnx"), write_affine(tmp_path / "b.tflite", weights=WEIGHTS[::-1])
    terms = Terms(Tolerance(100.0, 0.0, None), metric=Metric("accuracy", 0.01))
    task = compared(*files, terms, x=X, labels=LABELS).verdict.task
    assert task is not None
    assert (task.reference, task.status) == (1.0, "failed")
    with pytest.raises(SampleError, match="needs labels"):
        compared(*files, terms, x=X)
    with pytest.raises(SampleError, match="cannot be measured"):
        compared(*files, terms, x=X, labels=LABELS[:, np.newaxis])
    with pytest.raises(SampleError, match="cannot be measured"):
        compared(*files, replace(terms, kinds={"y": "mask"}), x=X, labels=LABELS)
    with pytest.raises(UsageError, match="no such output"):
        compared(*files, replace(terms, kinds={"z": "logits"}), x=X, labels=LABELS)


def test_a_kind_decides_which_figures_there_are(tmp_path: Path) -> None:
    files = write_affine(tmp_path / "a.onnx"), write_affine(tmp_path / "b.onnx")
    assert "top-1 agreement" not in [check.name for check in compared(*files).verdict.outputs[0].checks]
    found = compared(*files, Terms(kinds={"y": "logits"}))
    assert "top-1 agreement" in [check.name for check in found.verdict.outputs[0].checks]


@pytest.mark.parametrize(
    "arrays",
    [
        {},
        {"x": X[:0]},
        {"labels": LABELS},
        {"x": X, "z": X},
        {"x": X, "labels": LABELS[:-1]},
        {"x": X, "label": LABELS, "y_true": LABELS},
        {"x": X.reshape(60, 3, 1)},
        {"image": X[:, :2]},
        {"image": X.astype(np.int64)},
        {"x": np.float32(1.0)},
    ],
)
def test_samples_that_belong_to_no_such_model_are_refused(tmp_path: Path, arrays: Mapping[str, Any]) -> None:
    files = open_subject(write_affine(tmp_path / "a.onnx")), open_subject(write_affine(tmp_path / "b.tflite"))
    with pytest.raises((SampleError, InputMismatch)):
        compare(*files, arrays, Terms())


def test_models_of_different_inputs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SampleError, match="not for this model"):
        compared(write_affine(tmp_path / "a.onnx"), write_lookup(tmp_path / "b.onnx"))


def subject(outputs: Mapping[str, Any], state: Mapping[str, str] | None = None) -> Subject:
    specs = tuple(TensorSpec(name, (None, *array.shape[1:]), str(array.dtype)) for name, array in outputs.items())
    contract = None if state is None else ModelContract((), specs, "", state=dict(state))
    inputs = (TensorSpec("x", (None, 3), "float32"),)
    return Subject("s", "none", inputs, specs, lambda *_: outputs, contract, "fp32")


ONE = np.ones((60, 2), np.float32)


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ({"p": ONE, "q": 2 * ONE}, {"q": ONE, "p": 2 * ONE}, "p: values outside"),
        ({"p": ONE, "q": 2 * ONE}, {"p": ONE}, "q: output missing"),
        ({"p": ONE}, {"p": ONE, "q": ONE}, "q: output unexpected"),
        ({"p": ONE}, {"q": ONE[:, :1]}, "p: output missing"),
        ({"p": ONE}, {"p": ONE[:, :1]}, "p: shape"),
        ({"p": ONE}, {"p": ONE.astype(np.float64)}, "p: dtype"),
        ({"p": ONE}, {"p": np.where(np.arange(2) > 0, ONE, np.float32(np.nan))}, "p: values not finite 60"),
        ({"p": ONE * np.float32(np.inf)}, {"p": ONE}, "p: reference values not finite"),
    ],
)
def test_what_differs_in_kind_fails(first: dict[str, Any], second: dict[str, Any], reason: str) -> None:
    verdict = compare(subject(first), subject(second), {"x": X}, Terms(tolerance=Tolerance(0.5, 0.0, None))).verdict
    assert verdict.status == "failed"
    assert reason in verdict.reason


def test_a_tolerance_of_a_contract_stands_before_the_usual_one() -> None:
    first, second = subject({"p": ONE}, {}), subject({"p": ONE + np.float32(0.1)})
    assert not compare(first, second, {"x": X}, Terms()).verdict.passed
    assert first.contract is not None
    own = replace(first, contract=replace(first.contract, tolerances={"p": {"fp32": Tolerance(0.2, 0.0, None)}}))
    assert compare(own, second, {"x": X}, Terms()).verdict.passed


def test_the_precision_of_a_file_is_that_of_what_it_computes(tmp_path: Path) -> None:
    writers: dict[str, Callable[[Path], Path]] = {
        "fp32": write_affine, "dynamic": write_affine_hybrid, "int8": write_affine_int8,
    }  # fmt: skip
    for suffix in (".tflite", ".onnx"):
        for precision, write in writers.items():
            assert precision_of(read_graph(write(tmp_path / f"{precision}{suffix}"))) == precision


def test_a_board_without_what_reads_onnx_files_is_asked_for_the_precision(
    tmp_path: Path, without: Callable[[str], None]
) -> None:
    file = write_affine(tmp_path / "a.onnx")
    without("onnx")
    assert open_subject(file).precision is None
    with pytest.raises(MissingDependency, match="--precision"):
        compared(file, file)
    assert compared(file, file, Terms(precision="fp32")).verdict.passed
    assert compared(file, file, Terms(Tolerance(0.0, 0.0, None))).verdict.passed


def test_a_copy_of_a_bundle_equals_it_to_the_bit(tiny_bundle: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(tiny_bundle, tmp_path / "copy"))
    terms = Terms(Tolerance(0.0, 0.0, None))
    assert compare(open_subject(tiny_bundle), open_subject(copy), {"x": X}, terms).verdict.passed


def test_matching_takes_names_first_and_places_only_where_all_fit() -> None:
    def specs(**shapes: tuple[int | None, ...]) -> list[TensorSpec]:
        return [TensorSpec(name, shape, "float32") for name, shape in shapes.items()]

    wanted = specs(a=(None, 2), b=(None, 3))
    assert match(wanted, specs(b=(1, 3), a=(1, 2))) == {"a": "a", "b": "b"}
    assert match(wanted, specs(b=(1, 3), z=(1, 2))) == {"b": "b", "a": "z"}
    assert match(wanted, specs(p=(5, 2), q=(5, None))) == {"a": "p", "b": "q"}
    assert match(wanted, specs(p=(5, 3), q=(5, 2))) == {}
    assert match(wanted, specs(p=(5, 2))) == {}
    assert match([], []) == {}


def test_a_label_that_is_an_input_is_none() -> None:
    assert sort_out({"x": X, "y": X}, {"x", "y"})[1] is None
    assert sort_out({"x": X, "Labels": LABELS}, {"x"})[1] is LABELS
