"""Which tensors of a Keras 3 model carry a mask: found by running it, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .frameworks import keras
from .graph import all_layers, functional_of, nodes_of
from .inputs import Array


def masked_tensors(functional: Any, inputs: Sequence[Array]) -> frozenset[int]:
    """The tensors to which Keras 3 attaches a mask.

    The two Keras differ here: of two inputs, one with a mask, the sum has none in Keras 3 and has it in tf_keras. What
    Keras 3 says of the symbolic tensors does not reach through a nested model, so the model is run.

    Args:
        functional: A Keras 3 functional model.
        inputs: One array for each input.

    Returns:
        The ids of the symbolic tensors, those inside nested models among them.
    """
    if not any(_makes_masks(layer) for layer in all_layers(functional)):
        return frozenset()
    found: set[int] = set()
    _run(functional, [keras().ops.convert_to_tensor(values) for values in inputs], found)
    return frozenset(found)


def _makes_masks(layer: Any) -> bool:
    return type(layer).__name__ == "Masking" or bool(getattr(layer, "mask_zero", False))


def _run(functional: Any, inputs: Sequence[Any], found: set[int]) -> list[Any]:
    """The outputs for these inputs; the tensors with a mask are added to what was found."""
    keras_ = keras()
    values = dict(zip(map(id, functional.inputs), inputs, strict=True))
    for node in nodes_of(functional):
        args, kwargs = node.arguments.fill_in(values)
        kwargs.update({"training": False} if "training" in kwargs else {})
        inner = functional_of(node.operation)
        if inner is not None:
            results = _run(inner, keras_.tree.flatten(args[0]), found)
        else:
            results = keras_.tree.flatten(node.operation(*args, **kwargs))
        for tensor, value in zip(node.outputs, results, strict=True):
            values[id(tensor)] = value
            if getattr(value, "_keras_mask", None) is not None:
                found.add(id(tensor))
    return [values[id(tensor)] for tensor in functional.outputs]
