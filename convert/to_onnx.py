"""Keras to ONNX by tf2onnx, and ONNX to int8 by ONNX Runtime's quantizer."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy.typing as npt

from litefoot.runtime.storage.files import read_arrays

from .keras_model import load_keras, read_contract

OPSET = 17
"""LayerNormalization came with 17; tf2onnx ends at 18."""


def write_float(*, model: str, contract: dict[str, Any], out: str) -> None:
    """Convert a model to a float32 ONNX file whose batch dimension is free.

    Args:
        model: The ``.keras`` file.
        contract: What it promises, encoded.
        out: The ``.onnx`` file to write.
    """
    import onnx
    import tensorflow as tf
    import tf2onnx

    promised = read_contract(contract)
    signature = [tf.TensorSpec(spec.shape, spec.dtype, name=spec.name) for spec in promised.inputs]
    proto, _ = tf2onnx.convert.from_keras(load_keras(model), input_signature=signature, opset=OPSET)
    graph = proto.graph
    _rename(graph, {tensor.name: spec.name for tensor, spec in zip(graph.output, promised.outputs, strict=True)})
    for tensor in (*graph.input, *graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_param = "batch"
    onnx.checker.check_model(proto)
    Path(out).write_bytes(proto.SerializeToString())


def write_int8(*, source: str, calibration: str, out: str) -> None:
    """Quantize a float32 ONNX file: weights int8 per channel, activations uint8, in QDQ form.

    uint8 activations with int8 weights are the pair that x86 with VNNI and ARM both have kernels for; on AVX2 without
    VNNI that pair saturates, which the bundle's selftest on such a machine reports.

    Args:
        source: The float32 ``.onnx`` file.
        calibration: An ``.npz`` file, by input name, (samples, ...).
        out: The ``.onnx`` file to write.
    """
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(source, str(prepared))
        quantize_static(
            str(prepared),
            out,
            _Samples(read_arrays(Path(calibration))),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )


class _Samples:
    """Calibration samples one by one, as ONNX Runtime's quantizer reads them."""

    def __init__(self, arrays: dict[str, npt.NDArray[Any]]) -> None:
        count = min(len(array) for array in arrays.values())
        self._samples: Iterator[dict[str, npt.NDArray[Any]]] = iter(
            {name: array[i : i + 1] for name, array in arrays.items()} for i in range(count)
        )

    def get_next(self) -> dict[str, npt.NDArray[Any]] | None:
        """The next sample, or None after the last."""
        return next(self._samples, None)


def _rename(graph: Any, names: dict[str, str]) -> None:
    """Give tensors other names, everywhere they occur."""
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    for tensor in graph.output:
        tensor.name = names.get(tensor.name, tensor.name)
