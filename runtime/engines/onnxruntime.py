"""ONNX files by ONNX Runtime, on its CPU provider."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt

from ..contract import TensorSpec
from ..errors import UnreadableModel, UsageError, first_line, require

Array = npt.NDArray[Any]

_DTYPES = {
    "tensor(float)": "float32", "tensor(double)": "float64", "tensor(float16)": "float16",
    "tensor(int8)": "int8", "tensor(uint8)": "uint8", "tensor(int16)": "int16", "tensor(uint16)": "uint16",
    "tensor(int32)": "int32", "tensor(int64)": "int64", "tensor(bool)": "bool",
}  # fmt: skip
_ERRORS_ONLY = 3


class OnnxRuntime:
    """An ONNX file in an inference session with all graph optimisations."""

    def __init__(self, path: Path, threads: int) -> None:
        ort = require("onnxruntime", "onnx")
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        try:
            # Without the fallback, which prints to the standard output and then tries the same again.
            session = ort.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"], enable_fallback=False
            )
        except Exception as error:
            raise UnreadableModel("ONNX Runtime cannot load this file", where=path, got=first_line(error)) from error
        self.name = f"ONNX Runtime {ort.__version__}"
        self.inputs = tuple(_spec(tensor, path) for tensor in session.get_inputs())
        self.outputs = tuple(_spec(tensor, path) for tensor in session.get_outputs())
        self._input_names = [spec.name for spec in self.inputs]
        self._output_names = [spec.name for spec in self.outputs]
        self._session = session

    def run(self, arrays: Sequence[Array]) -> list[Array]:
        """Run one inference; see `Engine.run`."""
        feed = dict(zip(self._input_names, arrays, strict=True))
        try:
            return list(self._session.run(self._output_names, feed))
        except Exception as error:
            raise UsageError("ONNX Runtime could not run this model", got=first_line(error)) from error


def _spec(tensor: Any, path: Path) -> TensorSpec:
    if tensor.type not in _DTYPES:
        raise UnreadableModel(
            "This file has an input or output that is not a plain tensor",
            where=path,
            got=f"{tensor.name}: {tensor.type}",
        )
    shape = tuple(size if isinstance(size, int) else None for size in tensor.shape)
    return TensorSpec(name=tensor.name, shape=shape, dtype=_DTYPES[tensor.type])
