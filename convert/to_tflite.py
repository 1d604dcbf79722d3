"""Keras to TFLite by TensorFlow's converter."""

from __future__ import annotations

import functools
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy.typing as npt

from litefoot.runtime.storage.files import read_arrays

from .keras_model import load_keras, named_function, read_contract, trace


def write(
    *, model: str, contract: dict[str, Any], precision: str, integer_io: bool, calibration: str, out: str
) -> None:
    """Convert a model to one TFLite file with a batch of one.

    Args:
        model: The ``.keras`` file.
        contract: What it promises, encoded.
        precision: fp32, fp16, dynamic or int8.
        integer_io: Store inputs and outputs as int8 too.
        calibration: An ``.npz`` file, by input name, (samples, ...), float32; read for int8 only.
        out: The ``.tflite`` file to write.
    """
    import tensorflow as tf

    holder, concrete = _traced(model, json.dumps(contract))
    # The holder gives the file a signature, so calibration and callers go by name. (A Keras 3 model must not be passed
    # here: its weights would be lost without an error.)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], holder)
    if precision != "fp32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "fp16":
        converter.target_spec.supported_types = [tf.float16]
    if precision == "int8":
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        arrays = read_arrays(Path(calibration))
        converter.representative_dataset = lambda: _samples(arrays)
    if integer_io:
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the calibrator's own use of the deprecated tf.lite.Interpreter
        Path(out).write_bytes(converter.convert())


@functools.lru_cache(maxsize=1)
def _traced(model: str, contract: str) -> tuple[Any, Any]:
    """The model traced once for all variants of a worker: the module that owns its variables, and the function."""
    import tensorflow as tf

    keras = load_keras(model)
    promised = read_contract(json.loads(contract))
    holder = tf.Module()
    holder.model = keras
    holder.function, concrete = trace(named_function(keras, promised), promised, batch=1)
    return holder, concrete


def _samples(arrays: dict[str, npt.NDArray[Any]]) -> Iterator[dict[str, npt.NDArray[Any]]]:
    for i in range(min(len(array) for array in arrays.values())):
        yield {name: array[i : i + 1] for name, array in arrays.items()}
