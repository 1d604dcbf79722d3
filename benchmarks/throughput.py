"""`Model.predict` and verification of many samples beside a loop of single calls by hand."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from litefoot.convert.export.describe import describe
from litefoot.convert.report.bundling import write_manifest
from litefoot.convert.variants import Variant
from litefoot.runtime import Artifact, Golden, Metric, ModelContract, Tolerance, load
from litefoot.runtime.machine.board import usable_cores
from litefoot.runtime.storage.codec import decode, encode
from litefoot.runtime.storage.folder import write_arrays
from litefoot.runtime.storage.manifest import Manifest

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
        The comparisons.
    """
    samples = np.random.default_rng(0).random((SAMPLES, 96, 96, 3), dtype=np.float32)
    answers = loop_by_hand(MOBILENET, samples)
    model = load(MOBILENET)
    same = np.array_equal(model.predict(samples), answers)
    with tempfile.TemporaryDirectory() as folder:
        verified = load(_bundle(Path(folder), samples))
        golden = Golden({verified.inputs[0].name: samples}, {verified.outputs[0].name: answers}, answers.argmax(-1))
        passed = verified.selftest(golden).outputs[0].drift
        return [
            _compare("predict", samples, lambda: model.predict(samples), same=same),
            _compare(
                "verify", samples, lambda: verified.selftest(golden), same=passed is not None and not passed.max_abs
            ),
        ]


def _bundle(folder: Path, samples: Any) -> Path:
    """A bundle of the one file, whose limits are the last bit."""
    (folder / "models").mkdir()
    shutil.copy(MOBILENET, folder / "models" / MOBILENET.name)
    model = load(MOBILENET)
    given, returned = model.inputs[0], model.outputs[0]
    write_arrays(folder / "call.npz", {given.name: samples[:1]})
    variant = encode(Variant(MOBILENET.name, "tflite", "int8"))
    path, call = folder / "models" / MOBILENET.name, folder / "call.npz"
    artifact = decode(Artifact, describe(variant=variant, path=str(path), samples=str(call), state={}), "artifact")
    contract = ModelContract(
        inputs=(given._replace(shape=(None, *given.shape[1:])),),
        outputs=(returned._replace(shape=(None, *returned.shape[1:]), kind="probabilities"),),
        task="",
        metric=Metric("accuracy", 0.01),
    )
    exact = replace(artifact, tolerances={returned.name: Tolerance(0.0, 0.0, None)})
    manifest = Manifest("litefoot-bundle", 1, "throughput", contract, (exact,), (exact.name,), (), {})
    write_manifest(folder, manifest)
    return folder


def _compare(what: str, samples: Any, ours: Callable[[], object], *, same: bool) -> Row:
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        ours()
        middle = time.perf_counter()
        loop_by_hand(MOBILENET, samples)
        times[0].append((middle - begin) / SAMPLES * 1e6)
        times[1].append((time.perf_counter() - middle) / SAMPLES * 1e6)
    a, b = (float(np.median(series)) for series in times)
    gain = float(np.median(np.divide(times[1], times[0])))  # of neighbouring runs: the machine has slow moments
    target = f"throughput x {RATIO} ({gain:.2f} on {usable_cores()} cores, {'same bits' if same else 'OTHER NUMBERS'})"
    name = f"{what} of {SAMPLES:,}, MobileNetV2 int8, each"
    return Row(name, microseconds(a), microseconds(b), target, same and gain >= RATIO, plain_code(loop_by_hand))
