"""The roundings of quantization-aware training: which suit what the steps before have made, and taking them off."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from .graph import clone
from .recipe import Compression

QUANTIZED = "quantize_aware"


def scheme(compression: Compression) -> Any:
    """The roundings that keep what the steps before have made.

    Args:
        compression: All steps.

    Returns:
        A scheme of tfmot.
    """
    from tensorflow_model_optimization.python.core.quantization.keras.default_8bit import default_8bit_quantize_scheme

    class Scheme(default_8bit_quantize_scheme.Default8BitQuantizeScheme):  # type: ignore[misc]
        def get_quantize_registry(self) -> Any:
            return _registry(compression)

    return Scheme()


def _registry(compression: Compression) -> Any:
    """The registry that keeps zeros, clusters or both; it takes no layer that the plain one does not take.

    Those of tfmot that keep something take every layer whose weights are not trained, and then fail over it.
    """
    import tensorflow_model_optimization as tfmot
    from tensorflow_model_optimization.python.core.quantization.keras.default_8bit import default_8bit_quantize_registry

    plain = default_8bit_quantize_registry.Default8BitQuantizeRegistry()
    if compression.cluster is not None:
        registry = _clustered_registry(zeros=compression.prune is not None, one_scale=compression.one_scale)
    elif compression.prune is not None:
        registry = tfmot.experimental.combine.Default8BitPrunePreserveQuantizeScheme().get_quantize_registry()
    else:
        return plain
    takes = registry.supports
    registry.supports = lambda layer: plain.supports(layer) and takes(layer)
    return registry


def _clustered_registry(*, zeros: bool, one_scale: bool) -> Any:
    from tensorflow_model_optimization.python.core.quantization.keras.collab_opts.cluster_preserve import (
        cluster_preserve_quantize_registry as clustered,
    )
    from tf_keras import layers

    class OneScale(clustered.Default8bitClusterPreserveQuantizeRegistry):  # type: ignore[misc]
        """Convolutions too have one scale for all weights: one for each channel would undo the clusters."""

        def get_quantize_config(self, layer: Any) -> Any:
            config = super().get_quantize_config(layer)
            if type(layer) is layers.Conv2D:
                config.weight_quantizer = clustered.ClusterPreserveDefault8BitWeightsQuantizer(zeros)
            return config

    return OneScale(zeros) if one_scale else clustered.Default8bitClusterPreserveQuantizeRegistry(zeros)


@contextlib.contextmanager
def mended(compression: Compression) -> Iterator[None]:
    """Have tfmot round what it would pass over, and take clusters for what they are.

    A convolution or dense layer that a ReLU follows at once lost the roundings of its weights with those of its output.
    And clusters of a layer are taken for clusters of each channel where all channels happen to hold as many values:
    sixteen values become sixteen times the channels.

    Args:
        compression: All steps.

    Yields:
        Nothing; inside the block, models can be quantized.
    """
    from tensorflow_model_optimization.python.core.quantization.keras.collab_opts.cluster_preserve import (
        cluster_preserve_quantize_registry as clustered,
    )
    from tensorflow_model_optimization.python.core.quantization.keras.default_8bit import default_8bit_transforms

    centroids, transform = clustered.get_centroids, default_8bit_transforms.LayerReLUQuantize
    replacement = transform.replacement
    if compression.one_scale:
        clustered.get_centroids = _centroids_of_the_layer
    transform.replacement = lambda self, match: _keep_weights(match) or replacement(self, match)
    try:
        yield
    finally:
        clustered.get_centroids, transform.replacement = centroids, replacement


def _centroids_of_the_layer(layer: Any, weight: Any, data_format: Any) -> Any:
    """What `get_centroids` of tfmot returns for weights that are clustered as a whole."""
    import tensorflow as tf

    del layer, data_format
    values, index = tf.unique(tf.reshape(weight, [-1]))
    return values, tf.size(values), tf.reshape(index, tf.shape(weight)), False


def _keep_weights(relu: Any) -> Any | None:
    """Round the weights of the layer before a ReLU, and not its output; None where it has none."""
    from tensorflow_model_optimization.python.core.quantization.keras import quantize_aware_activation, utils

    before = relu.input_layers[0].layer
    if before["class_name"] == "Add" or before["config"].get("activation") not in ("linear", "relu"):
        return None
    nothing = quantize_aware_activation.NoOpActivation()
    before["config"]["activation"] = utils.serialize_activation(nothing, use_legacy_format=True)
    return relu


def without_roundings(quantized: Any, plain: Any) -> Any:
    """The weights of a model that was trained with its roundings, in a model without.

    Args:
        quantized: What `quantize_apply` of tfmot made and was fitted.
        plain: A model of the layers from which it was made; not changed.

    Returns:
        A copy of `plain` with the weights of `quantized`.
    """
    from tensorflow_model_optimization.python.core.quantization.keras.quantize_wrapper import QuantizeWrapper

    copy = clone(plain)
    wrappers = {layer.name.removeprefix("quant_"): layer for layer in quantized.layers}
    for layer in copy.layers:
        if not layer.weights:
            continue
        found = wrappers[layer.name]
        if not isinstance(found, QuantizeWrapper):  # it was left alone
            layer.set_weights(found.get_weights())
        else:
            trained = {short_name(weight): weight.numpy() for weight in found.weights}
            layer.set_weights([trained[short_name(weight)] for weight in layer.weights])
    return copy


def short_name(weight: Any) -> str:
    """The last part of a variable's name.

    Args:
        weight: The variable.

    Returns:
        For example ``kernel``.
    """
    return str(weight.name).split("/")[-1].split(":")[0]
