"""A Keras 3 model carried to tf_keras: replayed, its weights copied, its outputs compared."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from litefoot.runtime.errors import first_line

from .compare import Comparison, compare, first_difference
from .graph import functional_of
from .inputs import Array, random_inputs
from .masks import masked_tensors
from .refusal import NotCarried, Refusal
from .registered import register
from .replay import Replay
from .weights import copy_trainable, copy_weights, reset_states

TOLERANCE = 1e-5
"""The largest error at which a carried model is taken for the same: float32 sums in another order stay far below."""


@dataclass(frozen=True)
class Bridged:
    """A tf_keras model that does what a Keras 3 model does.

    Attributes:
        model: A tf_keras functional model. Its inputs and outputs are flat lists in the order of the Keras 3 model's
            ``inputs`` and ``outputs``; its inputs have the same names.
        error: The largest difference of any output on random inputs, divided by the output's largest magnitude.
    """

    model: Any
    error: float


def bridge(model: Any, *, seed: int = 0) -> Bridged:
    """Carry a model to tf_keras.

    Args:
        model: A Keras 3 functional or sequential model.
        seed: Of the random inputs on which the two are compared.

    Returns:
        The tf_keras model with the same weights, and how exactly it does the same.

    Raises:
        NotCarried: The model is not functional, holds what tf_keras does not have, or came out different.
    """
    functional = functional_of(model)
    if functional is None:
        raise NotCarried(
            "This Keras 3 model has no graph to carry to tf_keras",
            got=f"{type(model).__name__} (subclassed, or not built)",
            expected="a functional model, or a sequential one that was built",
            fix="build it of layers with keras.Input and keras.Model, or convert it without compression",
        )
    register()
    inputs = random_inputs(functional, seed)
    replay = Replay(_masked(functional, inputs))
    carried = _replayed(replay, functional)
    copy_weights(replay.pairs)
    reset_states(functional)
    comparison = _compared(functional, carried, inputs)
    if not comparison.error <= TOLERANCE or not comparison.telling:
        _check_steps(comparison, replay, functional, carried, inputs)
    copy_trainable(replay.pairs)
    return Bridged(carried, comparison.error)


def _replayed(replay: Replay, functional: Any) -> Any:
    try:
        return replay.model(functional)
    except NotCarried:
        raise
    except Exception as error:  # what tf_keras says of a graph as a whole; of a layer, `Replay` tells which
        raise NotCarried(
            "tf_keras refuses the graph of this Keras 3 model",
            got=first_line(error),
            fix="convert the model without compression",
        ) from error


def _masked(functional: Any, inputs: list[Array]) -> frozenset[int]:
    try:
        return masked_tensors(functional, inputs)
    except Exception as error:
        raise _not_comparable(error) from error


def _compared(functional: Any, carried: Any, inputs: list[Array]) -> Comparison:
    try:
        return compare(functional, carried, inputs)
    except Exception as error:
        raise _not_comparable(error) from error


def _not_comparable(error: Exception) -> NotCarried:
    """Whatever a framework raises on inputs that a model does not take."""
    return NotCarried(
        "The Keras 3 model and the tf_keras model made of it could not be compared on random inputs",
        got=first_line(error),
        fix="check that the model runs on inputs of the shapes that it declares",
    )


def _check_steps(comparison: Comparison, replay: Replay, functional: Any, carried: Any, inputs: list[Array]) -> None:
    """Compare layer by layer: to name the one that differs, or because the outputs tell nothing of the layers."""
    if math.isnan(comparison.error):
        raise NotCarried(
            "Nothing can be compared: an output of this Keras 3 model is not finite on random inputs",
            fix="check that the model runs on numbers between -1 and 1",
        )
    first = first_difference(replay.steps, functional, carried, inputs, TOLERANCE)
    if first is None and comparison.error <= TOLERANCE:
        return
    raise NotCarried(
        "The tf_keras model made of this Keras 3 model gives other outputs",
        [Refusal(first[0].name, first[0].kind, f"from here on they differ, by {first[1]:.1e}")] if first else (),
        got=f"a relative error of {comparison.error:.1e}",
        expected=f"at most {TOLERANCE:.0e}",
        fix="convert the model without compression",
    )
