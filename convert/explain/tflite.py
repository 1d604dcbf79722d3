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

from ..tflite_tables import constant, dtype_name, operator_name, pack_tables, read_tables
from .probe import Array, Node, Storage

_CONVERSIONS = ("QUANTIZE", "DEQUANTIZE")
_GIVEN = "__given"


class TfliteProbe:
    """A TFLite file; see `Probe`.

    Run without delegates: XNNPACK's kernels keep their own intermediate values. Its results differ from these by a few
    steps.

    Args:
        model: The file's tables.
        path: The file, for messages.
        given: For the name of each tensor that was cut, the index of the one that stands for it.
    """

    def __init__(self, model: Any, path: Path, given: Mapping[str, int] | None = None) -> None:
        self._model, self._path, self._given = model, path, dict(given or {})
        self._graph = model.subgraphs[0]
        self._names = _unique_names(self._graph)
        self._interpreter = _start(pack_tables(model), path)
        self._operators = [(operator_name(model, operator), operator) for operator in self._graph.operators]
        inputs, outputs = _signature(model)
        self.input_tensors = {name: self._names[index] for name, index in inputs.items()}
        self.output_tensors = {name: self._names[index] for name, index in outputs.items()}
        self.inputs = tuple(self._spec(name, index) for name, index in inputs.items())
        self.nodes = tuple(
            Node("" + name, "", self._named(operator.inputs), self._named(operator.outputs))
            for name, operator in self._operators
            if name not in _CONVERSIONS
        )
        self._stored_in = self._find_copies(inputs.values())
        kept = [*inputs.values(), *(int(i) for _, operator in self._operators for i in operator.outputs)]
        self._kept = {self._names[index]: index for index in dict.fromkeys(kept)}
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
        indices = {name: index for index, name in self._names.items()}
        for spec in self.inputs:
            self._set(indices[self.input_tensors[spec.name]], given[spec.name])
        for name, index in self._given.items():
            self._set(index, (tensors or {})[name])
        self._interpreter.invoke()
        values = {name: self._read(index) for name, index in self._kept.items()}
        return {name: array for name, array in values.items() if array is not None}

    def cut(self, tensors: Sequence[str]) -> TfliteProbe:
        """Give some tensors from outside; see `Probe.cut`."""
        model = copy.copy(self._model)
        graph = copy.copy(self._graph)
        graph.tensors, graph.inputs = list(graph.tensors), [int(index) for index in graph.inputs]
        instead: dict[int, int] = {}
        for index in (i for i, name in self._names.items() if name in tensors):
            stand_in = copy.copy(graph.tensors[index])
            stand_in.name, stand_in.buffer = stand_in.name + _GIVEN.encode(), 0
            instead[index] = len(graph.tensors)
            graph.inputs.append(len(graph.tensors))
            graph.tensors.append(stand_in)
        graph.operators = [_rewired(operator, instead) for operator in graph.operators]
        model.subgraphs = [graph, *model.subgraphs[1:]]
        return TfliteProbe(model, self._path, {self._names[index]: new for index, new in instead.items()})

    def _named(self, indices: Any) -> tuple[str, ...]:
        tensors = self._graph.tensors
        return tuple(self._names[int(i)] for i in indices if i >= 0 and constant(self._model, tensors[int(i)]) is None)

    def _find_copies(self, inputs: Any) -> dict[int, int]:
        """For tensors of floats, the quantized tensor that they were made from or that alone is made from them."""
        made, taken = {}, dict[int, list[tuple[str, int]]]()
        for name, operator in self._operators:
            for index in operator.inputs:
                taken.setdefault(int(index), []).append((name, int(operator.outputs[0])))
            if name == "DEQUANTIZE":
                made[int(operator.outputs[0])] = int(operator.inputs[0])
        copies = {index: uses[0][1] for index, uses in taken.items() if {name for name, _ in uses} == {"QUANTIZE"}}
        self._read_instead = made | {index: copies[index] for index in inputs if index in copies}
        return copies | made

    def _storage(self, index: int) -> Storage:
        dtype = dtype_name(self._graph.tensors[index])
        for place in (index, self._stored_in.get(index, index)):
            tensor = self._graph.tensors[place]
            scales = _listed(tensor.quantization.scale) if tensor.quantization else []
            if len(scales) == 1 and scales[0] > 0 and dtype_name(tensor) in ("int8", "uint8", "int16"):
                zeros = _listed(tensor.quantization.zeroPoint)
                own = dtype_name(self._graph.tensors[self._read_instead.get(index, index)])
                return Storage.of(
                    own, Quantization(float(scales[0]), int(zeros[0]) if zeros else 0), dtype_name(tensor)
                )
        return Storage(dtype)

    def _spec(self, name: str, index: int) -> TensorSpec:
        tensor = self._graph.tensors[index]
        return TensorSpec(name, tuple(int(size) for size in _listed(tensor.shape)), dtype_name(tensor))

    def _set(self, index: int, values: Array) -> None:
        detail = self._details[index]
        scale, zero = detail["quantization"]
        dtype = np.dtype(detail["dtype"])
        if dtype.kind in "iu" and scale and np.asarray(values).dtype.kind == "f":
            values = quantize(np.asarray(values), Quantization(float(scale), int(zero)), dtype.name)
        self._interpreter.set_tensor(index, np.ascontiguousarray(values, dtype))

    @property
    def _details(self) -> dict[int, dict[str, Any]]:
        if not hasattr(self, "_by_index"):
            self._by_index = {detail["index"]: detail for detail in self._interpreter.get_tensor_details()}
        return self._by_index

    def _read(self, index: int) -> Array | None:
        index = self._read_instead.get(index, index)
        scale, zero = self._details[index]["quantization"]
        array: Array = self._interpreter.get_tensor(index)
        if array.dtype.kind == "f":
            return array
        return dequantize(array, Quantization(float(scale), int(zero))) if scale else None


def _start(content: bytes, path: Path) -> Any:
    litert = require("ai_edge_litert.interpreter", "convert")
    try:
        with native_log_silenced():
            interpreter = litert.Interpreter(
                model_content=content,
                num_threads=1,
                experimental_preserve_all_tensors=True,
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


def _listed(values: Any) -> list[Any]:
    return [] if values is None else list(values)
