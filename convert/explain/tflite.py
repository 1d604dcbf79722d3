"""TFLite files by LiteRT's interpreter, which can keep every tensor."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from litefoot.runtime.errors import UnreadableModel, first_line, require
from litefoot.runtime.native_log import native_log_silenced
from litefoot.runtime.quantization import dequantize, quantize
from litefoot.runtime.tensors import Quantization, TensorSpec

from ..tflite_tables import dtype_name, is_constant, operator_name, pack_tables, read_tables
from .probe import Array, Node, Storage

_CONVERSIONS = ("QUANTIZE", "DEQUANTIZE")
_INTEGERS = ("int8", "uint8", "int16")
_GIVEN = "__given"


class TfliteProbe:
    """A TFLite file; see `Probe`.

    Run without delegates: XNNPACK's kernels keep their own intermediate values. Its results differ from these by a few
    steps.

    Args:
        model: The file's tables.
        path: The file, for messages.
        given: For the name of each tensor that was cut, the index of the one that stands for it.
        outputs_alone: Keep no other tensors than the outputs.
    """

    def __init__(
        self, model: Any, path: Path, given: Mapping[str, int] | None = None, *, outputs_alone: bool = False
    ) -> None:
        self._model, self._path, self._given = model, path, dict(given or {})
        self._graph = model.subgraphs[0]
        self.names = _unique_names(self._graph)
        self._interpreter = _start(pack_tables(model), path, keep=not outputs_alone)
        self._operators = [(operator_name(model, operator), operator) for operator in self._graph.operators]
        inputs, outputs = _signature(model)
        self._stored_in, self._read_instead = self._find_copies(list(inputs.values()))
        self.input_tensors = {name: self.names[index] for name, index in inputs.items()}
        self.output_tensors = {
            name: self.names[self._read_instead.get(index, index)] for name, index in outputs.items()
        }
        self.inputs = tuple(self._spec(name, index) for name, index in inputs.items())
        self.nodes = tuple(self._node(name, operator) for name, operator in self._operators if name not in _CONVERSIONS)
        made = [int(index) for _, operator in self._operators for index in operator.outputs]
        kept = [index for index in made if index in outputs.values()] if outputs_alone else [*inputs.values(), *made]
        self._kept = {self.names[index]: index for index in dict.fromkeys(kept)}
        self.storage = {name: self._storage(index) for name, index in self._kept.items()}

    @classmethod
    def open(cls, path: Path) -> TfliteProbe:
        """Load a file.

        Args:
            path: The ``.tflite`` file.

        Returns:
            Its probe.
        """
        return cls(read_tables(path), path)

    def run(self, given: Mapping[str, Array], tensors: Mapping[str, Array] | None = None) -> dict[str, Array]:
        """Make one call; see `Probe.run`."""
        self._interpreter.reset_all_variables()
        indices = {name: index for index, name in self.names.items()}
        for spec in self.inputs:
            self._set(indices[self.input_tensors[spec.name]], given[spec.name])
        for name, index in self._given.items():
            self._set(index, (tensors or {})[name])
        self._interpreter.invoke()
        values = {name: self._read(index) for name, index in self._kept.items()}
        return {name: array for name, array in values.items() if array is not None}

    def cut(self, tensors: Sequence[str], *, outputs_alone: bool = False) -> TfliteProbe:
        """Give some tensors from outside; see `Probe.cut`."""
        model = copy.copy(self._model)
        graph = copy.copy(self._graph)
        graph.tensors, graph.inputs = list(graph.tensors), [int(index) for index in graph.inputs]
        instead: dict[int, int] = {}
        for index in (i for i, name in self.names.items() if name in tensors):
            stand_in = copy.copy(graph.tensors[index])
            stand_in.name, stand_in.buffer = stand_in.name + _GIVEN.encode(), 0
            instead[index] = len(graph.tensors)
            graph.inputs.append(len(graph.tensors))
            graph.tensors.append(stand_in)
        graph.operators = [_rewired(operator, instead) for operator in graph.operators]
        if outputs_alone:
            graph.operators = _needed(graph.operators, {int(index) for index in _listed(graph.outputs)})
        model.subgraphs = [graph, *model.subgraphs[1:]]
        given = {self.names[index]: new for index, new in instead.items()}
        return TfliteProbe(model, self._path, given, outputs_alone=outputs_alone)

    def _node(self, kind: str, operator: Any) -> Node:
        inputs = [int(index) for index in _listed(operator.inputs) if index >= 0]
        fixed = [index for index in inputs if is_constant(self._model, self._graph.tensors[index])]
        return Node(
            operator=kind,
            name="",
            inputs=tuple(self.names[index] for index in inputs if index not in fixed),
            outputs=tuple(self.names[int(index)] for index in operator.outputs),
            constants=tuple(self.names[index] for index in fixed),
        )

    def _find_copies(self, inputs: Sequence[int]) -> tuple[dict[int, int], dict[int, int]]:
        """For tensors of floats, the quantized one that says how they are stored, and the one to read instead.

        What DEQUANTIZE wrote is read before it; an input that is quantized at once, behind that. Another tensor of
        floats that is quantized for all its readers stays what it is: that rounding is its readers' need, and goes
        away with them.
        """
        made: dict[int, int] = {}
        readers: dict[int, list[tuple[str, int]]] = {}
        for name, operator in self._operators:
            for index in operator.inputs:
                readers.setdefault(int(index), []).append((name, int(operator.outputs[0])))
            if name == "DEQUANTIZE":
                made[int(operator.outputs[0])] = int(operator.inputs[0])
        copies = {index: uses[0][1] for index, uses in readers.items() if {name for name, _ in uses} == {"QUANTIZE"}}
        return copies | made, made | {index: copies[index] for index in inputs if index in copies}

    def _storage(self, index: int) -> Storage:
        own = self._graph.tensors[self._read_instead.get(index, index)]
        for tensor in (own, self._graph.tensors[self._stored_in.get(index, index)]):
            if (quantization := _quantization(tensor)) is not None:
                return Storage.of(dtype_name(own), quantization, dtype_name(tensor))
        return Storage(dtype_name(own))

    def _spec(self, name: str, index: int) -> TensorSpec:
        tensor = self._graph.tensors[index]
        shape = tuple(int(size) for size in _listed(tensor.shape))
        return TensorSpec(name, shape, dtype_name(tensor), quantization=_quantization(tensor))

    def _set(self, index: int, values: Array) -> None:
        tensor = self._graph.tensors[index]
        if (quantization := _quantization(tensor)) is not None and np.asarray(values).dtype.kind == "f":
            values = quantize(np.asarray(values), quantization, dtype_name(tensor))
        self._interpreter.set_tensor(index, np.ascontiguousarray(values, dtype_name(tensor)))

    def _read(self, index: int) -> Array | None:
        index = self._read_instead.get(index, index)
        quantization = _quantization(self._graph.tensors[index])
        array: Array = self._interpreter.get_tensor(index)
        if quantization is not None:
            return dequantize(array, quantization)
        if array.dtype.kind == "f":
            return array.astype(np.float32, copy=False)
        return array if self.names[index] in self.output_tensors.values() else None


def _quantization(tensor: Any) -> Quantization | None:
    if tensor.quantization is None or dtype_name(tensor) not in _INTEGERS:
        return None
    scales, zeros = _listed(tensor.quantization.scale), _listed(tensor.quantization.zeroPoint)
    if len(scales) != 1 or not scales[0] > 0:
        return None
    return Quantization(float(scales[0]), int(zeros[0]) if zeros else 0)


def _start(content: bytes, path: Path, *, keep: bool) -> Any:
    litert = require("ai_edge_litert.interpreter", "convert")
    try:
        with native_log_silenced():
            interpreter = litert.Interpreter(
                model_content=content,
                num_threads=1,
                experimental_preserve_all_tensors=keep,
                experimental_op_resolver_type=litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            )
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise UnreadableModel("LiteRT cannot load this file", where=path, got=first_line(error)) from error
    return interpreter


def _unique_names(graph: Any) -> dict[int, str]:
    """Names by index; where two tensors share one, all but the first carry their index."""
    names: dict[int, str] = {}
    used: set[str] = set()
    for index, tensor in enumerate(graph.tensors):
        name = (tensor.name or b"").decode(errors="replace")
        names[index] = name if name and name not in used else f"{name}#{index}"
        used.add(names[index])
    return names


def _signature(model: Any) -> tuple[dict[str, int], dict[str, int]]:
    signatures = _listed(model.signatureDefs)
    if len(signatures) == 1:
        sides = (signatures[0].inputs, signatures[0].outputs)
        inputs, outputs = ({each.name.decode(): int(each.tensorIndex) for each in side} for side in sides)
        return inputs, outputs
    graph = model.subgraphs[0]
    inputs, outputs = (
        {graph.tensors[int(index)].name.decode(): int(index) for index in _listed(side)}
        for side in (graph.inputs, graph.outputs)
    )
    return inputs, outputs


def _rewired(operator: Any, instead: Mapping[int, int]) -> Any:
    changed = copy.copy(operator)
    changed.inputs = [instead.get(int(index), int(index)) for index in _listed(operator.inputs)]
    return changed


def _needed(operators: Sequence[Any], wanted: set[int]) -> list[Any]:
    """The operators that some tensors depend on, in their order."""
    kept = []
    for operator in reversed(operators):
        if wanted & {int(index) for index in operator.outputs}:
            wanted = wanted | {int(index) for index in operator.inputs}
            kept.append(operator)
    return kept[::-1]


def _listed(values: Any) -> list[Any]:
    return [] if values is None else list(values)
