"""A Keras 3 model as functions by name, carried to Keras 2 where the bridge can."""

from __future__ import annotations

import itertools
from typing import Any

from litefoot.runtime.errors import UsageError
from litefoot.runtime.tensors import TensorSpec

from ..source import Description
from .names import plain_names
from .opened import Call, OpenedModel, owner_of, refuse_texts


def open_keras3(model: Any) -> OpenedModel:
    """Open a Keras 3 model.

    Args:
        model: The live model: functional, sequential or subclassed.

    Returns:
        The model with its bridged form as what is exported, or itself where the bridge cannot carry it.

    Raises:
        UsageError: A subclassed model does not tell its inputs.
    """
    import keras

    from ..bridge import NotCarried, bridge
    from .keras2 import inline_convolutions

    call, inputs, outputs = named_call(model)
    refuse_texts(inputs)
    exported: Call = call
    holder = owner_of(variable.value for variable in model.variables)
    error, notes, keras2 = None, [], None
    try:
        bridged = bridge(model)
    except NotCarried as refusal:
        notes.append(f"exported directly, cannot be compressed: {refusal}")
    else:
        error, keras2 = bridged.error, bridged.model
        inline_convolutions(bridged.model)
        holder = owner_of(bridged.model.variables)
        exported = _bridged_call(bridged.model, [spec.name for spec in inputs], [spec.name for spec in outputs])
    description = Description(
        framework=f"Keras {keras.__version__}",
        name=model.name,
        inputs=inputs,
        outputs=outputs,
        largest_tokens=largest_tokens(model._flatten_layers(), inputs, keras.layers.Embedding),
        parameters=model.count_params(),
        compressible=error is not None,
        bridge_error=error,
        notes=tuple(notes),
    )
    return OpenedModel(description, 1, call, exported, holder, keras2=keras2)


def named_call(model: Any) -> tuple[Call, tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    """A Keras 3 model as a function by name.

    Args:
        model: The live model.

    Returns:
        The function, what it takes, and what it returns.

    Raises:
        UsageError: A subclassed model does not tell its inputs.
    """
    import keras

    structure, tensors = _input_structure(model)
    names = plain_names(_paths(structure, [str(tensor.name) for tensor in tensors]))
    inputs = tuple(
        TensorSpec(name, tuple(tensor.shape), keras.backend.standardize_dtype(tensor.dtype))
        for name, tensor in zip(names, tensors, strict=True)
    )
    call = _Call(model, structure, names)
    outputs = _outputs(model, call, inputs)
    call.outputs = [spec.name for spec in outputs]
    return call, inputs, outputs


def largest_tokens(layers: Any, inputs: tuple[TensorSpec, ...], embedding: Any) -> dict[str, int]:
    """For inputs that may hold tokens, the largest number that every embedding of the model knows.

    Args:
        layers: All layers of the model, nested ones too.
        inputs: Of the model.
        embedding: The class of embeddings.

    Returns:
        By input name; empty without embeddings.
    """
    sizes = [layer.input_dim for layer in layers if isinstance(layer, embedding)]
    whole = [spec.name for spec in inputs if spec.dtype.startswith(("int", "uint"))]
    return dict.fromkeys(whole or [spec.name for spec in inputs], min(sizes) - 1) if sizes else {}


class _Call:
    """The model from named tensors to named tensors, its own nesting of both restored and taken apart."""

    def __init__(self, model: Any, structure: Any, inputs: list[str]) -> None:
        self._model = model
        self._structure = structure
        self._inputs = inputs
        self.outputs: list[str] = []

    def flat(self, given: dict[str, Any]) -> Any:
        import keras

        packed = keras.tree.pack_sequence_as(self._structure, [given[name] for name in self._inputs])
        return self._model(packed, training=False)

    def __call__(self, given: dict[str, Any]) -> dict[str, Any]:
        import keras

        return dict(zip(self.outputs, keras.tree.flatten(self.flat(given)), strict=True))


def _input_structure(model: Any) -> tuple[Any, list[Any]]:
    """The nesting of the model's inputs, and them in order."""
    import keras

    functional = getattr(model, "_functional", None) or model
    structure = getattr(functional, "_inputs_struct", None)
    if structure is None:
        structure = _subclassed_inputs(model)
    elif functional is not model and isinstance(structure, (list, tuple)) and len(structure) == 1:
        structure = structure[0]  # a Sequential model takes its one input bare
    return structure, keras.tree.flatten(structure)


def _subclassed_inputs(model: Any) -> Any:
    """What a subclassed model remembers of the shapes that it was built with; it does not remember types."""
    import keras

    shapes = getattr(model, "_build_shapes_dict", None) or {}
    if len(shapes) != 1:
        raise UsageError(
            "This subclassed model does not tell what it takes",
            where=f"model {model.name}",
            got=f"call arguments: {', '.join(shapes)}" if shapes else "it was never called on a sample",
            expected="one argument: a tensor, or a list or dict of tensors",
            fix="call it on a sample before saving it, or export it as a SavedModel with a signature",
        )
    count = itertools.count()
    return keras.tree.map_shape_structure(
        lambda shape: keras.KerasTensor((None, *shape[1:]), "float32", name=f"input_{next(count)}"),
        next(iter(shapes.values())),
    )


def _paths(structure: Any, names: list[str]) -> list[str]:
    """The key of each leaf that lies in a dict, else its own name."""
    import keras

    found = []
    for (path, _), name in zip(keras.tree.flatten_with_path(structure), names, strict=True):
        keys = [str(part) for part in path]
        found.append("_".join(keys) if any(isinstance(part, str) for part in path) else name)
    return found


def _outputs(model: Any, call: _Call, inputs: tuple[TensorSpec, ...]) -> tuple[TensorSpec, ...]:
    import keras

    functional = getattr(model, "_functional", None) or model
    structure = getattr(functional, "_outputs_struct", None)
    if structure is not None:
        leaves = keras.tree.flatten(structure)
        names = [leaf._keras_history.operation.name for leaf in leaves]
    else:
        tensors = {spec.name: keras.KerasTensor(spec.shape, spec.dtype, name=spec.name) for spec in inputs}
        structure = call.flat(tensors)
        leaves = keras.tree.flatten(structure)
        names = ["output" if len(leaves) == 1 else f"output_{i}" for i in range(len(leaves))]
    return tuple(
        TensorSpec(name, tuple(leaf.shape), keras.backend.standardize_dtype(leaf.dtype))
        for name, leaf in zip(plain_names(_paths(structure, names)), leaves, strict=True)
    )


def _bridged_call(model: Any, inputs: list[str], outputs: list[str]) -> Call:
    def call(given: dict[str, Any]) -> dict[str, Any]:
        results = model([given[name] for name in inputs], training=False)
        flat = results if isinstance(results, (list, tuple)) else [results]
        return dict(zip(outputs, flat, strict=True))

    return call
