"""The tasks of a worker that compresses a model, and what they leave on disk.

``plain.keras``: the model with its new weights. After quantization-aware training also ``ranges.json``: the activation
ranges that it was trained with, and what their tensors are known by on the samples of ``samples.npz``.
"""

from __future__ import annotations

import functools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from litefoot.runtime.errors import UsageError
from litefoot.runtime.storage.codec import decode, encode
from litefoot.runtime.storage.folder import write_arrays, write_json

from ..model.loading import custom_objects
from ..model.opened import OpenedModel, owner_of
from ..model.opening import open_model
from ..source import Source
from ..workers.progress import tell
from .fine_tuning import Fitting
from .marks import RANGES, SAMPLES
from .ranges import marks_of, trained_ranges
from .recipe import Compression
from .steps import Compressed, compress
from .training_data import call_as_trained, read_training

PLAIN = "plain.keras"
_SAMPLES_TO_MATCH = 16


def carry_out(*, source: dict[str, Any], compression: dict[str, Any], training: str, folder: str) -> Any:
    """The task of a worker that compresses a model.

    Args:
        source: A `Source` without a compressed form, encoded.
        compression: A `Compression`, encoded.
        training: The file that `TrainingData` was written to.
        folder: Where state and results are kept.

    Returns:
        What each step did, encoded.
    """
    _, done, fitting = _compressed(json.dumps([source, compression, training, folder]))
    if done.quantized is not None:
        _write_ranges(done.quantized, done.plain, fitting)
    partial = fitting.folder / f"partial-{PLAIN}"
    done.plain.save(partial)
    partial.replace(fitting.folder / PLAIN)
    return encode(done.steps)


def write_tflite(
    *, source: dict[str, Any], compression: dict[str, Any], training: str, folder: str, integer_io: bool, out: str
) -> None:
    """The task of a worker that makes an int8 TFLite file with the ranges that the model was trained with.

    Args:
        source: As for `carry_out`, which was done before: what a new worker does not remember is on disk.
        compression: As for `carry_out`.
        training: As for `carry_out`.
        folder: As for `carry_out`.
        integer_io: Store inputs and outputs as int8 too.
        out: The ``.tflite`` file to write.
    """
    import tensorflow as tf

    opened, done, _ = _compressed(json.dumps([source, compression, training, folder]))
    assert done.quantized is not None  # or the int8 file is made from the float one
    holder = owner_of(done.quantized.variables)
    holder.function, concrete = opened.trace(opened.positional(done.quantized), batch=opened.batch)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], holder)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if integer_io:
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8
    Path(out).write_bytes(converter.convert())


@functools.lru_cache(maxsize=1)
def _compressed(document: str) -> tuple[OpenedModel, Compressed, Fitting]:
    """The models, live, once in a process."""
    import tensorflow as tf

    source, compression, training, folder = json.loads(document)
    tf.config.experimental.enable_op_determinism()
    opened = open_model(source)
    if opened.keras2 is None:
        raise UsageError("This model cannot be compressed", got="; ".join(opened.description.notes))
    fitting = _fitting(opened, compression, training, folder)
    return opened, compress(opened.keras2, fitting), fitting


def _fitting(opened: OpenedModel, compression: dict[str, Any], training: str, folder: str) -> Fitting:
    data = read_training(Path(training))
    ordered = {spec.name: data.inputs[spec.name] for spec in opened.description.inputs}
    return Fitting(
        compression=decode(Compression, compression, "compression"),
        data=replace(data, inputs=ordered),
        outputs=tuple(spec.name for spec in opened.description.outputs),
        folder=Path(folder),
        progress=tell,
        as_trained=call_as_trained(data),
    )


def _write_ranges(quantized: Any, plain: Any, fitting: Fitting) -> None:
    """Keep the ranges, and what their tensors are known by in a file whose tensors have other names."""
    ranges = trained_ranges(quantized)
    samples = {name: array[:_SAMPLES_TO_MATCH] for name, array in fitting.data.inputs.items()}
    marks = marks_of(plain, list(ranges), list(samples.values()))
    found = [{"low": low, "high": high, "mark": marks[name]} for name, (low, high) in ranges.items() if name in marks]
    write_arrays(fitting.folder / SAMPLES, samples)
    write_json(fitting.folder / RANGES, found)


def load_plain(source: Source) -> Any:
    """Load the model with its new weights.

    Args:
        source: With a compressed form.

    Returns:
        A flat functional tf_keras model.
    """
    import tf_keras

    from ..bridge import register

    assert source.compressed is not None
    register()
    return tf_keras.models.load_model(
        str(Path(source.compressed.folder) / PLAIN),
        custom_objects=custom_objects(source.custom_objects),
        compile=False,
        safe_mode=not source.allow_code,
    )
