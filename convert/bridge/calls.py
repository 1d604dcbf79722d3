"""How a layer was called in Keras 3, as a call of the tf_keras layer: arguments, and the masks that it sees.

A call with ``training=True`` is carried without it: in Keras 3 what the whole model is called with overrides it, so
that it has no part in inference. (Augmentation layers have it by default.) ``training=False`` is kept.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from .frameworks import is_symbolic, keras, tensorflow
from .refusal import refuse

_AUTOMATIC_MASKS = {"query_mask", "value_mask", "key_mask"}  # both MultiHeadAttention take them from their inputs


def call_layer(layer: Any, target: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Call the tf_keras layer as the Keras 3 layer was called.

    Args:
        layer: The Keras 3 layer.
        target: The tf_keras layer.
        args: Its positional arguments, tensors already those of tf_keras.
        kwargs: Its keyword arguments, likewise.

    Returns:
        What the tf_keras layer returns.

    Raises:
        NotCarried: The call has an argument that tf_keras does not know and that may change the result.
    """
    signature = inspect.signature(layer.call)
    given = dict(signature.bind(*args, **kwargs).arguments)
    first = given.pop(next(iter(signature.parameters)))
    known = set(inspect.signature(target.call).parameters)
    keywords = {name: constant(value) for name, value in given.items() if value is not None}
    if keywords.get("training"):
        del keywords["training"]
    for name in keywords.keys() - known:
        if keywords.pop(name) is not False:
            raise refuse(layer, f"it is called with {name}, which tf_keras does not know")
    return target(first, **keywords)


def call_model(model: Any, functional: Any, target: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Call a nested model as it was called in Keras 3.

    Args:
        model: The Keras 3 model.
        functional: Its graph.
        target: The tf_keras model, with flat inputs.
        args: Its positional arguments, tensors already those of tf_keras.
        kwargs: Its keyword arguments, likewise.

    Returns:
        What the tf_keras model returns.

    Raises:
        NotCarried: The call has an argument other than ``training`` and ``mask``.
    """
    given = dict(inspect.signature(model.call).bind(*args, **kwargs).arguments)
    inputs, masks = given.pop("inputs"), keras().tree.flatten(given.pop("mask", None))
    keywords = {"training": False} if given.pop("training", None) is False else {}
    if any(given.values()):
        raise refuse(model, f"it is called with {', '.join(given)}")
    if isinstance(inputs, dict) and not isinstance(functional._inputs_struct, dict):
        inputs = [inputs[tensor.name] for tensor in functional.inputs]
    flat = keras().tree.flatten(inputs)
    if any(mask is not None for mask in masks):
        keywords["mask"] = masks if len(flat) > 1 else masks[0]
    return target(flat if len(flat) > 1 else flat[0], **keywords)


def constant(value: Any) -> Any:
    """A constant of a call, without its framework.

    Args:
        value: Anything that stands in a call's arguments, tensors of tf_keras among them.

    Returns:
        A numpy array for a tensor of Keras 3; everything else as it is.
    """
    if is_symbolic(value) or not keras().ops.is_tensor(value):
        return value
    return array(value)


def array(value: Any) -> npt.NDArray[Any]:
    """The numbers of a constant.

    Args:
        value: A tensor of Keras 3, an array or a number.

    Returns:
        The same as a numpy array.
    """
    found: npt.NDArray[Any] = keras().ops.convert_to_numpy(value)
    return found


def sees_mask(node: Any) -> bool | None:
    """Whether the layer of a node takes the masks of its inputs.

    Keras 3 fills in the argument ``mask`` only where a single argument holds tensors: an LSTM that is given its initial
    state sees no mask. tf_keras always fills it in.

    Args:
        node: A node of a Keras 3 graph, of a layer.

    Returns:
        True or False for a layer that uses masks, None for one that does not.
    """
    parameters = set(inspect.signature(node.operation.call).parameters)
    if parameters & _AUTOMATIC_MASKS:
        return True
    if "mask" not in parameters:
        return None
    holding = [*node.arguments.args, *node.arguments.kwargs.values()]
    symbolic = keras().KerasTensor
    return sum(any(isinstance(part, symbolic) for part in keras().tree.flatten(value)) for value in holding) == 1


def without_mask(tensor: Any) -> Any:
    """A tensor without the mask that tf_keras has attached to it.

    Args:
        tensor: A symbolic tensor of tf_keras.

    Returns:
        The same values; the tensor itself where it has no mask.
    """
    return tensor if getattr(tensor, "_keras_mask", None) is None else tensorflow().identity(tensor)
