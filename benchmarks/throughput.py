"""`Model.predict` on many samples beside a loop of single calls by hand."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from litefoot.runtime import load
from litefoot.runtime.machine.board import usable_cores

from .harness import Row, microseconds, plain_code
from .models import MOBILENET

SAMPLES = 2000
ROUNDS = 15
RATIO = 1.8


def loop_by_hand(path: Path, samples: Any) -> Any:
    """The plain way: a loop over the samples."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path), num_threads=1)
    interpreter.allocate_tensors()
    input_index = interpreter.get_input_details()[0]["index"]
    output_index = interpreter.get_output_details()[0]["index"]
    outputs = []
    for i in range(len(samples)):
        interpreter.set_tensor(input_index, samples[i : i + 1])
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(output_index))
    return np.concatenate(outputs)


def run() -> list[Row]:
    """Measure 2,000 samples of MobileNetV2 0.35 at 96 x 96 in int8.

    Returns:
        The comparison.
    """
    samples = np.random.default_rng(0).random((SAMPLES, 96, 96, 3), dtype=np.float32)
    model = load(MOBILENET)
    same = np.array_equal(model.predict(samples), loop_by_hand(MOBILENET, samples))
    ours, peer = [], []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        model.predict(samples)
        middle = time.perf_counter()
        loop_by_hand(MOBILENET, samples)
        ours.append((middle - begin) / SAMPLES * 1e6)
        peer.append((time.perf_counter() - middle) / SAMPLES * 1e6)
    a, b = float(np.median(ours)), float(np.median(peer))
    gain = float(np.median(np.divide(peer, ours)))  # of neighbouring runs: the machine has slow moments
    target = f"throughput x {RATIO} ({gain:.2f} on {usable_cores()} cores, {'same bits' if same else 'OTHER NUMBERS'})"
    what = f"predict of {SAMPLES:,}, MobileNetV2 int8, each"
    return [Row(what, microseconds(a), microseconds(b), target, same and gain >= RATIO, plain_code(loop_by_hand))]
