"""Reading the graph of a Keras 3 model. What is private to Keras here is ``_nodes_by_depth`` and ``_functional``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .frameworks import find


def functional_of(model: Any) -> Any:
    """The graph of a model.

    Args:
        model: Any Keras 3 layer or model.

    Returns:
        The functional model that it is or, being sequential, is run by; None where Python code of its own runs it.
    """
    functional, sequential = find("keras.src.models.functional.Functional"), find("keras.Sequential")
    if isinstance(model, sequential) and type(model).call is sequential.call:
        return model._functional
    return model if isinstance(model, functional) and type(model).call is functional.call else None


def nodes_of(functional: Any) -> Iterator[Any]:
    """The calls of layers and operations, each after those that it depends on.

    Args:
        functional: A functional model.

    Returns:
        The nodes, without those of the inputs.
    """
    for depth in sorted(functional._nodes_by_depth, reverse=True):
        yield from (node for node in functional._nodes_by_depth[depth] if not node.is_input)


def all_layers(model: Any) -> Iterator[Any]:
    """The layers of a model, and of the models and wrappers inside it.

    Args:
        model: A Keras 3 model.

    Returns:
        Each layer; one that is used in several places several times.
    """
    for layer in model.layers:
        yield layer
        inner = getattr(layer, "layer", layer)
        yield from all_layers(inner) if hasattr(inner, "layers") else ()
