"""The Keras model inside a worker, as one function from named inputs to named outputs."""

from __future__ import annotations

import functools
from typing import Any

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import ConversionFailed, first_line
from litefoot.runtime.storage.codec import decode


@functools.lru_cache(maxsize=1)
def load_keras(path: str) -> Any:
    """Load a Keras 2 model; code inside the file is not run.

    Args:
        path: A ``.keras`` file.

    Returns:
        The tf_keras model; the same object when asked again.

    Raises:
        ConversionFailed: It is not such a file.
    """
    import tf_keras

    try:
        return tf_keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        raise ConversionFailed("This Keras model cannot be loaded", where=path, got=first_line(error)) from error


def read_contract(document: dict[str, Any]) -> ModelContract:
    """The contract, as a job's arguments carry it.

    Args:
        document: What `codec.encode` returned.

    Returns:
        The contract.
    """
    return decode(ModelContract, document, "contract")


def named_function(model: Any, contract: ModelContract) -> Any:
    """One function over the model, its inputs and outputs by the contract's names.

    Args:
        model: A tf_keras model.
        contract: What it promises.

    Returns:
        A function of a dict of tensors to a dict of tensors, in inference mode.

    Raises:
        ConversionFailed: The model's inputs are not the contract's, or its outputs stand in another order there.
    """
    names = [spec.name for spec in contract.inputs]
    outputs = [spec.name for spec in contract.outputs]
    if sorted(model.output_names) == sorted(outputs) and list(model.output_names) != outputs:
        raise ConversionFailed(
            "The model's outputs stand in another order in its contract", got=outputs, expected=model.output_names
        )
    if sorted(model.input_names) != sorted(names):
        raise ConversionFailed("The model's inputs differ from its contract", got=model.input_names, expected=names)

    def call(inputs: dict[str, Any]) -> dict[str, Any]:
        results = model(inputs if len(names) > 1 else inputs[names[0]], training=False)
        if isinstance(results, dict):
            return dict(results)
        flat = results if isinstance(results, (list, tuple)) else [results]
        return dict(zip(outputs, flat, strict=True))

    return call


def trace(call: Any, contract: ModelContract, *, batch: int | None) -> tuple[Any, Any]:
    """Trace a function for the contract's shapes.

    Args:
        call: What `named_function` returned.
        contract: What the model promises.
        batch: The batch dimension; None leaves it free.

    Returns:
        The ``tf.function``, and its concrete function with inputs by name.
    """
    import tensorflow as tf

    def by_name(**inputs: Any) -> dict[str, Any]:
        return dict(call(inputs))

    specs = {spec.name: tf.TensorSpec((batch, *spec.shape[1:]), spec.dtype, name=spec.name) for spec in contract.inputs}
    function = tf.function(by_name, autograph=False)
    return function, function.get_concrete_function(**specs)
