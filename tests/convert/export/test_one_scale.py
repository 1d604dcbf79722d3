"""One scale for all weights of a layer, as clusters need it, but not for layers that are never clustered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from litefoot.convert.export import quantize_onnx, quantize_tflite
from litefoot.runtime import load

pytestmark = pytest.mark.slow


def tflite_scales(path: Path) -> dict[str, list[int]]:
    """By the kind of operator, how many scales its weights have."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    names = {value: name for name, value in vars(schema.BuiltinOperator).items()}
    found: dict[str, list[int]] = {}
    for operator in model.subgraphs[0].operators:
        code = model.operatorCodes[operator.opcodeIndex]
        kind = names[max(code.builtinCode, code.deprecatedBuiltinCode)]
        if kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
            weights = model.subgraphs[0].tensors[operator.inputs[1]]
            found.setdefault(kind, []).append(len(weights.quantization.scale))
    return found


def onnx_scales(path: Path) -> dict[str, list[int]]:
    """By whether its groups make a convolution depthwise, how many scales its weights have."""
    import onnx

    graph = onnx.load(str(path)).graph
    constants = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    scales = {
        node.output[0]: constants[node.input[1]].size for node in graph.node if node.op_type == "DequantizeLinear"
    }
    found: dict[str, list[int]] = {}
    for node in graph.node:
        if node.op_type == "Conv":
            depthwise = any(entry.name == "group" and entry.i > 1 for entry in node.attribute)
            found.setdefault("depthwise" if depthwise else "whole", []).append(scales[node.input[1]])
    return found


@pytest.mark.filterwarnings("ignore:.*experimental_preserve_all_tensors")  # the calibrator's own use of the engine
def test_tflite_and_onnx(digits_bundle: Path, trained_digits: Path, tmp_path: Path) -> None:
    models, calibration = digits_bundle / "models", str(trained_digits / "calibration.npz")
    small, other = tmp_path / "int8.tflite", tmp_path / "int8.onnx"
    quantize_tflite.write(
        source=str(models / "fp32.tflite"), precision="int8", integer_io=False, calibration=calibration,
        out=str(small), one_scale=True,
    )  # fmt: skip
    found = tflite_scales(small)
    assert {*found["CONV_2D"], *found["FULLY_CONNECTED"]} == {1}
    assert min(found["DEPTHWISE_CONV_2D"]) > 1
    quantize_onnx.write(source=str(models / "fp32.onnx"), calibration=calibration, out=str(other), one_scale=True)
    found = onnx_scales(other)
    assert set(found["whole"]) == {1}
    assert min(found["depthwise"]) > 1
    golden = np.load(digits_bundle / "golden.npz")
    for path in (small, other):
        answers = np.asarray(load(path).predict(golden["input/image"]))
        assert (answers.argmax(-1) == golden["reference/probabilities"].argmax(-1)).mean() > 0.98
