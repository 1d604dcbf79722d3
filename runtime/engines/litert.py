"""TFLite files by LiteRT (``ai-edge-litert``)."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..contract import Quantization, TensorSpec
from ..errors import UnreadableModel, UsageError, first_line, require
from ..native_log import native_log_silenced

Array = npt.NDArray[Any]


class LiteRT:
    """A TFLite file in the LiteRT interpreter, on XNNPACK where it applies.

    Inputs and outputs go by the names of the file's signature, or by tensor names where it has none.
    """

    def __init__(self, path: Path, threads: int) -> None:
        litert = require("ai_edge_litert.interpreter", "tflite")
        try:
            with native_log_silenced():
                interpreter = litert.Interpreter(str(path), num_threads=threads)
                interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise UnreadableModel("LiteRT cannot load this file", where=path, got=first_line(error)) from error
        self.name = f"LiteRT {importlib.metadata.version('ai-edge-litert')}"
        inputs, outputs = _named_tensors(interpreter)
        self.inputs = tuple(_spec(name, tensor) for name, tensor in inputs.items())
        self.outputs = tuple(_spec(name, tensor) for name, tensor in outputs.items())
        self._input_indices = [tensor["index"] for tensor in inputs.values()]
        self._output_indices = [tensor["index"] for tensor in outputs.values()]
        self._interpreter = interpreter

    def run(self, arrays: Sequence[Array]) -> list[Array]:
        """Run one inference; see `Engine.run`."""
        interpreter = self._interpreter
        interpreter.reset_all_variables()  # a fused LSTM keeps its state between invocations
        try:
            for index, array in zip(self._input_indices, arrays, strict=True):
                interpreter.set_tensor(index, array)
            interpreter.invoke()
        except (ValueError, RuntimeError) as error:
            raise UsageError("LiteRT could not run this model", got=first_line(error)) from error
        return [interpreter.get_tensor(index) for index in self._output_indices]


def _named_tensors(interpreter: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tensor details by the name that a caller uses, inputs and outputs."""
    signatures = interpreter.get_signature_list()
    if len(signatures) == 1:
        runner = interpreter.get_signature_runner(next(iter(signatures)))
        return dict(runner.get_input_details()), dict(runner.get_output_details())
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    return {tensor["name"]: tensor for tensor in inputs}, {tensor["name"]: tensor for tensor in outputs}


def _spec(name: str, tensor: dict[str, Any]) -> TensorSpec:
    dtype = np.dtype(tensor["dtype"])
    scale, zero_point = tensor["quantization"]
    stored = dtype.kind in "iu" and scale != 0.0
    return TensorSpec(
        name=name,
        shape=tuple(int(size) for size in tensor["shape"]),
        dtype=dtype.name,
        quantization=Quantization(float(scale), int(zero_point)) if stored else None,
    )
