"""Building the tf_keras layer for a Keras 3 layer: one function for each way of the table."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from litefoot.runtime.errors import first_line

from .frameworks import find
from .layers import LayerRow, row_of
from .refusal import NotCarried, refuse
from .settings import Carry, scope_name, settings_of


@dataclasses.dataclass(frozen=True)
class Pair:
    """A Keras 3 layer and the tf_keras layer that stands for it.

    Attributes:
        keras: The Keras 3 layer or model.
        tf_keras: The tf_keras layer or model.
        weights: It owns weights to copy; those of a wrapper or of a nested model are copied with its inner layers.
    """

    keras: Any
    tf_keras: Any
    weights: bool = True


def construct(layer: Any, carry: Carry) -> list[Pair]:
    """Build what stands for a layer.

    Args:
        layer: A Keras 3 layer that is not a model.
        carry: What carries a layer inside it.

    Returns:
        The pair of the layer itself, last, after those of inner layers that did not go through `carry`.

    Raises:
        NotCarried: There is no counterpart.
    """
    row = row_of(layer)
    if row is None:
        raise refuse(layer, "litefoot knows no tf_keras layer for this class")
    try:
        return _WAYS[row.way](layer, row, carry)
    except NotCarried:
        raise
    except Exception as error:  # both Keras refuse arguments by any kind of exception
        raise refuse(layer, first_line(error)) from error


def _target(row: LayerRow) -> Any:
    target = find(row.tf_keras)
    if target is None:
        raise NotImplementedError(f"this version of tf_keras has no {row.tf_keras}")
    return target


def _plain(layer: Any, row: LayerRow, carry: Carry) -> list[Pair]:
    target = _target(row)
    return [Pair(layer, target(**settings_of(layer, row, target, carry)))]


def _identity(layer: Any, row: LayerRow, _: Carry) -> list[Pair]:
    """Without the arguments: they are those of an augmentation that tf_keras does not have."""
    return [Pair(layer, _target(row)(name=scope_name(layer.name)))]


def _inner(layer: Any, _: LayerRow, carry: Carry) -> list[Pair]:
    return [Pair(layer, carry(layer.layer), weights=False)]


def _discretization(layer: Any, row: LayerRow, carry: Carry) -> list[Pair]:
    """After adapting, Keras 3 holds the bins and their number; tf_keras takes one of them. Keras 3 counts in int32."""
    if layer.bin_boundaries is None:
        raise refuse(layer, "its bins are not known: adapt it first")
    target = _target(row)
    settings = {**settings_of(layer, row, target, carry), "num_bins": None}
    settings["bin_boundaries"] = [float(boundary) for boundary in layer.bin_boundaries]
    if layer.output_mode == "int":
        settings["dtype"] = "int32"
    return [Pair(layer, target(**settings))]


def _wrapper(layer: Any, row: LayerRow, carry: Carry) -> list[Pair]:
    target = _target(row)
    settings = {**settings_of(layer, row, target, carry), "layer": carry(layer.layer)}
    return [Pair(layer, target(**settings), weights=False)]


def _recurrent(layer: Any, row: LayerRow, carry: Carry) -> list[Pair]:
    target = _target(row)
    settings = {**settings_of(layer, row, target, carry), "cell": carry(layer.cell)}
    return [Pair(layer, target(**settings), weights=False)]


def _stacked(layer: Any, row: LayerRow, carry: Carry) -> list[Pair]:
    target = _target(row)
    settings = {**settings_of(layer, row, target, carry), "cells": [carry(cell) for cell in layer.cells]}
    return [Pair(layer, target(**settings), weights=False)]


def _bidirectional(layer: Any, row: LayerRow, carry: Carry) -> list[Pair]:
    """tf_keras makes its own copies of the two layers, so the pairs are those that it ends up with."""
    target = _target(row)
    forward, backward = _anew(layer.forward_layer), _anew(layer.backward_layer)
    for direction, inner in (("forward_", forward), ("backward_", backward)):
        inner._name = inner.name.removeprefix(direction)  # tf_keras puts the direction there itself
    settings = {**settings_of(layer, row, target, carry), "layer": forward, "backward_layer": backward}
    made = target(**settings)
    return [
        Pair(layer.forward_layer, made.forward_layer),
        Pair(layer.backward_layer, made.backward_layer),
        Pair(layer, made, weights=False),
    ]


def _anew(layer: Any) -> Any:
    """What stands for a layer, to be copied: it takes no part in the model."""
    return construct(layer, _anew)[-1].tf_keras


_WAYS: dict[str, Callable[[Any, LayerRow, Carry], list[Pair]]] = {
    "plain": _plain,
    "identity": _identity,
    "inner": _inner,
    "discretization": _discretization,
    "wrapper": _wrapper,
    "recurrent": _recurrent,
    "stacked": _stacked,
    "bidirectional": _bidirectional,
}
