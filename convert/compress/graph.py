"""Copies of tf_keras models: without models inside models, and without batch normalisation where it can be folded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Call = Callable[[Any, Any, Any], Any]
"""From a layer and the arguments of one of its calls to what it returns."""


def clone(model: Any) -> Any:
    """A copy of a model that shares nothing with it: tfmot's steps change what they are given.

    Args:
        model: A functional tf_keras model.

    Returns:
        The copy.
    """
    import tf_keras

    copy = tf_keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return copy


def flattened(model: Any) -> Any:
    """A copy of a model whose layers are all its own, and whose outputs are a flat list.

    The steps take layers, and none of them looks into a model that is one of them.

    Args:
        model: A functional or sequential tf_keras model; not changed.

    Returns:
        The copy.
    """
    model = clone(model)
    taken: set[str] = set()
    for inner in _inner_models(model):
        for layer in inner.layers:
            if layer.name in taken:
                layer._name = f"{inner.name}_{layer.name}"
            taken.add(layer.name)
    return clone(replayed(model, lambda layer, args, kwargs: layer(*args, **kwargs)))


def replayed(model: Any, call: Call) -> Any:
    """Call the layers of a model again, those of the models in it too, on inputs of the same names.

    Args:
        model: A functional or sequential tf_keras model.
        call: Calls one layer.

    Returns:
        A functional model that shares its layers with the first; its outputs are a flat list.
    """
    import tf_keras

    inputs = [
        tf_keras.Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=name)
        for tensor, name in zip(model.inputs, model.input_names, strict=True)
    ]
    return tf_keras.Model(inputs, _run(model, inputs, call), name=model.name)


def _run(model: Any, inputs: list[Any], call: Call) -> list[Any]:
    import tensorflow as tf

    uses = model._tensor_usage_count
    values = {str(id(old)): [new] * uses[str(id(old))] for old, new in zip(model.inputs, inputs, strict=True)}
    nodes = [node for depth in sorted(model._nodes_by_depth, reverse=True) for node in model._nodes_by_depth[depth]]
    for node in nodes:
        if node.is_input or any(key not in values for key in node.flat_input_ids):
            continue
        args, kwargs = node.map_arguments(values)
        if _is_model(node.layer):
            results = _run(node.layer, tf.nest.flatten(args), call)
        else:
            results = tf.nest.flatten(call(node.layer, args, kwargs))
        for key, value in zip(node.flat_output_ids, results, strict=True):
            values[key] = [value] * uses[key]
    return [values[str(id(tensor))].pop() for tensor in model.outputs]


def _is_model(layer: Any) -> bool:
    import tf_keras

    return isinstance(layer, tf_keras.Model)


def _inner_models(model: Any) -> Iterator[Any]:
    yield model
    for layer in model.layers:
        if _is_model(layer):
            yield from _inner_models(layer)


def folded(model: Any) -> Any:
    """A copy of a model with batch normalisation folded into the convolutions before it.

    ``gamma (w x + b - mean) / sqrt(var + eps) + beta`` is a convolution with ``w gamma / sqrt(var + eps)``: Jacob et
    al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
    arXiv:1712.05877, section 3.2.

    Args:
        model: A flat functional tf_keras model; not changed.

    Returns:
        The copy; batch normalisation that follows nothing linear stays.
    """
    shown = {id(tensor) for tensor in model.outputs}
    pairs = {
        layer.name: norm
        for layer in model.layers
        if (norm := following_norm(layer)) is not None and id(layer.output) not in shown
    }
    norms = {id(norm) for norm in pairs.values()}
    made: dict[str, Any] = {}

    def call(layer: Any, args: Any, kwargs: Any) -> Any:
        if id(layer) in norms:
            return args[0]
        if layer.name not in pairs:
            return layer(*args, **kwargs)
        norm = pairs[layer.name]
        made[layer.name] = type(layer).from_config({**layer.get_config(), "use_bias": True})
        result = made[layer.name](*args, **kwargs)
        made[layer.name].set_weights(_folded_weights(layer, norm))
        return result

    return clone(replayed(model, call))


def following_norm(layer: Any) -> Any | None:
    """The batch normalisation that alone takes what a linear convolution or dense layer returns.

    Args:
        layer: A layer of a tf_keras model, in its graph.

    Returns:
        That layer; None without.
    """
    import tf_keras
    from tf_keras import layers

    kinds = (layers.Conv1D, layers.Conv2D, layers.DepthwiseConv2D, layers.Dense)
    if type(layer) not in kinds or layer.activation is not tf_keras.activations.linear:
        return None
    followers = [node.layer for node in layer.outbound_nodes]
    if len(layer.inbound_nodes) != 1 or len(followers) != 1:
        return None
    norm = followers[0]
    if type(norm) is not layers.BatchNormalization or len(norm.inbound_nodes) != 1:
        return None
    axis = list(norm.axis) if isinstance(norm.axis, (list, tuple)) else [norm.axis]
    last = len(norm.input_shape) - 1
    return (
        norm if axis in ([-1], [last]) and getattr(layer, "data_format", "channels_last") == "channels_last" else None
    )


def _folded_weights(layer: Any, norm: Any) -> list[Any]:
    kernel = layer.get_weights()[0]
    count = norm.moving_mean.shape[0]
    gamma = np.ones(count, np.float32) if norm.gamma is None else norm.gamma.numpy()
    beta = np.zeros(count, np.float32) if norm.beta is None else norm.beta.numpy()
    bias = layer.get_weights()[1] if layer.use_bias else 0.0
    factor = gamma / np.sqrt(norm.moving_variance.numpy() + norm.epsilon)
    shaped = factor.reshape(kernel.shape[-2:]) if type(layer).__name__ == "DepthwiseConv2D" else factor
    return [kernel * shaped, beta + (bias - norm.moving_mean.numpy()) * factor]
