"""A float32 ONNX file to one with weights in 16 or in 8 bits, for which no samples are needed."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .needless import needless
from .stored_onnx import axis_of, is_grouped, store_bytes, store_halves, weights_of
from .working_folder import inside

_LEAST_BYTES = 1_024
"""Of smaller weights the quantizer of TFLite's dynamic files leaves alone too."""
_LEAST_WHILE_RUNNING = 16_384
"""Of smaller layers, quantizing the activations in each call takes longer than it saves, at one row and at sixteen."""
_MATRICES = ("MatMul", "Gemm")
_WHILE_RUNNING = (*_MATRICES, "LSTM")
_ONE_SCALE = ("Conv", "ConvTranspose", *_MATRICES)
"""What may be clustered; but depthwise convolutions, which are not."""


def write(*, source: str, precision: str, out: str, one_scale: bool = False) -> str | None:
    """Store the weights of a float32 ONNX file in fewer bits; inputs, outputs and what is computed stay float32.

    Args:
        source: The float32 ``.onnx`` file.
        precision: ``fp16``: weights in 16 bits; ``dynamic``: in 8, and large matrices and LSTMs compute on integers,
            their activations quantized while running.
        out: The ``.onnx`` file to write.
        one_scale: Give all weights of a layer one scale: one for each channel would undo clusters.

    Returns:
        None; or why the file is the float32 one still.
    """
    import onnx

    model = onnx.load(source)
    if precision == "fp16":
        changed = store_halves(model.graph) > 0
    else:
        model, changed = _in_bytes(model, Path(source), one_scale=one_scale)
    onnx.save(model, out)
    return None if changed else needless(source)


def _in_bytes(model: Any, source: Path, *, one_scale: bool) -> tuple[Any, bool]:
    running = _large_enough(model.graph)
    if running:
        model = _quantized_while_running(source, running, per_channel=not one_scale)
    axes = _axes(model.graph, one_scale=one_scale)
    store_bytes(model.graph, axes)
    return model, bool(running or axes)


def _large_enough(graph: Any) -> list[str]:
    """The layers that gain from computing on integers, and the tables that only rows are taken of."""
    weights = weights_of(graph)
    sizes = {tensor.name: math.prod(tensor.dims) for tensor in graph.initializer}
    chosen = []
    for node in graph.node:  # those in loops cannot be quantized
        count = sum(sizes[name] for name in node.input if name in weights)
        least = _LEAST_BYTES if node.op_type == "Gather" else _LEAST_WHILE_RUNNING
        if node.op_type in (*_WHILE_RUNNING, "Gather") and count >= least:
            chosen.append(node.name)
    return chosen


def _quantized_while_running(source: Path, nodes: list[str], *, per_channel: bool) -> Any:
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model = source.resolve()
    with tempfile.TemporaryDirectory() as folder, inside(folder):
        quantize_dynamic(
            str(model),
            "quantized.onnx",
            op_types_to_quantize=[*_WHILE_RUNNING, "Gather"],
            nodes_to_quantize=[*nodes, *(f"{name}_MatMul" for name in nodes)],  # what it makes of a Gemm
            per_channel=per_channel,
            weight_type=QuantType.QInt8,
        )
        return onnx.load("quantized.onnx")


def _axes(graph: Any, *, one_scale: bool) -> dict[str, int | None]:
    """What of the other weights is large enough to be stored in 8 bits, and along which axis it has scales."""
    tensors: Mapping[str, Any] = {tensor.name: tensor for tensor in graph.initializer}
    axes: dict[str, int | None] = {}
    for name, node in weights_of(graph).items():
        if math.prod(tensors[name].dims) >= _LEAST_BYTES:
            shared = one_scale and node.op_type in _ONE_SCALE and not is_grouped(node)
            axes[name] = None if shared else axis_of(node, len(tensors[name].dims))
    return axes
