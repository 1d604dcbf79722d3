"""Keras and TensorFlow to TFLite by TensorFlow's converter: the float file, and what no quantizer makes of it."""

from __future__ import annotations

import functools
import json
import re
import warnings
from pathlib import Path
from typing import Any

from litefoot.runtime.storage.files import read_arrays

from ..model.opening import open_model
from .calibration import one_by_one
from .lstm import widen_cells


def write(*, source: dict[str, Any], precision: str, integer_io: bool, calibration: str | None, out: str) -> None:
    """Convert a model to one TFLite file.

    Args:
        source: A `Source`, encoded; its batch is the file's.
        precision: fp32, fp16, dynamic, int8 or int16x8.
        integer_io: Store inputs and outputs as int8 too.
        calibration: An ``.npz`` file, by input name, (samples, ...), float32; needed for int8 and int16x8 only.
        out: The ``.tflite`` file to write.
    """
    import tensorflow as tf

    holder, concrete, batch = _traced(json.dumps(source))
    # The holder gives the file a signature, so calibration and callers go by name. (A Keras 3 model must not be passed
    # here: its weights would be lost without an error.)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], holder)
    if precision != "fp32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "fp16":
        converter.target_spec.supported_types = [tf.float16]
    if precision in ("int8", "int16x8"):
        assert calibration is not None
        wide = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        converter.target_spec.supported_ops = [wide if precision == "int16x8" else tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        arrays = read_arrays(Path(calibration))
        converter.representative_dataset = lambda: one_by_one(arrays, batch)
    if integer_io:
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the calibrator's own use of the deprecated tf.lite.Interpreter
        try:
            Path(out).write_bytes(widen_cells(converter.convert()))
        except Exception as error:
            if locations := _locations(concrete, str(error)):
                raise RuntimeError(f"{error}{locations}") from error
            raise


@functools.lru_cache(maxsize=1)
def _traced(source: str) -> tuple[Any, Any, int]:
    """The model traced once for all files of a worker: the module that owns its variables, and the function."""
    opened = open_model(json.loads(source))
    opened.holder.function, concrete = opened.trace(opened.exported, batch=opened.batch)
    return opened.holder, concrete, opened.batch


def _locations(concrete: Any, message: str) -> str:
    """Where the graph has the operators that a message of the converter is about: it tells lines of Python alone."""
    refused = set(re.findall(r"'tf\.(\w+)' op", message))
    graph = concrete.graph.as_graph_def()
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    return "".join(f'\nloc("{node.name}@graph")' for node in nodes if node.op in refused)
