"""Both engines say truly what a file takes and returns, and translate what they refuse."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from tiny_models import (
    STORED_INPUT,
    STORED_OUTPUT,
    affine,
    write_accumulator,
    write_affine,
    write_affine_int8,
    write_custom,
    write_lookup,
    write_sum_and_difference,
)

from litefoot.runtime.engines import ENGINES, Engine, choose, start
from litefoot.runtime.errors import MissingDependency, UnreadableModel, UsageError
from litefoot.runtime.tensors import TensorSpec

X = np.array([[1.0, 2.0, 3.0]], np.float32)


def started(path: Path) -> Engine:
    return start(choose(path), path, threads=1)


@pytest.mark.parametrize(
    ("write", "file", "inputs", "outputs"),
    [
        (write_affine, "m.tflite", [TensorSpec("x", (1, 3), "float32")], [TensorSpec("y", (1, 2), "float32")]),
        (write_affine, "m.onnx", [TensorSpec("x", (None, 3), "float32")], [TensorSpec("y", (None, 2), "float32")]),
        (
            write_affine_int8,
            "m.tflite",
            [TensorSpec("x", (1, 3), "int8", quantization=STORED_INPUT)],
            [TensorSpec("y", (1, 2), "int8", quantization=STORED_OUTPUT)],
        ),
        (write_lookup, "m.tflite", [TensorSpec("tokens", (1,), "int32")], [TensorSpec("rows", (1, 2), "float32")]),
        (write_lookup, "m.onnx", [TensorSpec("tokens", (None,), "int64")], [TensorSpec("rows", (None, 2), "float32")]),
        (
            lambda path: write_affine(path, signature=False),
            "m.tflite",
            [TensorSpec("t_x", (1, 3), "float32")],
            [TensorSpec("t_y", (1, 2), "float32")],
        ),
    ],
)
def test_what_a_file_takes_and_returns_is_read_from_it(
    tmp_path: Path,
    write: Callable[[Path], Path],
    file: str,
    inputs: list[TensorSpec],
    outputs: list[TensorSpec],
) -> None:
    engine = started(write(tmp_path / file))
    assert list(engine.inputs) == inputs
    assert list(engine.outputs) == outputs


@pytest.mark.parametrize("file", ["m.tflite", "m.onnx"])
def test_arrays_go_in_and_come_out_in_the_order_of_the_specifications(tmp_path: Path, file: str) -> None:
    engine = started(write_sum_and_difference(tmp_path / file))
    given = {"a": np.array([[5.0, 7.0]], np.float32), "b": np.array([[1.0, 9.0]], np.float32)}
    answers = engine.run([given[spec.name] for spec in engine.inputs])
    by_name = {spec.name: answer.tolist() for spec, answer in zip(engine.outputs, answers, strict=True)}
    assert by_name == {"sum": [[6, 16]], "difference": [[4, -2]]}


def test_an_engine_runs_in_the_files_own_types(tmp_path: Path) -> None:
    engine = started(write_affine_int8(tmp_path / "m.tflite"))
    (answer,) = engine.run([(X / 0.5 + 3).astype(np.int8)])
    assert answer.dtype == np.int8
    np.testing.assert_array_equal(answer, affine(X) / 0.5 - 4)


def test_state_lasts_until_it_is_reset(tmp_path: Path) -> None:
    engine, one = started(write_accumulator(tmp_path / "m.tflite")), np.ones((1, 1), np.float32)
    assert [engine.run([one])[0].item() for _ in range(3)] == [1.0, 2.0, 3.0]
    engine.reset()
    assert engine.run([one])[0].item() == 1.0


def test_the_shortcut_begins_with_a_fresh_state(tmp_path: Path) -> None:
    call, one = started(write_accumulator(tmp_path / "m.tflite")).shortcut(), np.ones((1, 1), np.float32)
    assert [call(one).item() for _ in range(3)] == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("file", ["m.tflite", "m.onnx"])
def test_outputs_are_written_into_the_callers_arrays(tmp_path: Path, file: str) -> None:
    out = np.empty((1, 2), np.float32)
    started(write_affine(tmp_path / file)).run_into([X], [out])
    np.testing.assert_array_equal(out, affine(X))


@pytest.mark.parametrize(("file", "name"), [("m.tflite", "LiteRT "), ("m.onnx", "ONNX Runtime ")])
def test_an_engine_names_itself_with_its_version(tmp_path: Path, file: str, name: str) -> None:
    engine = started(write_affine(tmp_path / file))
    assert engine.name.startswith(name)
    assert engine.name.removeprefix(name)[0].isdigit()


@pytest.mark.parametrize("file", ["m.tflite", "m.onnx"])
def test_loading_and_running_prints_nothing(tmp_path: Path, file: str) -> None:
    path = write_affine(tmp_path / file)
    program = f"import numpy; from litefoot.runtime import load; load({str(path)!r})(numpy.zeros((1, 3)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout + done.stderr == ""


@pytest.mark.parametrize("file", ["m.tflite", "m.onnx"])
def test_what_an_engine_cannot_run_is_a_usage_error(tmp_path: Path, file: str) -> None:
    engine = started(write_affine(tmp_path / file))
    with pytest.raises(UsageError, match="could not run this model"):
        engine.run([np.zeros((1, 4), np.float32)])
    np.testing.assert_array_equal(engine.run([X])[0], affine(X))


def test_an_operator_that_no_engine_knows_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableModel, match="Mystery"):
        started(write_custom(tmp_path / "m.tflite"))
    path = write_affine(tmp_path / "m.onnx")
    model = onnx.load(str(path))
    model.graph.node[0].op_type = "Mystery"
    onnx.save(model, str(path))
    with pytest.raises(UnreadableModel, match="Mystery"):
        started(path)


def test_an_input_that_is_no_plain_tensor_is_refused(tmp_path: Path) -> None:
    texts = helper.make_tensor_value_info("texts", TensorProto.STRING, (1,))
    shape = helper.make_tensor_value_info("size", TensorProto.INT64, (1,))
    graph = helper.make_graph([helper.make_node("Shape", ["texts"], ["size"])], "texts", [texts], [shape])
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(tmp_path / "m.onnx")
    )
    with pytest.raises(UnreadableModel, match=r"not a plain tensor[\s\S]*texts: tensor\(string\)"):
        started(tmp_path / "m.onnx")


@pytest.mark.parametrize(
    ("file", "engine", "chosen"),
    [
        ("m.tflite", None, "litert"),
        ("M.TFLITE", None, "litert"),
        ("m.onnx", None, "onnxruntime"),
        ("m.tflite", "litert", "litert"),
        ("m.onnx", "onnxruntime", "onnxruntime"),
    ],
)
def test_the_suffix_chooses_the_engine(file: str, engine: str | None, chosen: str) -> None:
    assert choose(Path(file), engine).name == chosen


@pytest.mark.parametrize(
    ("file", "engine", "error", "named"),
    [
        ("m.tflite", "onnxruntime", UsageError, "expected: litert"),
        ("m.onnx", "litert", UsageError, "expected: onnxruntime"),
        ("m.onnx", "tensorrt", UsageError, "tensorrt"),
        ("m.pb", "litert", UsageError, r"a \.tflite or \.onnx file"),
        ("m.pb", None, UnreadableModel, r"\.tflite or \.onnx"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(file: str, engine: str | None, error: type[Exception], named: str) -> None:
    with pytest.raises(error, match=named):
        choose(Path(file), engine)


@pytest.mark.parametrize("choice", ENGINES, ids=lambda choice: choice.name)
def test_an_engine_that_is_not_installed_is_named_with_its_pip_line(choice, without: Callable[[str], None]) -> None:
    without(choice.package)
    line = rf'{choice.package} is not[\s\S]*pip install "litefoot\[{choice.extra}\]"'
    with pytest.raises(MissingDependency, match=line):
        choose(Path(f"m{choice.suffix}"), choice.name)


@pytest.mark.parametrize(("suffix", "first"), [(".tflite", "litert"), (".onnx", "onnxruntime")])
def test_without_any_engine_the_usual_one_is_named(suffix: str, first: str, without: Callable[[str], None]) -> None:
    for choice in ENGINES:
        without(choice.package)
    usual = next(choice for choice in ENGINES if choice.name == first)
    with pytest.raises(MissingDependency, match=rf'pip install "litefoot\[{usual.extra}\]"'):
        choose(Path(f"m{suffix}"))
