"""Which layers of a tf_keras model each step takes; the others are left alone, and named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .graph import clone, following_norm
from .recipe import Cluster

Takes = Callable[[Any], bool]


def wrapped(model: Any, takes: Takes, wrap: Callable[[Any], Any], *, first: bool) -> tuple[Any, dict[str, str]]:
    """A copy of a model some of whose layers are wrapped.

    Args:
        model: A flat functional tf_keras model; not changed.
        takes: Whether a layer is to be wrapped.
        wrap: From a layer to its wrapper.
        first: Whether no step came before. What a step has made of a layer is lost when it is fitted on without the
            wrapper of the next: layers that are left alone then keep the weights that they have.

    Returns:
        The copy, and the layers with weights that were left alone: by their names, their classes.
    """
    import tf_keras

    left = {}

    def choose(layer: Any) -> Any:
        taken, normal = takes(layer), "Normalization" in type(layer).__name__
        if not normal:  # which keeps its statistics where it was frozen
            layer.trainable = taken or first or type(layer).__name__ == "DepthwiseConv2D"  # never pruned nor clustered
        if taken:
            return wrap(layer)
        if layer.weights:
            left[layer.name] = type(layer).__name__
        return layer

    copy = tf_keras.models.clone_model(clone(model), clone_function=choose)
    return copy, left


def prunable(layer: Any) -> bool:
    """Whether tfmot can prune a layer's weights.

    Args:
        layer: A layer of a tf_keras model, in its graph.

    Returns:
        Whether it can, and there are any.
    """
    from tensorflow_model_optimization.python.core.sparsity.keras.prune_registry import PruneRegistry

    return bool(PruneRegistry.supports(layer) and _weights_of(PruneRegistry, layer) and not _is_masked(layer))


def clusterable(layer: Any, cluster: Cluster) -> bool:
    """Whether tfmot can cluster a layer's weights.

    Args:
        layer: A layer of a tf_keras model, in its graph.
        cluster: Into how many.

    Returns:
        Whether it can, and there are more weights than clusters.
    """
    from tensorflow_model_optimization.python.core.clustering.keras.clustering_registry import ClusteringRegistry

    if not ClusteringRegistry.supports(layer) or not _weights_of(ClusteringRegistry, layer) or _is_masked(layer):
        return False
    channels = layer.filters if cluster.per_channel and type(layer).__name__ == "Conv2D" else 1
    return bool(max(weight.shape.num_elements() for weight in layer.weights) > cluster.clusters * channels)


def quantizable(layer: Any, registry: Any) -> bool:
    """Whether tfmot can train a layer with its roundings.

    Batch normalisation is taken where it follows a convolution that is: the two become one. Transposed convolutions
    are not: the TFLite files of such did not do what the model did.

    Args:
        layer: A layer of a tf_keras model, in its graph.
        registry: Of the roundings.

    Returns:
        Whether it can.
    """
    from tf_keras import layers

    if isinstance(layer, (layers.InputLayer, layers.Conv2DTranspose)):
        return False
    if isinstance(layer, layers.BatchNormalization):
        before = layer.inbound_nodes[0].inbound_layers
        return type(before) in (layers.Conv2D, layers.DepthwiseConv2D) and following_norm(before) is layer
    return bool(registry.supports(layer) and len(layer.inbound_nodes) == 1)


def _weights_of(registry: Any, layer: Any) -> list[str]:
    recurrent = hasattr(layer, "cell") or hasattr(layer, "forward_layer")
    names: list[str] = registry._LAYERS_WEIGHTS_MAP.get(type(layer), ["cell"] if recurrent else [])
    return names


def _is_masked(layer: Any) -> bool:
    """Whether a layer makes or takes a mask: tfmot's wrappers lose it."""
    import tensorflow as tf

    tensors = [tensor for node in layer.inbound_nodes for tensor in tf.nest.flatten((node.input_tensors, node.outputs))]
    return any(getattr(tensor, "_keras_mask", None) is not None for tensor in tensors)
