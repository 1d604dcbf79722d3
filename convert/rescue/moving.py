"""Which tensors hold the values of others, moved: one that stayed in 8 bits would round them again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ..tflite_tables import read_tables

_TFLITE = (
    "RESHAPE", "TRANSPOSE", "SLICE", "STRIDED_SLICE", "SPLIT", "SPLIT_V", "CONCATENATION", "PACK", "UNPACK", "SQUEEZE",
    "EXPAND_DIMS", "PAD", "REVERSE_V2", "BROADCAST_TO", "TILE",
)  # fmt: skip
_ONNX = (
    "Reshape", "Transpose", "Slice", "Split", "Concat", "Squeeze", "Unsqueeze", "Flatten", "Pad", "Expand", "Tile",
    "Identity",
)  # fmt: skip

Moves = Iterator[tuple[Sequence[str], Sequence[str]]]


def moved(source: Path, names: Sequence[str]) -> tuple[str, ...]:
    """Add to tensors all those that operators make of them which move values and compute nothing.

    Args:
        source: The float ``.tflite`` or ``.onnx`` file, its operators in execution order.
        names: Of tensors.

    Returns:
        The names, and then the others.
    """
    found = dict.fromkeys(names)
    for read, written in _onnx_moves(source) if source.suffix == ".onnx" else _tflite_moves(source):
        if found.keys() & set(read):
            found.update(dict.fromkeys(written))
    return tuple(found)


def _tflite_moves(source: Path) -> Moves:
    from ai_edge_litert.schema_py_generated import BuiltinOperator

    kinds = {getattr(BuiltinOperator, name) for name in _TFLITE}
    model = read_tables(source)
    for graph in model.subgraphs:
        for operator in graph.operators:
            code = model.operatorCodes[operator.opcodeIndex]
            if max(code.builtinCode, code.deprecatedBuiltinCode) in kinds:
                names = [tensor.name.decode() for tensor in graph.tensors]
                yield [names[index] for index in operator.inputs if index >= 0], [names[i] for i in operator.outputs]


def _onnx_moves(source: Path) -> Moves:
    import onnx

    for node in onnx.load(str(source)).graph.node:
        if node.op_type in _ONNX:
            yield list(node.input), list(node.output)
