"""A Keras 2 model as a function by name."""

from __future__ import annotations

from typing import Any

from litefoot.runtime.errors import UsageError
from litefoot.runtime.tensors import TensorSpec

from ..source import Description
from .keras3 import largest_tokens
from .names import plain_names
from .opened import OpenedModel, owner_of


def open_keras2(model: Any) -> OpenedModel:
    """Open a Keras 2 model.

    Args:
        model: The live tf_keras model: functional or sequential.

    Returns:
        The model; what is exported is the model itself.

    Raises:
        UsageError: It was never built, so that its inputs are not known.
    """
    import tensorflow as tf
    import tf_keras

    if not getattr(model, "inputs", None):
        raise UsageError(
            "This model does not tell what it takes",
            where=f"model {model.name}",
            fix="call it once on a sample before saving it, or export it as a SavedModel with a signature",
        )
    inline_convolutions(model)
    names = plain_names(model.input_names)
    nested = getattr(model, "_nested_outputs", None)
    outputs = plain_names(sorted(nested) if isinstance(nested, dict) else model.output_names)

    def call(given: dict[str, Any]) -> dict[str, Any]:
        tensors = [given[name] for name in names]
        results = model(tensors if len(names) > 1 else tensors[0], training=False)
        return dict(zip(outputs, tf.nest.flatten(results), strict=True))

    inputs = _specs(names, model.inputs)
    description = Description(
        framework=f"Keras 2 (tf_keras {tf_keras.__version__})",
        name=model.name,
        inputs=inputs,
        outputs=_specs(outputs, tf.nest.flatten(model.outputs)),
        largest_tokens=largest_tokens(model._flatten_layers(), inputs, tf_keras.layers.Embedding),
        parameters=model.count_params(),
        compressible=bool(getattr(model, "_is_graph_network", False)),
        bridge_error=None,
        notes=() if getattr(model, "_is_graph_network", False) else ("a subclassed model cannot be compressed",),
    )
    keras2 = model if description.compressible else None
    return OpenedModel(description, 1, call, call, owner_of(model.variables), keras2=keras2)


def inline_convolutions(model: Any) -> None:
    """Have grouped convolutions called in place: Keras 2 compiles them apart, into a call that tf2onnx cannot follow.

    Args:
        model: A live tf_keras model, changed.
    """
    for layer in model._flatten_layers():
        if hasattr(layer, "_jit_compiled_convolution_op"):
            layer._jit_compiled_convolution_op = layer.convolution_op


def _specs(names: list[str], tensors: Any) -> tuple[TensorSpec, ...]:
    return tuple(
        TensorSpec(name, tuple(tensor.shape), tensor.dtype.name) for name, tensor in zip(names, tensors, strict=True)
    )
