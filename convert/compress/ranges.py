"""The activation ranges of a model with roundings: what they begin as, and what training made of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy.typing as npt

from .marks import mark_of
from .rounding import short_name

Array = npt.NDArray[Any]

_SAMPLES = 200
_BATCH = 25
_PAIRS = (("output_min", "output_max"), ("post_activation_min", "post_activation_max"))


def begin_ranges(quantized: Any, plain: Any, inputs: dict[str, Array]) -> None:
    """Let activation ranges begin as samples have them.

    tfmot lets them begin at -6..6 and move by a thousandth in each step; a few hundred steps leave them there.

    Args:
        quantized: What `quantize_apply` of tfmot made; changed.
        plain: The model from which it was made.
        inputs: By input name, in the model's order, (samples, ...).
    """
    variables = _variables(quantized)
    seen: dict[str, tuple[float, float]] = {}
    for values in _walk(plain, list(variables), [array[:_SAMPLES] for array in inputs.values()]):
        for name, value in values.items():
            low, high = seen.get(name, (0.0, 0.0))  # zero has to be a value: padding is
            seen[name] = (min(low, float(value.min())), max(high, float(value.max())))
    for name, (low, high) in variables.items():
        if name in seen:
            low.assign(seen[name][0])
            high.assign(seen[name][1])


def trained_ranges(quantized: Any) -> dict[str, tuple[float, float]]:
    """The activation ranges that training ended with.

    Args:
        quantized: What `quantize_apply` of tfmot made and was fitted.

    Returns:
        For the name of a layer of the plain model, the smallest and largest value of its output.
    """
    return {name: (float(low.numpy()), float(high.numpy())) for name, (low, high) in _variables(quantized).items()}


def marks_of(plain: Any, names: list[str], inputs: list[Array]) -> dict[str, list[float]]:
    """What the outputs of layers are known by.

    Args:
        plain: A flat functional tf_keras model.
        names: Of the layers.
        inputs: One array for each input, (samples, ...), few.

    Returns:
        By the layer's name, see `mark_of`.
    """
    (values,) = _walk(plain, names, inputs, batch=len(inputs[0]))
    return {name: mark_of(value) for name, value in values.items()}


def _walk(plain: Any, names: list[str], inputs: list[Array], batch: int = _BATCH) -> Iterator[dict[str, Array]]:
    """The outputs of layers for some samples at a time; inputs are layers too."""
    import tf_keras

    layers = [layer for layer in plain.layers if layer.name in names and len(layer.inbound_nodes) == 1]
    model = tf_keras.Model(plain.inputs, [layer.output for layer in layers])
    for begin in range(0, len(inputs[0]), batch):
        given = [array[begin : begin + batch] for array in inputs]
        outputs = model(given if len(given) > 1 else given[0], training=False)
        outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
        yield {layer.name: value.numpy() for layer, value in zip(layers, outputs, strict=True)}


def _variables(quantized: Any) -> dict[str, tuple[Any, Any]]:
    """By the name of the layer in the plain model, the two variables of its output's range, where it has one."""
    found = {}
    for layer in quantized.layers:
        weights = {short_name(weight): weight for weight in layer.weights}
        of_input = (f"{layer.name}_min", f"{layer.name}_max")
        for low, high in (*_PAIRS, of_input):
            if low in weights and high in weights:
                found[_plain_name(layer)] = (weights[low], weights[high])
    return found


def _plain_name(layer: Any) -> str:
    """Of an input that is rounded, the name of the input; else of the layer that is."""
    name = str(layer.name)
    if name.startswith("quantize_layer"):
        return str(layer.inbound_nodes[0].inbound_layers.name)
    return name.removeprefix("quant_")
