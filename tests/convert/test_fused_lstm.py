"""TFLite's fused LSTM keeps its state between inferences; whoever calls a model must not notice."""

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
