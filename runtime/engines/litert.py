"""TFLite files by LiteRT (``ai-edge-litert``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import UnreadableModel, UsageError, first_line, require
from ..native_log import native_log_silenced
from ..tensors import Quantization, TensorSpec

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]


_CUSTOM_FIX = "custom operators are code that came with the program the file was made for; export it without them"
_STATE_MARKS = ("LSTM", "RNN", "SVDF", "VAR", "CALL", "WHILE", "IF", "Custom", "Flex")


class LiteRT:
    """A TFLite file in the LiteRT interpreter, on XNNPACK where it applies.

    Inputs and outputs go by the names of the file's signature, or by tensor names where it has none.
    """

    title = "LiteRT"
    package = "ai_edge_litert"
    extra = "tflite"

    def __init__(self, path: Path, threads: int, batch: int | None = None) -> None:
        self._source = (path, threads, batch)
        interpreter = self._open()
        self.name = f"{self.title} {require(self.package, self.extra).__version__}"
        inputs, outputs = _named_tensors(interpreter)
        self.inputs = tuple(_spec(name, tensor, path) for name, tensor in inputs.items())
        self.outputs = tuple(_spec(name, tensor, path) for name, tensor in outputs.items())
        self._input_indices = [int(tensor["index"]) for tensor in inputs.values()]
        self._output_indices = [int(tensor["index"]) for tensor in outputs.values()]
        self._has_resources = "VAR_HANDLE" in _operator_names(self._wrapper)

    def _open(self) -> Any:
        """Load the file, in the state in which it begins."""
        path, threads, batch = self._source
        litert = require(f"{self.package}.interpreter", self.extra)
        try:
            with native_log_silenced():
                interpreter = litert.Interpreter(str(path), num_threads=threads)
                if batch is not None:
                    _resize(interpreter, batch)
                interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            fix = _CUSTOM_FIX if "custom op" in str(error) else None
            raise UnreadableModel(
                f"{self.title} cannot load this file", where=path, got=first_line(error), fix=fix
            ) from error
        self._interpreter = interpreter
        # The wrapper below the Python class: its methods skip a reference count check on every call, which matters
        # when a whole inference takes 5 microseconds. What the check guards against, views that outlive the engine's
        # memory, are never handed out here.
        self._wrapper = interpreter._interpreter
        self._untouched = True
        return interpreter

    def run(self, arrays: Sequence[Array]) -> list[Array]:
        """Run one inference; see `Engine.run`."""
        self._invoke(arrays)
        return [self._wrapper.GetTensor(index, 0) for index in self._output_indices]

    def run_into(self, arrays: Sequence[Array], out: Sequence[Array]) -> None:
        """Run one inference into the caller's arrays; see `Engine.run_into`."""
        self._invoke(arrays)
        for index, array in zip(self._output_indices, out, strict=True):
            np.copyto(array, self._interpreter.tensor(index)())

    def reset(self) -> None:
        """Set the file's internal state to zero; see `Engine.reset`."""
        if not self._has_resources:
            self._wrapper.ResetVariableTensors()
        elif not self._untouched:
            self._open()  # the interpreter resets variable tensors only, and keeps resource variables

    def shortcut(self) -> Callable[[Array], Array]:
        """The shortest way through; see `Engine.shortcut`."""
        if self._has_resources:
            return self._run_afresh
        wrapper = self._wrapper
        reset, give, invoke, take = wrapper.ResetVariableTensors, wrapper.SetTensor, wrapper.Invoke, wrapper.GetTensor
        (into,), (outof,) = self._input_indices, self._output_indices

        def call(array: Array) -> Array:
            give(into, array)
            invoke()
            return take(outof, 0)  # type: ignore[no-any-return]

        def call_afresh(array: Array) -> Array:
            reset()
            return call(array)

        return call_afresh if _may_keep_state(wrapper) else call

    def _run_afresh(self, array: Array) -> Array:
        self.reset()
        return self.run([array])[0]

    def _invoke(self, arrays: Sequence[Array]) -> None:
        self._untouched = False
        try:
            for index, array in zip(self._input_indices, arrays, strict=True):
                self._wrapper.SetTensor(index, array)
            self._wrapper.Invoke()
        except (ValueError, RuntimeError) as error:
            raise UsageError(f"{self.title} could not run this model", got=first_line(error)) from error


def _may_keep_state(wrapper: Any) -> bool:
    """Whether an operator may keep state in variable tensors: recurrent ones, and whatever calls others."""
    return any(mark in name for name in _operator_names(wrapper) for mark in _STATE_MARKS)


def _operator_names(wrapper: Any) -> set[str]:
    return {wrapper.NodeName(i) for i in range(wrapper.NumNodes())}


def _resize(interpreter: Any, batch: int) -> None:
    for tensor in interpreter.get_input_details():
        interpreter.resize_tensor_input(tensor["index"], [batch, *tensor["shape"][1:]])


def _named_tensors(interpreter: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tensor details by the name that a caller uses, inputs and outputs."""
    signatures = interpreter.get_signature_list()
    if len(signatures) == 1:
        runner = interpreter.get_signature_runner(next(iter(signatures)))
        return dict(runner.get_input_details()), dict(runner.get_output_details())
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    return {tensor["name"]: tensor for tensor in inputs}, {tensor["name"]: tensor for tensor in outputs}


def _spec(name: str, tensor: dict[str, Any], path: Path) -> TensorSpec:
    dtype = np.dtype(tensor["dtype"])
    if dtype.kind not in "fiub":
        raise UnreadableModel(
            "This file has an input or output that is not a plain tensor", where=path, got=f"{name} of type {dtype}"
        )
    scale, zero_point = tensor["quantization"]
    stored = dtype.kind in "iu" and scale != 0.0
    return TensorSpec(
        name=name,
        shape=tuple(int(size) for size in tensor["shape"]),
        dtype=dtype.name,
        quantization=Quantization(float(scale), int(zero_point)) if stored else None,
    )
