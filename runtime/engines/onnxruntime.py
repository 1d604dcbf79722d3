"""ONNX files by ONNX Runtime, on its CPU provider."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UnreadableModel, UsageError, first_line, require
from ..tensors import TensorSpec

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]


_DTYPES = {
    "tensor(float)": "float32", "tensor(double)": "float64", "tensor(float16)": "float16",
    "tensor(int8)": "int8", "tensor(uint8)": "uint8", "tensor(int16)": "int16", "tensor(uint16)": "uint16",
    "tensor(int32)": "int32", "tensor(uint32)": "uint32", "tensor(int64)": "int64", "tensor(uint64)": "uint64",
    "tensor(bool)": "bool",
}  # fmt: skip
_FATAL_ONLY = 4


class OnnxRuntime:
    """An ONNX file in an inference session with all graph optimisations."""

    def __init__(self, path: Path, threads: int, batch: int | None = None) -> None:
        ort = require("onnxruntime", "onnx")
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _FATAL_ONLY  # errors arrive as exceptions
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
        if batch is not None and any(not spec.shape or spec.shape[0] is not None for spec in self.inputs):
            raise UnreadableModel("This file's batch dimension is fixed", where=path, got=self.inputs[0])
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

    def run_into(self, arrays: Sequence[Array], out: Sequence[Array]) -> None:
        """Run one inference into the caller's arrays; see `Engine.run_into`."""
        binding = self._session.io_binding()
        try:
            for name, array in zip(self._input_names, arrays, strict=True):
                binding.bind_cpu_input(name, array)
            for name, array in zip(self._output_names, out, strict=True):
                binding.bind_output(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
            self._session.run_with_iobinding(binding)
        except Exception as error:
            raise UsageError("ONNX Runtime could not run this model", got=first_line(error)) from error

    def reset(self) -> None:
        """Nothing to do: an ONNX file keeps no state between runs."""

    def shortcut(self) -> Callable[[Array], Array]:
        """The shortest way through; see `Engine.shortcut`."""
        run = self._session._sess.run
        names, (name,) = self._output_names, self._input_names
        return lambda array: run(names, {name: array}, None)[0]


def _spec(tensor: Any, path: Path) -> TensorSpec:
    if tensor.type not in _DTYPES:
        raise UnreadableModel(
            "This file has an input or output that is not a plain tensor",
            where=path,
            got=f"{tensor.name}: {tensor.type}",
        )
    shape = tuple(size if isinstance(size, int) else None for size in tensor.shape)
    return TensorSpec(name=tensor.name, shape=shape, dtype=_DTYPES[tensor.type])
