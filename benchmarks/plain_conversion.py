"""What one writes without litefoot: the same nine files by the bare converters, one after another, nothing checked.

Called as ``python plain_conversion.py MODEL.keras SAMPLES.npz FOLDER``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import tensorflow as tf
import tf2onnx
from onnxruntime.quantization import QuantFormat, QuantType, quantize_dynamic, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from onnxruntime.transformers.float16 import convert_float_to_float16

model = keras.saving.load_model(sys.argv[1])
name = model.inputs[0].name
samples = np.load(sys.argv[2])[name]
folder = Path(sys.argv[3])


def write_tflite(file: str, *, types: list[Any] | None = None, int8: bool = False, integer_io: bool = False) -> None:
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if file != "fp32.tflite":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if types:
        converter.target_spec.supported_types = types
    if int8:
        converter.representative_dataset = lambda: ([sample[None]] for sample in samples)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    if integer_io:
        converter.inference_input_type = converter.inference_output_type = tf.int8
    (folder / file).write_bytes(converter.convert())


class Samples:
    def __init__(self) -> None:
        self._samples = iter({name: sample[None]} for sample in samples)

    def get_next(self) -> dict[str, Any] | None:
        return next(self._samples, None)


write_tflite("fp32.tflite")
write_tflite("fp16.tflite", types=[tf.float16])
write_tflite("dynamic.tflite")
write_tflite("int8.tflite", int8=True)
write_tflite("int8-io.tflite", int8=True, integer_io=True)

function = tf.function(lambda x: model(x, training=False))
signature = [tf.TensorSpec(model.inputs[0].shape, tf.float32, name=name)]
tf2onnx.convert.from_function(function, signature, opset=17, output_path=str(folder / "fp32.onnx"))
onnx.save(convert_float_to_float16(onnx.load(folder / "fp32.onnx"), keep_io_types=True), folder / "fp16.onnx")
quantize_dynamic(folder / "fp32.onnx", folder / "dynamic.onnx", per_channel=True, weight_type=QuantType.QInt8)
quant_pre_process(folder / "fp32.onnx", folder / "prepared.onnx")
quantize_static(
    folder / "prepared.onnx", folder / "int8.onnx", Samples(), quant_format=QuantFormat.QDQ, per_channel=True,
    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
)  # fmt: skip
