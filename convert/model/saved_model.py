"""A signature of a SavedModel as a function by name: a graph, in which no Python of the file is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from litefoot.runtime.errors import UnreadableModel, UsageError, first_line
from litefoot.runtime.tensors import TensorSpec

from ..source import Description, Source
from .opened import OpenedModel
from .safety import refuse_operators

DEFAULT_SIGNATURE = "serving_default"


def open_saved_model(source: Source) -> OpenedModel:
    """Open a SavedModel.

    Args:
        source: Of that layout.

    Returns:
        The signature's function, exported as it is.

    Raises:
        UnreadableModel: It cannot be loaded, or its graph runs Python or touches files.
        UsageError: The signature is not there, or there are several and none was chosen.
    """
    import tensorflow as tf

    operators, version = _read_graph(Path(source.path))
    if not source.allow_code:
        refuse_operators(operators, Path(source.path))
    try:
        loaded = tf.saved_model.load(source.path)
    except Exception as error:
        raise UnreadableModel(
            "TensorFlow cannot load this SavedModel", where=source.path, got=first_line(error)
        ) from error
    name = _choose(source, {key: _told(function) for key, function in sorted(loaded.signatures.items())})
    function = loaded.signatures[name]
    given = function.structured_input_signature[1]
    for key, spec in given.items():
        if spec.shape.rank is None:
            raise UsageError(
                "This signature does not say how many dimensions an input has",
                where=f"signature {name}, input {key}",
                fix="export the model with an input signature of known rank",
            )
    holder = tf.Module()
    holder.loaded = loaded
    variables = getattr(loaded, "variables", None) or []
    description = Description(
        framework=f"SavedModel of TensorFlow {version}",
        name=Path(source.path).resolve().name,
        inputs=_specs(given),
        outputs=_specs(function.structured_outputs),
        largest_tokens={},
        parameters=sum(int(variable.shape.num_elements() or 0) for variable in variables),
        compressible=False,
        bridge_error=None,
        notes=(f"signature {name} of a SavedModel: exported directly, a graph without layers cannot be compressed",),
    )

    def call(inputs: dict[str, Any]) -> dict[str, Any]:
        return dict(function(**inputs))

    return OpenedModel(description, 1, call, call, holder)


def _read_graph(folder: Path) -> tuple[set[str], str]:
    """The names of all operators, and the version of TensorFlow that wrote them."""
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    document = saved_model_pb2.SavedModel()
    try:
        document.ParseFromString((folder / "saved_model.pb").read_bytes())
    except DecodeError as error:
        raise UnreadableModel("This SavedModel is damaged", where=folder / "saved_model.pb") from error
    graphs = [graph.graph_def for graph in document.meta_graphs]
    operators = {node.op for graph in graphs for node in graph.node}
    operators |= {node.op for graph in graphs for function in graph.library.function for node in function.node_def}
    versions = [graph.meta_info_def.tensorflow_version for graph in document.meta_graphs]
    return operators, versions[0] if versions else "?"


def _choose(source: Source, signatures: dict[str, str]) -> str:
    listed = "".join(f"\n    {name}: {told}" for name, told in signatures.items())
    if not signatures:
        raise UsageError(
            "This SavedModel has no signature",
            where=source.path,
            fix="save it with signatures=..., or with model.export",
        )
    if source.signature is not None:
        if source.signature not in signatures:
            raise UsageError(
                "The SavedModel has no such signature",
                where=source.path,
                got=source.signature,
                expected=f"one of{listed}",
            )
        return source.signature
    if len(signatures) == 1:
        return next(iter(signatures))
    if DEFAULT_SIGNATURE in signatures and len(set(signatures.values())) == 1:
        return DEFAULT_SIGNATURE  # Keras writes one function under two names
    raise UsageError(
        "The SavedModel has several signatures", where=source.path, got=listed.strip("\n"), fix="--signature NAME"
    )


def _told(function: Any) -> str:
    sides = (function.structured_input_signature[1], function.structured_outputs)
    return " -> ".join(", ".join(map(str, _specs(side))) for side in sides)


def _specs(tensors: dict[str, Any]) -> tuple[TensorSpec, ...]:
    """By name in the alphabet's order: TensorFlow gives another one each time."""
    return tuple(
        TensorSpec(name, () if spec.shape.rank is None else tuple(spec.shape), spec.dtype.name)
        for name, spec in sorted(tensors.items())
    )
