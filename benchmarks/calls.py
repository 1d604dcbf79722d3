"""One inference through `Model` beside the engine called by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from litefoot.runtime import load

from .harness import Row, alternate, microseconds, plain_code
from .models import SPECTROGRAM

ADDED_US = 1.0
QUANTIZED_RATIO = 0.7


def litert_by_hand(path: Path, image: Any) -> Callable[[], object]:
    """The plain way on LiteRT."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path), num_threads=1)
    interpreter.allocate_tensors()
    input_index = interpreter.get_input_details()[0]["index"]
    output_index = interpreter.get_output_details()[0]["index"]

    def call() -> object:
        interpreter.set_tensor(input_index, image)
        interpreter.invoke()
        return interpreter.get_tensor(output_index)

    return call


def onnxruntime_by_hand(path: Path, image: Any) -> Callable[[], object]:
    """The plain way on ONNX Runtime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options)
    name = session.get_inputs()[0].name
    return lambda: session.run(None, {name: image})


def quantized_by_hand(path: Path, values: Any) -> Callable[[], object]:
    """The usual numpy idiom around an int8 file on LiteRT."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path), num_threads=1)
    interpreter.allocate_tensors()
    given, returned = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero_point = given["quantization"]
    output_scale, output_zero_point = returned["quantization"]

    def call() -> object:
        stored = np.clip(np.round(values / scale + zero_point), -128, 127).astype(np.int8)
        interpreter.set_tensor(given["index"], stored)
        interpreter.invoke()
        return (interpreter.get_tensor(returned["index"]).astype(np.float32) - output_zero_point) * output_scale

    return call


def run(bundle: Path) -> list[Row]:
    """Measure one call at batch 1: float I/O on both engines, and integer I/O called with floats.

    Args:
        bundle: Of the digits.

    Returns:
        The comparisons.
    """
    image = np.random.default_rng(0).random((1, 8, 8, 1), dtype=np.float32)
    rows = []
    for name, by_hand in (
        ("fp32.tflite", litert_by_hand),
        ("int8.tflite", litert_by_hand),
        ("fp32.onnx", onnxruntime_by_hand),
        ("int8.onnx", onnxruntime_by_hand),
    ):
        model = load(bundle, artifact=name)
        ours, peer = alternate(lambda model=model: model(image), by_hand(bundle / "models" / name, image))
        target = f"adds <= {ADDED_US:g} us ({ours - peer:+.2f})"
        met, code = ours - peer <= ADDED_US, plain_code(by_hand)
        rows.append(Row(f"model(x), digits {name}", microseconds(ours), microseconds(peer), target, met, code))
    values = np.random.default_rng(0).random((1, 1960), dtype=np.float32)
    model = load(SPECTROGRAM)
    ours, peer = alternate(lambda: model(values), quantized_by_hand(SPECTROGRAM, values))
    target = f"ratio <= {QUANTIZED_RATIO} ({ours / peer:.2f})"
    met, code = ours <= QUANTIZED_RATIO * peer, plain_code(quantized_by_hand)
    rows.append(Row("model(x), 1,960 floats, int8 file", microseconds(ours), microseconds(peer), target, met, code))
    return rows
