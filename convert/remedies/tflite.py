"""Float TFLite files, read to be changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..explain.probe import Node, Probe
from ..explain.tflite import TfliteProbe
from ..tflite_tables import constant, operator_name, pack_tables, read_tables, set_constant
from .float_file import Activation, Array, Linear

_LAYERS = {
    # operator: (place of the input, of the weights, of the bias, axis of the outputs, of the inputs)
    "CONV_2D": (0, 1, 2, 0, 3),
    "DEPTHWISE_CONV_2D": (0, 1, 2, 3, 3),
    "FULLY_CONNECTED": (0, 1, 2, 0, 1),
    "TRANSPOSE_CONV": (2, 1, 3, 0, 3),
}


class TfliteFile:
    """A float TFLite file; see `FloatFile`.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._model = read_tables(path)
        probe = TfliteProbe(self._model, path)
        self.nodes: tuple[Node, ...] = probe.nodes
        self._names = probe.names
        self._tensors = {name: self._model.subgraphs[0].tensors[index] for index, name in self._names.items()}

    def probe(self) -> Probe:
        """The file as it is now; see `FloatFile.probe`."""
        return TfliteProbe(self._model, self.path)

    def constants(self) -> dict[str, Array]:
        """Every constant of float32; see `FloatFile.constants`."""
        found = {name: constant(self._model, tensor) for name, tensor in self._tensors.items()}
        return {name: array for name, array in found.items() if array is not None and array.dtype == np.float32}

    def set_constant(self, name: str, values: Array) -> None:
        """Give a constant another content; see `FloatFile.set_constant`."""
        set_constant(self._model, self._tensors[name], np.asarray(values, np.float32))

    def linears(self) -> tuple[Linear, ...]:
        """The layers with weights; see `FloatFile.linears`."""
        constants = self.constants()
        found = (self._linear(operator, constants) for operator in self._model.subgraphs[0].operators)
        return tuple(linear for linear in found if linear is not None)

    def drop_ceiling(self, tensor: str) -> None:
        """Make a ReLU6 a ReLU; see `FloatFile.drop_ceiling`."""
        from ai_edge_litert import schema_py_generated as schema

        for operator in self._model.subgraphs[0].operators:
            if self._names[int(operator.outputs[0])] == tensor:
                if operator_name(self._model, operator) == "RELU6":
                    operator.opcodeIndex = self._code("RELU")
                else:
                    operator.builtinOptions.fusedActivationFunction = schema.ActivationFunctionType.RELU

    def save(self, out: Path) -> None:
        """Write the file; see `FloatFile.save`."""
        out.write_bytes(pack_tables(self._model))

    def _linear(self, operator: Any, constants: dict[str, Array]) -> Linear | None:
        name = operator_name(self._model, operator)
        if name not in _LAYERS:
            return None
        source, weights, bias, out_axis, in_axis = _LAYERS[name]
        places = [int(index) for index in operator.inputs]
        named = [self._names[index] if index >= 0 else None for index in places]
        own_bias = named[bias] if len(named) > bias else None
        kernel, given = named[weights], named[source]
        if kernel not in constants or given is None or (own_bias is not None and own_bias not in constants):
            return None
        if name == "DEPTHWISE_CONV_2D" and operator.builtinOptions.depthMultiplier != 1:
            return None
        return Linear(
            source=given,
            output=self._names[int(operator.outputs[0])],
            weights=kernel,
            bias=own_bias,
            out_axis=out_axis,
            in_axis=in_axis,
            activation=_activation(operator.builtinOptions),
            channel_axis=-1,
        )

    def _code(self, name: str) -> int:
        """The index of an operator's code, added where the file has none of it yet."""
        from ai_edge_litert import schema_py_generated as schema

        wanted = getattr(schema.BuiltinOperator, name)
        for index, code in enumerate(self._model.operatorCodes):
            if max(code.builtinCode, code.deprecatedBuiltinCode) == wanted:
                return index
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = wanted
        code.version = 1
        self._model.operatorCodes.append(code)
        return len(self._model.operatorCodes) - 1


def _activation(options: Any) -> Activation:
    from ai_edge_litert import schema_py_generated as schema

    kinds: dict[int, Activation] = {
        schema.ActivationFunctionType.NONE: "none",
        schema.ActivationFunctionType.RELU: "relu",
        schema.ActivationFunctionType.RELU6: "relu6",
    }
    return kinds.get(options.fusedActivationFunction, "other")
