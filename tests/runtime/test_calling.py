"""The other ways to call a model: the file's own types, the caller's arrays, and from many threads."""

from __future__ import annotations

import gc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from tiny_models import (
    affine,
    write_accumulator,
    write_affine,
    write_affine_int8,
    write_affine_uint8,
    write_lookup,
    write_negation,
    write_sum_and_difference,
)

from litefoot.cli.main import main
from litefoot.runtime.errors import InputMismatch
from litefoot.runtime.model import load

X = np.array([[1.0, 2.0, 3.0]], np.float32)
A, B = np.array([[5.0, 7.0]], np.float32), np.array([[1.0, 9.0]], np.float32)

both = pytest.mark.parametrize("suffix", [".tflite", ".onnx"])
float_and_int8 = pytest.mark.parametrize("write", [write_affine, write_affine_int8])


def test_raw_takes_and_returns_what_the_file_stores(tmp_path: Path) -> None:
    model = load(write_affine_int8(tmp_path / "model.tflite"))
    given, returned = model.inputs[0].quantization, model.outputs[0].quantization
    assert given is not None
    assert returned is not None
    stored = model((X / given.scale + given.zero_point).astype(np.int8), raw=True)
    assert stored.dtype == np.int8
    np.testing.assert_array_equal((stored.astype(np.float32) - returned.zero_point) * returned.scale, affine(X))


@pytest.mark.parametrize("x", [X, -X, np.zeros_like(X)], ids=str)
def test_the_older_quantization_in_uint8_is_called_with_real_values_too(tmp_path: Path, x: np.ndarray) -> None:
    model = load(write_affine_uint8(tmp_path / "model.tflite"))
    assert model.inputs[0].dtype == model.outputs[0].dtype == "uint8"
    np.testing.assert_array_equal(model(x), affine(x))
    np.testing.assert_array_equal(model.predict(np.repeat(x, 50, axis=0)), np.repeat(affine(x), 50, axis=0))


def test_raw_refuses_real_values_for_a_file_of_integers(tmp_path: Path) -> None:
    with pytest.raises(InputMismatch, match=r"(?s)float32\[1, 3\].*int8\[1, 3\]"):
        load(write_affine_int8(tmp_path / "model.tflite"))(X, raw=True)


@both
@float_and_int8
def test_out_is_written_and_returned(tmp_path: Path, write: Callable[[Path], Path], suffix: str) -> None:
    out = np.full((1, 2), np.nan, np.float32)
    assert load(write(tmp_path / f"model{suffix}"))(X, out=out) is out
    np.testing.assert_array_equal(out, affine(X))


@both
def test_out_takes_several_outputs_by_name(tmp_path: Path, suffix: str) -> None:
    out = {"sum": np.zeros((1, 2), np.float32), "difference": np.zeros((1, 2), np.float32)}
    load(write_sum_and_difference(tmp_path / f"model{suffix}"))(a=A, b=B, out=out)
    np.testing.assert_array_equal(out["sum"], A + B)
    np.testing.assert_array_equal(out["difference"], A - B)


def test_out_may_lie_apart_in_memory(tmp_path: Path) -> None:
    wide = np.zeros((1, 4), np.float32)
    load(write_affine(tmp_path / "model.tflite"))(X, out=wide[:, ::2])
    np.testing.assert_array_equal(wide, [[affine(X)[0, 0], 0.0, affine(X)[0, 1], 0.0]])


@both
@pytest.mark.parametrize(
    "out", [np.zeros((1, 3), np.float32), np.zeros((2, 2), np.float32), np.zeros((1, 2), np.float64)], ids=str
)
def test_out_that_does_not_fit_is_refused_with_both_sides(tmp_path: Path, suffix: str, out: np.ndarray) -> None:
    with pytest.raises(InputMismatch, match=r"(?s)output y.*got.*expected: float32\[1, 2\]"):
        load(write_affine(tmp_path / f"model{suffix}"))(X, out=out)


def test_out_of_another_name_is_refused(tmp_path: Path) -> None:
    model = load(write_sum_and_difference(tmp_path / "model.tflite"))
    with pytest.raises(InputMismatch, match="sum: ndarray"):
        model(a=A, b=B, out={"total": np.zeros((1, 2), np.float32)})


@both
@float_and_int8
def test_out_that_may_not_be_written_is_left_alone(tmp_path: Path, write: Callable[[Path], Path], suffix: str) -> None:
    out = np.zeros((1, 2), np.float32)
    out.flags.writeable = False
    with pytest.raises(InputMismatch, match="read-only"):
        load(write(tmp_path / f"model{suffix}"))(X, out=out)
    assert not out.any()


def test_out_that_is_no_array_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputMismatch, match="list"):
        load(write_affine(tmp_path / "model.tflite"))(X, out=[0.0, 0.0])  # type: ignore[arg-type]


@both
@float_and_int8
def test_bytes_in_another_order_are_the_same_values(tmp_path: Path, write: Callable[[Path], Path], suffix: str) -> None:
    model = load(write(tmp_path / f"model{suffix}"))
    swapped = X.astype(X.dtype.newbyteorder())
    np.testing.assert_array_equal(model(swapped), model(X))
    np.testing.assert_array_equal(model.predict(swapped), model(X))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_largest_numbers_saturate_without_a_warning(tmp_path: Path, dtype: str) -> None:
    model = load(write_affine_int8(tmp_path / "model.tflite"))
    largest = np.finfo(dtype).max
    np.testing.assert_array_equal(model(np.full((1, 3), largest, dtype)), model(np.full((1, 3), np.inf, dtype)))


def test_a_value_that_is_no_number_is_refused_by_a_file_of_integers(tmp_path: Path) -> None:
    model = load(write_affine_int8(tmp_path / "model.tflite"))
    with pytest.raises(InputMismatch, match="NaN"):
        model(np.array([[1.0, np.nan, 0.0]], np.float32))


def test_infinity_becomes_the_largest_integer(tmp_path: Path) -> None:
    model = load(write_affine_int8(tmp_path / "model.tflite"))
    largest = model(np.array([[1e6, 0.0, 0.0]], np.float32))
    np.testing.assert_array_equal(model(np.array([[np.inf, 0.0, 0.0]], np.float32)), largest)


@both
def test_whole_numbers_that_would_wrap_around_are_refused(tmp_path: Path, suffix: str) -> None:
    model = load(write_lookup(tmp_path / f"model{suffix}"))
    large = np.array([2**64 - 1], np.uint64)
    with pytest.raises(InputMismatch, match=r"18446744073709551615[\s\S]*int(32|64)"):
        model(large)


def write_identity(path: Path, kind: int, *, inputs: bool = True) -> Path:
    node = helper.make_node("Identity", ["x"], ["y"])
    tensors = [helper.make_tensor_value_info(name, kind, [1, 2]) for name in ("x", "y")]
    constants = [] if inputs else [helper.make_tensor("x", kind, [1, 2], [1, 0])]
    graph = helper.make_graph([node], "identity", tensors[:1] if inputs else [], tensors[1:], constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_truth_is_given_as_0_and_1_too(tmp_path: Path) -> None:
    model = load(write_identity(tmp_path / "model.onnx", TensorProto.BOOL))
    np.testing.assert_array_equal(model(np.array([[0, 1]])), [[False, True]])
    with pytest.raises(InputMismatch, match="bool, 0 to 1"):
        model(np.array([[0, 2]]))


@pytest.mark.parametrize("dtype", ["uint32", "uint64"])
def test_large_whole_numbers_without_a_sign_go_through(tmp_path: Path, dtype: str) -> None:
    model = load(write_identity(tmp_path / "model.onnx", helper.np_dtype_to_tensor_dtype(np.dtype(dtype))))
    given = np.array([[0, np.iinfo(dtype).max]], dtype)
    np.testing.assert_array_equal(model(given), given)


def test_a_model_without_inputs_is_called_and_measured_but_not_run_on_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_identity(tmp_path / "model.onnx", TensorProto.FLOAT, inputs=False)
    np.testing.assert_array_equal(load(path)(), [[1.0, 0.0]])
    assert main(["bench", str(path), "--rounds", "1", "--seconds", "0.01"]) == 0
    np.save(tmp_path / "x.npy", X)
    assert main(["run", str(path), "--input", str(tmp_path / "x.npy")]) == 2
    assert "takes no input" in capsys.readouterr().err


def test_every_call_begins_with_a_fresh_state(tmp_path: Path) -> None:
    model = load(write_accumulator(tmp_path / "model.tflite"))
    one = np.ones((1, 1), np.float32)
    assert [model(one).item() for _ in range(3)] == [1.0, 1.0, 1.0]
    assert model.run({"x": one})["y"].item() == 1.0


@both
def test_a_model_without_dimensions_is_called_like_any_other(tmp_path: Path, suffix: str) -> None:
    assert load(write_negation(tmp_path / f"model{suffix}"))(np.array(2.0, np.float32)).item() == -2.0


@both
@float_and_int8
def test_32_threads_get_their_own_answers_and_memory_does_not_grow(
    tmp_path: Path, write: Callable[[Path], Path], suffix: str
) -> None:
    model = load(write(tmp_path / f"model{suffix}"))
    threads, calls = 32, 100_000 // 32 // 2  # twice: 100,000 calls of each file

    def call_often(number: int) -> int:
        x = np.array([[number % 8, -(number % 5), number % 3]], np.float32)
        expected = affine(x)
        return sum(not np.array_equal(model(x), expected) for _ in range(calls))

    with ThreadPoolExecutor(threads) as pool:
        assert sum(pool.map(call_often, range(threads))) == 0
        before = _resident_bytes()
        assert sum(pool.map(call_often, range(threads))) == 0
    gc.collect()
    assert _resident_bytes() - before < 4e6


def _resident_bytes() -> int:
    status = Path("/proc/self/status")
    if not status.is_file():
        pytest.skip("this system does not tell how much memory a process holds")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024
