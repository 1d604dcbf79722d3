"""State that a TFLite file keeps between inferences, in a fused LSTM or in a variable: callers must not notice."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from litefoot.runtime import Bundle, load
from litefoot.runtime.graph import read_graph

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bundle(tiny_trained: Path, litefoot: Callable[..., subprocess.CompletedProcess[str]]) -> Path:
    out = tiny_trained / "fused-bundle"
    done = litefoot("convert", tiny_trained / "fused", "--out", out, "--variants", "fp32.tflite", "fp32.onnx")
    assert done.returncode == 0, done.stdout + done.stderr  # with state carried over, 36 dB instead of 140
    return out


def test_the_operator_is_the_fused_one(bundle: Path) -> None:
    graph = read_graph(bundle / "models" / "fp32.tflite")
    assert [operator.count for operator in graph.operators if operator.name == "UNIDIRECTIONAL_SEQUENCE_LSTM"] == [1]


def test_every_call_and_every_sample_begins_from_zero(bundle: Path) -> None:
    model = load(bundle, artifact="fp32.tflite")
    steps = Bundle(bundle).golden().inputs["steps"]
    first = model(steps[:1])
    model(steps[1:2])
    np.testing.assert_array_equal(model(steps[:1]), first)
    np.testing.assert_array_equal(model.predict(np.repeat(steps[:1], 100, axis=0)), np.repeat(first, 100, axis=0))


def test_a_stream_goes_on_where_it_was_until_it_is_reset(bundle: Path) -> None:
    model = load(bundle, artifact="fp32.tflite")
    steps = Bundle(bundle).golden().inputs["steps"][:1]
    stream = model.stream()
    first, second = stream(steps), stream(steps)
    np.testing.assert_array_equal(first, model(steps))
    assert not np.array_equal(first, second)
    stream.reset()
    np.testing.assert_array_equal(stream(steps), first)


def test_a_resource_variable_begins_from_its_first_value_too(tiny_trained: Path) -> None:
    model, one = load(tiny_trained / "counter.tflite"), np.ones((1, 1), np.float32)
    assert [model(one).item() for _ in range(3)] == [1.0, 1.0, 1.0]
    assert [model.run({"x": one})["y"].item() for _ in range(2)] == [1.0, 1.0]
    assert model.predict(np.repeat(one, 40, axis=0)).tolist() == [[1.0]] * 40
    stream = model.stream()
    assert [stream(one).item() for _ in range(3)] == [1.0, 2.0, 3.0]
    stream.reset()
    assert stream(one).item() == 1.0
