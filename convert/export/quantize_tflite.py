"""A float32 TFLite file to smaller ones by ai-edge-quantizer: in tens of milliseconds, without TensorFlow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from litefoot.runtime.errors import ConversionFailed
from litefoot.runtime.graph import Graph, read_graph

from ..tflite_tables import pack_tables, unpack_tables
from .needless import needless
from .ranges import ranges_of
from .wide_layers import wide_layers

Recipe = list[dict[str, Any]]

_MOST_FLOAT_WEIGHTS = 0.5
_SMALL_BYTES = 16_384
"""Of float weights that may stay without activation ranges: tensors of less than 1,024 values are left alone then."""

_STATIC = ("int8", "int16x8")
"""Precisions whose activation ranges are fixed beforehand."""
_CLUSTERED = ("FULLY_CONNECTED", "CONV_2D", "CONV_2D_TRANSPOSE")

_FLOAT16: Recipe = [
    {
        "regex": ".*",
        "operation": "*",
        "algorithm_key": "float_casting",
        "op_config": {
            "weight_tensor_config": {"num_bits": 16, "dtype": "FLOAT"},
            "compute_precision": "FLOAT",
            "explicit_dequantize": True,
        },
    }
]
_FLOAT_IO: Recipe = [
    {"regex": ".*", "operation": operation, "algorithm_key": "no_quantize", "op_config": None}
    for operation in ("INPUT", "OUTPUT")
]


def write(
    *, source: str, precision: str, integer_io: bool, calibration: str | None, out: str, one_scale: bool = False
) -> str | None:
    """Quantize a float32 TFLite file.

    Args:
        source: The float32 ``.tflite`` file.
        precision: fp16, dynamic, int8 or int16x8.
        integer_io: Store inputs and outputs as int8 too.
        calibration: An ``.npz`` file, by input name, (samples, ...), float32; needed for int8 and int16x8 only.
        out: The ``.tflite`` file to write.
        one_scale: Give all weights of a layer one scale: one for each channel would undo clusters.

    Returns:
        None; or why the file is the float32 one still.
    """
    ranges = ranges_of(source, calibration) if calibration is not None and precision in _STATIC else None
    recipe = recipe_of(source, precision, integer_io=integer_io, one_scale=one_scale)
    content = quantize(source, recipe, ranges)
    Path(out).write_bytes(_allow_any_scale(content) if precision == "int16x8" else content)
    graph = read_graph(Path(out))
    if precision in _STATIC:
        _refuse_float_weights(graph, 0)
        return None
    _refuse_float_weights(graph, _SMALL_BYTES)
    return needless(source) if graph.weight_bytes == read_graph(Path(source)).weight_bytes else None


def quantize(source: str, recipe: Recipe, ranges: Any) -> bytes:
    """Quantize a float32 TFLite file by a recipe of ai-edge-quantizer's.

    Args:
        source: The float32 ``.tflite`` file.
        recipe: What becomes of which operators; of several rules that fit one, the last.
        ranges: What `ranges_of` returned; None where the recipe needs none.

    Returns:
        A TFLite file.
    """
    from ai_edge_quantizer.quantizer import Quantizer

    quantizer = Quantizer(source)
    quantizer.load_quantization_recipe(recipe)
    quantized = quantizer.quantize(ranges).quantized_model
    if quantized is None:
        raise ConversionFailed("The quantizer returned no model")
    return rejoin(bytes(quantized))


def _allow_any_scale(content: bytes) -> bytes:
    """Let 16-bit additions have any scales.

    Where the quantizer does not say so, the kernel takes scales that happen to be powers of two for those of an older
    form of the operator, and refuses the file.
    """
    from ai_edge_litert import schema_py_generated as schema

    model = unpack_tables(content)
    restricted = [
        operator.builtinOptions
        for graph in model.subgraphs
        for operator in graph.operators
        if graph.tensors[operator.outputs[0]].type == schema.TensorType.INT16
        and getattr(operator.builtinOptions, "potScaleInt16", False)
    ]
    for options in restricted:
        options.potScaleInt16 = False
    return pack_tables(model) if restricted else content


def rejoin(content: bytes) -> bytes:
    """Give integer operators the integers that they are made for.

    Where a tensor is an output of the model and another operator takes it too, as the state of a recurrent step is, the
    quantizer hands that operator the float copy which it made for the output, and the file does not load. Or it makes
    the integer copy for the operator the graph's output, while the signature goes on to name the float one, whose
    memory is by then used for something else.

    Args:
        content: A TFLite file that the quantizer wrote.

    Returns:
        The file; the same one where there is nothing to mend.
    """
    from ai_edge_litert import schema_py_generated as schema

    model = unpack_tables(content)
    integers = (schema.TensorType.INT8, schema.TensorType.INT16)
    mended = _mend_outputs(model)
    for graph in model.subgraphs:
        kinds = [_kind(model.operatorCodes[operator.opcodeIndex]) for operator in graph.operators]
        stored = {
            int(operator.outputs[0]): int(operator.inputs[0])
            for operator, kind in zip(graph.operators, kinds, strict=True)
            if kind == schema.BuiltinOperator.DEQUANTIZE
        }
        for operator, kind in zip(graph.operators, kinds, strict=True):
            in_integers = any(graph.tensors[out].type in integers for out in operator.outputs)
            if kind != schema.BuiltinOperator.QUANTIZE and in_integers and stored.keys() & set(operator.inputs):
                operator.inputs = [stored.get(int(tensor), int(tensor)) for tensor in operator.inputs]
                mended = True
    return pack_tables(model) if mended else content


def _mend_outputs(model: Any) -> bool:
    """Make the graphs return what their signatures name; whether there was anything to mend."""
    from ai_edge_litert.schema_py_generated import BuiltinOperator

    mended = False
    for signature in model.signatureDefs or ():
        graph = model.subgraphs[signature.subgraphIndex]
        named = {int(output.tensorIndex) for output in signature.outputs}
        source = {
            int(operator.outputs[0]): int(operator.inputs[0])
            for operator in graph.operators
            if _kind(model.operatorCodes[operator.opcodeIndex]) == BuiltinOperator.QUANTIZE
        }
        outputs = [int(out) if int(out) in named else source.get(int(out), int(out)) for out in graph.outputs]
        mended = mended or outputs != [int(out) for out in graph.outputs]
        graph.outputs = outputs
    return mended


def _kind(code: Any) -> int:
    return int(max(code.builtinCode, code.deprecatedBuiltinCode))


def _refuse_float_weights(graph: Graph, least: int) -> None:
    """The quantizer passes over operators that it does not know, such as the fused LSTM, without a word."""
    left = graph.weight_bytes.get("float32", 0)
    share = left / max(sum(graph.weight_bytes.values()), 1)
    if left > least and share > _MOST_FLOAT_WEIGHTS:
        names = ", ".join(sorted(operator.name for operator in graph.operators if operator.arithmetic == "float"))
        raise ConversionFailed(
            "The quantizer left most weights in float", where=names, got=f"{share:.0%} of their bytes"
        )


def recipe_of(source: str, precision: str, *, integer_io: bool, one_scale: bool = False) -> Recipe:
    """The recipe that makes a file of one precision throughout.

    Args:
        source: The float32 ``.tflite`` file.
        precision: fp16, dynamic, int8 or int16x8.
        integer_io: Store inputs and outputs as int8 too.
        one_scale: Give all weights of a layer one scale, but for depthwise convolutions, which are never clustered.

    Returns:
        The recipe; rules for single operators may be added behind it.
    """
    from ai_edge_quantizer import recipe

    if precision == "fp16":
        return _FLOAT16
    wide = [".*"] if one_scale else [re.escape(name) for name in wide_layers(Path(source))]
    operations = _CLUSTERED if one_scale else _CLUSTERED[:1]
    if precision == "dynamic":  # the variant that leaves small tensors alone: quantizing those costs time and no bytes
        return _with_one_scale(recipe.dynamic_legacy_wi8_afp32(), operations, wide)
    whole = recipe.static_wi8_ai16() if precision == "int16x8" else recipe.static_wi8_ai8()
    static = _with_one_scale(whole, operations, wide)
    return static if integer_io else static + _FLOAT_IO


def _with_one_scale(recipe: Recipe, operations: Sequence[str], names: Sequence[str]) -> Recipe:
    """The same recipe, but one scale for all weights of some layers."""
    (rule,) = recipe
    settings = rule["op_config"]
    weights = settings["weight_tensor_config"] | {"granularity": "TENSORWISE"}
    narrowed = rule | {"op_config": settings | {"weight_tensor_config": weights}}
    return [rule, *(narrowed | {"operation": kind, "regex": name} for kind in operations for name in names)]
