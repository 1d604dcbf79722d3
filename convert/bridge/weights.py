"""Weights and the trainable flag, from Keras 3 layers to the tf_keras layers that stand for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .construct import Pair
from .frameworks import keras
from .graph import all_layers
from .refusal import refuse


def copy_weights(pairs: Sequence[Pair]) -> None:
    """Copy every weight.

    Args:
        pairs: Layers that were built and called.

    Raises:
        NotCarried: A layer has other weights in tf_keras than in Keras 3.
    """
    for pair in pairs:
        if pair.weights:
            _copy(pair.keras, pair.tf_keras)


def copy_trainable(pairs: Sequence[Pair]) -> None:
    """Copy what may be trained. After the weights: in tf_keras the flag changes the order of a layer's weights.

    Models and wrappers stay trainable in tf_keras: there their flag would decide over their layers', in Keras 3 each
    layer's own decides.

    Args:
        pairs: Layers that were built and called.
    """
    for pair in pairs:
        if pair.weights:
            pair.tf_keras.trainable = pair.keras.trainable


def reset_states(functional: Any) -> None:
    """Let stateful layers begin as those of the new model do.

    Args:
        functional: The Keras 3 functional model.
    """
    for layer in all_layers(functional):
        if getattr(layer, "stateful", False):
            layer.reset_state()


def _copy(source: Any, target: Any) -> None:
    values = [keras().ops.convert_to_numpy(weight) for weight in source.weights]
    here, there = [value.shape for value in values], [tuple(weight.shape) for weight in target.weights]
    if here != there:
        raise refuse(source, f"its weights are {here} in Keras 3 and {there} in tf_keras")
    target.set_weights(values)
    if hasattr(target, "finalize_state"):
        target.finalize_state()  # Normalization computes with constants that it takes from its weights here
