"""Sequences step by step: what one step leaves, the next one finds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tiny_models import write_accumulator, write_affine, write_sum_and_difference

from litefoot.runtime.engines import choose, start
from litefoot.runtime.errors import InputMismatch, UsageError
from litefoot.runtime.model import load
from litefoot.runtime.streaming import Sequences

U = np.array([[0.5, -0.25], [0.125, 0.75]], np.float32)
W = np.array([[1.0, -1.0], [0.5, 0.25], [-0.75, 0.5]], np.float32)
X = np.ones((1, 3), np.float32)


def write_cell(path: Path) -> Path:
    """One step of a simple recurrent network: h' = tanh(x W + h U); y is h' too."""
    nodes = [
        helper.make_node("MatMul", ["x", "W"], ["xw"]),
        helper.make_node("MatMul", ["h", "U"], ["hu"]),
        helper.make_node("Add", ["xw", "hu"], ["sum"]),
        helper.make_node("Tanh", ["sum"], ["next_h"]),
        helper.make_node("Identity", ["next_h"], ["y"]),
    ]
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size]) for name, size in (("x", 3), ("h", 2))]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2]) for name in ("y", "next_h")]
    weights = [numpy_helper.from_array(W, "W"), numpy_helper.from_array(U, "U")]
    graph = helper.make_graph(nodes, "cell", inputs, outputs, weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def whole_sequence(xs: np.ndarray) -> np.ndarray:
    h, answers = np.zeros((1, 2)), []
    for x in xs:
        h = np.tanh(x[np.newaxis] @ W + h @ U)
        answers.append(h[0])
    return np.array(answers)


def test_steps_give_what_the_whole_sequence_gives(tmp_path: Path) -> None:
    xs = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    stream = load(write_cell(tmp_path / "cell.onnx")).stream({"h": "next_h"})
    np.testing.assert_allclose([stream(x[np.newaxis])[0] for x in xs], whole_sequence(xs), atol=1e-6)


def test_reset_begins_anew(tmp_path: Path) -> None:
    stream = load(write_cell(tmp_path / "cell.onnx")).stream({"h": "next_h"})
    first, second = stream(X), stream(X)
    assert not np.array_equal(first, second)
    stream.reset()
    np.testing.assert_array_equal(stream(X), first)


def test_streams_and_calls_of_a_model_do_not_disturb_each_other(tmp_path: Path) -> None:
    model = load(write_accumulator(tmp_path / "model.tflite"))
    one, other, x = model.stream(), model.stream(), np.ones((1, 1), np.float32)
    assert [step(x).item() for step in (one, other, one, model, one)] == [1, 1, 2, 1, 3]


def test_a_file_that_keeps_its_state_inside_streams_too(tmp_path: Path) -> None:
    stream = load(write_accumulator(tmp_path / "model.tflite")).stream()
    assert [stream(np.full((1, 1), value, np.float32)).item() for value in (1, 2, 3)] == [1, 3, 6]
    stream.reset()
    assert stream(np.full((1, 1), 5, np.float32)).item() == 5


@pytest.mark.parametrize("suffix", [".tflite", ".onnx"])
def test_state_is_wired_in_both_formats(tmp_path: Path, suffix: str) -> None:
    stream = load(write_sum_and_difference(tmp_path / f"model{suffix}")).stream({"b": "sum"})
    a = np.ones((1, 2), np.float32)
    # b is 0, 1, 2: the sums before; the only output that is not state is a - b.
    assert [stream(a=a).tolist() for _ in range(3)] == [[[1, 1]], [[0, 0]], [[-1, -1]]]


@pytest.mark.parametrize(("given", "named"), [((X,), {}), ((), {"x": X}), (({"x": X},), {})])
def test_a_step_is_given_by_position_name_or_dict(tmp_path: Path, given: tuple, named: dict) -> None:
    stream = load(write_cell(tmp_path / "cell.onnx")).stream({"h": "next_h"})
    np.testing.assert_allclose(stream(*given, **named), whole_sequence(X), atol=1e-6)


@pytest.mark.parametrize(
    ("state", "words"),
    [({"c": "next_h"}, "does not have"), ({"h": "next_c"}, "does not have"), ({"x": "y"}, "differ in shape")],
)
def test_wiring_that_cannot_be_is_refused(tmp_path: Path, state: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        load(write_cell(tmp_path / "cell.onnx")).stream(state)


def test_a_model_that_is_all_state_cannot_be_fed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="none to feed"):
        load(write_sum_and_difference(tmp_path / "model.onnx")).stream({"a": "sum", "b": "difference"})


@pytest.mark.parametrize("given", [{"h": X[:, :2]}, {"z": X}, {}], ids=str)
def test_other_inputs_than_those_of_a_step_are_refused(tmp_path: Path, given: dict[str, np.ndarray]) -> None:
    with pytest.raises(InputMismatch, match=r"\['x'\]"):
        load(write_cell(tmp_path / "cell.onnx")).stream({"h": "next_h"})(**given)


def test_a_step_given_both_ways_is_refused(tmp_path: Path) -> None:
    stream = load(write_cell(tmp_path / "cell.onnx")).stream({"h": "next_h"})
    with pytest.raises(InputMismatch, match="not both"):
        stream(X, x=X)


def test_a_model_without_state_streams_as_it_is_called(tmp_path: Path) -> None:
    model = load(write_affine(tmp_path / "model.onnx"))
    np.testing.assert_array_equal(model.stream()(X), model(X))


def test_a_stream_goes_back_to_a_state_that_was_read(tmp_path: Path) -> None:
    stream = load(write_cell(tmp_path / "cell.onnx")).stream({"h": "next_h"})
    stream(X)
    kept = stream.state
    one, other = stream(X), stream(-X)
    stream.state = kept
    np.testing.assert_array_equal(stream(X), one)
    np.testing.assert_array_equal(stream(-X), other)


def test_state_that_a_file_keeps_inside_is_neither_read_nor_set(tmp_path: Path) -> None:
    stream = load(write_accumulator(tmp_path / "model.tflite")).stream()
    with pytest.raises(UsageError, match="state is an input"):
        _ = stream.state
    with pytest.raises(UsageError, match="not the state"):
        load(write_cell(tmp_path / "cell.onnx")).stream({"h": "next_h"}).state = {"c": np.zeros((1, 2), np.float32)}


@pytest.mark.parametrize("count", [1, 5])
def test_whole_sequences_give_what_a_stream_gives(tmp_path: Path, count: int) -> None:
    model = load(write_cell(tmp_path / "cell.onnx"))
    xs = np.random.default_rng(0).normal(size=(count, 7, 3)).astype(np.float32)
    sequences = Sequences(
        lambda batch: start(choose(tmp_path / "cell.onnx"), tmp_path / "cell.onnx", 1, batch),
        1,
        {"h": "next_h"},
        "cell",
    )
    done: list[tuple[int, int]] = []
    answers = sequences.predict({"x": xs}, lambda *progress: done.append(progress))["y"]
    for sequence, answer in zip(xs, answers, strict=True):
        stream = model.stream({"h": "next_h"})
        np.testing.assert_array_equal(np.stack([stream(x[np.newaxis])[0] for x in sequence]), answer)
    assert done[-1] == (count, count)


def test_no_sequence_has_no_answers(tmp_path: Path) -> None:
    path = write_cell(tmp_path / "cell.onnx")
    sequences = Sequences(lambda batch: start(choose(path), path, 1, batch), 1, {"h": "next_h"}, "cell")
    answers = sequences.predict({"x": np.zeros((0, 4, 3), np.float32)})
    assert {name: (array.shape, array.dtype.name) for name, array in answers.items()} == {"y": ((0, 4, 2), "float32")}


def test_a_file_made_for_several_samples_takes_sequences_so_many_at_a_time(tmp_path: Path) -> None:
    path = write_sum_and_difference(tmp_path / "model.tflite", batch=2)
    sequences = Sequences(lambda batch: start(choose(path), path, 1, batch), 1, {"b": "sum"}, "model")
    a = np.arange(3 * 4 * 2, dtype=np.float32).reshape(3, 4, 2)
    before = np.cumsum(a, axis=1) - a
    np.testing.assert_array_equal(sequences.predict({"a": a})["difference"], a - before)
