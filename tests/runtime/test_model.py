"""Arrays of real values in and out of every kind of file, on the real engines; and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_models import (
    TABLE,
    affine,
    write_affine,
    write_affine_hybrid,
    write_affine_int8,
    write_lookup,
    write_negation,
    write_sum_and_difference,
)

from litefoot.runtime.errors import InputMismatch
from litefoot.runtime.model import load

SUFFIXES = (".tflite", ".onnx")
X = np.array([[1.0, 2.0, 3.0]], np.float32)
A, B = np.array([[5.0, 7.0]], np.float32), np.array([[1.0, 9.0]], np.float32)

both = pytest.mark.parametrize("suffix", SUFFIXES)
every_affine = pytest.mark.parametrize(
    ("write", "suffix"),
    [
        (write, suffix)
        for write in (
            write_affine,
            write_affine_int8,
            write_affine_hybrid,
            lambda path: write_affine_int8(path, float_io=True),
        )
        for suffix in SUFFIXES
        if suffix == ".tflite" or write in (write_affine, write_affine_int8, write_affine_hybrid)
    ],
)


@every_affine
@pytest.mark.parametrize("x", [X, -X, np.zeros_like(X), np.array([[9.0, -4.0, 0.0]])], ids=str)
def test_the_answer_is_the_one_worked_out_by_hand(
    tmp_path: Path, write: Callable[[Path], Path], suffix: str, x: Any
) -> None:
    answer = load(write(tmp_path / f"model{suffix}"))(x)
    assert answer.dtype == np.float32
    # Hybrid kernels quantize the activations to 8 bits as they go.
    np.testing.assert_allclose(answer, affine(x), atol=0.2 if write is write_affine_hybrid else 1e-6)


def test_stored_inputs_and_outputs_are_rounded_to_their_steps(tmp_path: Path) -> None:
    model = load(write_affine_int8(tmp_path / "model.tflite"))
    assert model.inputs[0].dtype == model.outputs[0].dtype == "int8"
    # 1.2 is stored as 1.0, 0.3 as 0.5: 1 * 1.0 + 1 = 2 and 0.5 * 1.0 + 3 * 0.5 - 1 = 1.
    assert model(np.array([[1.2, 0.3, 0.0]])).tolist() == [[2.0, 1.0]]


def test_stored_values_saturate_at_the_ends_of_their_range(tmp_path: Path) -> None:
    model = load(write_affine_int8(tmp_path / "model.tflite"))
    # The input ends at 0.5 * (127 - 3) = 62, the output at 0.5 * (127 + 4) = 65.5.
    assert model(np.array([[1e9, 0.0, 0.0]])).tolist() == [[63.0, 30.0]]
    assert model(np.array([[0.0, 1e9, 0.0]])).tolist() == [[1.0, 65.5]]


@both
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_any_float_is_taken_and_float32_returned(tmp_path: Path, suffix: str, dtype: str) -> None:
    answer = load(write_affine(tmp_path / f"model{suffix}"))(X.astype(dtype))
    assert answer.dtype == np.float32
    np.testing.assert_array_equal(answer, affine(X))


@every_affine
def test_any_memory_layout_gives_the_same(tmp_path: Path, write: Callable[[Path], Path], suffix: str) -> None:
    model = load(write(tmp_path / f"model{suffix}"))
    strided = np.stack([X[0], X[0] + 50], axis=1).T[:1]
    assert not strided.flags.c_contiguous
    np.testing.assert_array_equal(model(strided), model(X))
    np.testing.assert_array_equal(model(X[:, ::-1]), model(X[:, ::-1].copy()))


@both
def test_several_inputs_go_by_name_and_several_outputs_return_by_name(tmp_path: Path, suffix: str) -> None:
    model = load(write_sum_and_difference(tmp_path / f"model{suffix}"))
    for answer in (model(a=A, b=B), model(b=B, a=A), model({"a": A, "b": B}), model.run({"b": B, "a": A})):
        assert isinstance(answer, dict)
        assert {name: array.tolist() for name, array in answer.items()} == {"sum": [[6, 16]], "difference": [[4, -2]]}


def test_without_signature_the_tensors_names_count(tmp_path: Path) -> None:
    model = load(write_sum_and_difference(tmp_path / "model.tflite", signature=False))
    assert model(t_a=A, t_b=B)["t_difference"].tolist() == [[4, -2]]


@both
def test_a_single_input_goes_by_position_name_or_dict_and_run_always_answers_by_name(
    tmp_path: Path, suffix: str
) -> None:
    model = load(write_affine(tmp_path / f"model{suffix}"))
    for answer in (model(X), model(x=X), model({"x": X}), model.run({"x": X})["y"]):
        np.testing.assert_array_equal(answer, affine(X))


@every_affine
def test_an_answer_is_the_callers_own(tmp_path: Path, write: Callable[[Path], Path], suffix: str) -> None:
    model = load(write(tmp_path / f"model{suffix}"))
    first = model(X)
    kept = first.copy()
    second = model(-X)
    np.testing.assert_array_equal(first, kept)
    first[:] = 1000.0
    np.testing.assert_array_equal(model(-X), second)
    np.testing.assert_array_equal(model(X), kept)


@both
def test_the_callers_input_is_not_changed(tmp_path: Path, suffix: str) -> None:
    given = X.copy()
    load(write_affine_int8(tmp_path / f"model{suffix}"))(given)
    np.testing.assert_array_equal(given, X)


@both
@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8"])
def test_whole_numbers_are_taken_where_the_model_wants_them(tmp_path: Path, suffix: str, dtype: str) -> None:
    model = load(write_lookup(tmp_path / f"model{suffix}"))
    assert model(np.array([2], dtype)).tolist() == [TABLE[2].tolist()]
    with pytest.raises(InputMismatch, match=r"got: +float32\[1\][\s\S]*expected: int"):
        model(np.array([2.0], np.float32))


@both
def test_a_model_of_scalars_takes_and_returns_scalars(tmp_path: Path, suffix: str) -> None:
    answer = load(write_negation(tmp_path / f"model{suffix}"))(np.array(2.0, np.float32))
    assert answer.shape == ()
    assert answer == -2.0


@both
def test_a_free_batch_dimension_takes_a_batch_and_a_fixed_one_does_not(tmp_path: Path, suffix: str) -> None:
    model = load(write_affine(tmp_path / f"model{suffix}"))
    batch = np.concatenate([X, -X])
    if suffix == ".onnx":
        np.testing.assert_array_equal(model(batch), affine(batch))
    else:
        with pytest.raises(InputMismatch, match=r"float32\[2, 3\][\s\S]*float32\[1, 3\]"):
            model(batch)


@both
@pytest.mark.parametrize(
    ("x", "got"),
    [
        (X[0], r"float32\[3\]"),
        (X[:, :2], r"float32\[1, 2\]"),
        (X[..., np.newaxis], r"float32\[1, 3, 1\]"),
        (np.zeros((1, 3), np.int64), r"int64\[1, 3\]"),
        (np.zeros((1, 3), np.int8), r"int8\[1, 3\]"),
        (np.zeros((1, 3), bool), r"bool\[1, 3\]"),
        (np.zeros((1, 3), complex), r"complex128\[1, 3\]"),
        (np.array([["a", "b", "c"]]), r"<U1\[1, 3\]"),
    ],
)
@pytest.mark.parametrize("write", [write_affine, write_affine_int8])
def test_a_wrong_shape_or_type_is_named_with_the_right_one(
    tmp_path: Path, suffix: str, x: Any, got: str, write: Callable[[Path], Path]
) -> None:
    model = load(write(tmp_path / f"model{suffix}"))
    with pytest.raises(InputMismatch, match=rf"model{suffix}, input x[\s\S]*{got}[\s\S]*float32\[[1?], 3\]"):
        model(x)


@both
@pytest.mark.parametrize("names", [["a"], ["a", "c"], ["a", "b", "c"], []], ids=str)
def test_wrong_names_are_named_with_the_right_ones(tmp_path: Path, suffix: str, names: list[str]) -> None:
    model = load(write_sum_and_difference(tmp_path / f"model{suffix}"))
    given = dict.fromkeys(names, A)
    for call in (model.run, model, lambda inputs: model(**inputs)):
        with pytest.raises(InputMismatch) as refused:
            call(given)
        assert str(names) in str(refused.value)
        assert "['a', 'b']" in str(refused.value)


def test_several_inputs_by_position_or_both_ways_are_refused(tmp_path: Path) -> None:
    model = load(write_sum_and_difference(tmp_path / "model.onnx"))
    with pytest.raises(InputMismatch, match=r"several inputs[\s\S]*a float32\[\?, 2\]"):
        model(A)
    with pytest.raises(InputMismatch, match="not both"):
        model({"a": A}, b=B)
