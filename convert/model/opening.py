"""A source opened in a worker: the full-precision model and the one that is exported, as functions by name."""

from __future__ import annotations

import functools
import json
from dataclasses import replace
from typing import Any

from litefoot.runtime.errors import UsageError
from litefoot.runtime.storage.codec import decode, encode
from litefoot.runtime.tensors import TensorSpec
from litefoot.runtime.verification.kinds import are_probabilities

from ..data.synthetic import synthetic_samples
from ..source import Source
from .keras2 import inline_convolutions, open_keras2
from .keras3 import open_keras3
from .loading import load_keras
from .opened import OpenedModel, owner_of, refuse_texts
from .saved_model import open_saved_model

_SAMPLES = 4


def open_model(source: dict[str, Any]) -> OpenedModel:
    """Open a source, once in a process.

    Args:
        source: A `Source`, encoded.

    Returns:
        The model.

    Raises:
        UnreadableModel: It cannot be loaded, or holds code that may not run.
        UsageError: A choice is missing: a signature, a shape, a custom object.
    """
    return _open(json.dumps(source, sort_keys=True))


def describe(*, source: dict[str, Any]) -> Any:
    """The task of a worker that opens a source.

    Args:
        source: A `Source`, encoded.

    Returns:
        Its `Description`, encoded.
    """
    return encode(open_model(source).description)


@functools.lru_cache(maxsize=1)
def _open(document: str) -> OpenedModel:
    source = decode(Source, json.loads(document), "source")
    if source.layout == "saved_model":
        opened = open_saved_model(source)
    else:
        loaded = load_keras(source)
        opened = open_keras3(loaded.model) if loaded.version == 3 else open_keras2(loaded.model)
    refuse_texts(opened.description.inputs)
    inputs = tuple(_fixed(spec, source) for spec in opened.description.inputs)
    if unknown := source.shapes.keys() - {spec.name for spec in inputs}:
        raise UsageError(
            "A shape was given for an input that the model does not have",
            got=", ".join(sorted(unknown)),
            expected=", ".join(spec.name for spec in inputs),
        )
    model = replace(opened, description=replace(opened.description, inputs=inputs), batch=_batch(inputs, source.batch))
    model = replace(model, traced=model.trace(model.original, batch=None))
    model = replace(model, description=replace(model.description, outputs=_outputs(model)))
    return model if source.compressed is None else _with_compressed(model, source)


def _with_compressed(model: OpenedModel, source: Source) -> OpenedModel:
    """The same model, but what is exported is its compressed form."""
    from ..compress.job import load_plain

    plain = load_plain(source)
    inline_convolutions(plain)
    return replace(model, exported=model.positional(plain), holder=owner_of(plain.variables))


def _fixed(spec: TensorSpec, source: Source) -> TensorSpec:
    """An input with every dimension but the batch known."""
    given = source.shapes.get(spec.name)
    if given is not None and not spec.accepts(given):
        raise UsageError("A shape does not fit the model", where=f"input {spec.name}", got=given, expected=spec.shape)
    shape = spec.shape if given is None else (spec.shape[0], *given[1:])
    free = [i for i, size in enumerate(shape) if i and size is None]
    if free:
        sizes = ",".join(["1", *("?" if size is None else str(size) for size in shape[1:])])
        raise UsageError(
            "This model leaves a dimension open that a file for a board has to know",
            where=f"input {spec.name}, dimension {', '.join(map(str, free))}",
            got=str(spec),
            fix=f"--shape {spec.name}={sizes.replace('?', '128')}, with the length that the board will use",
        )
    return spec._replace(shape=shape)


def _batch(inputs: tuple[TensorSpec, ...], wanted: int | None) -> int:
    fixed = {spec.shape[0] for spec in inputs if spec.shape[0] is not None}
    if len(fixed) > 1 or (fixed and wanted is not None and wanted not in fixed):
        raise UsageError(
            "The model's batch is fixed to another size",
            got=wanted,
            expected=", ".join(map(str, sorted(fixed))),
        )
    return fixed.pop() if fixed else wanted or 1


def _outputs(model: OpenedModel) -> tuple[TensorSpec, ...]:
    """Shapes and dtypes from the trace; outputs that hold probabilities are told by what they return."""
    import tensorflow as tf

    function, concrete = model.traced
    shapes = concrete.structured_outputs
    description = model.description
    count = model.batch if description.inputs[0].shape[0] is not None else _SAMPLES
    samples = synthetic_samples(description.inputs, description.largest_tokens, count)
    values = function(**{name: tf.constant(array) for name, array in samples.items()})
    return tuple(
        TensorSpec(
            name,
            tuple(shapes[name].shape),
            shapes[name].dtype.name,
            kind="probabilities" if are_probabilities(values[name].numpy()) else None,
        )
        for name in (spec.name for spec in description.outputs)
    )
