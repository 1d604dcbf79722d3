"""One inference through `Model` beside the engine called by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from litefoot.runtime import load

from .harness import Pair, alternate, plain_code, show

ADDED_US = 1.0


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


def run(bundle: Path) -> bool:
    """Measure float I/O at batch 1 on both engines.

    Args:
        bundle: Of the digits.

    Returns:
        Whether the target was met.
    """
    image = np.random.default_rng(0).random((1, 8, 8, 1), dtype=np.float32)
    pairs = []
    for name, by_hand in (
        ("fp32.tflite", litert_by_hand),
        ("int8.tflite", litert_by_hand),
        ("fp32.onnx", onnxruntime_by_hand),
        ("int8.onnx", onnxruntime_by_hand),
    ):
        model = load(bundle, artifact=name)
        ours, peer = alternate(lambda model=model: model(image), by_hand(bundle / "models" / name, image))
        target = f"adds <= {ADDED_US} us ({ours - peer:+.2f})"
        pairs.append(Pair(f"model(x), digits {name}", ours, peer, target, ours - peer <= ADDED_US, plain_code(by_hand)))
    show("One call, float in, float out, batch 1", pairs)
    return all(pair.met for pair in pairs)
