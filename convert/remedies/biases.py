"""Take the mean error of rounded weights out of the biases before the quantizer makes it.

Nagel et al. 2019, "Data-Free Quantization through Weight Equalization and Bias Correction", arXiv:1906.04721, section
4.2: rounding the weights W by E shifts a layer's output by ``E x``, on average by ``E[E x] = E E[x]``, which is known
before anything runs; the bias takes it off: ``b' = b - E E[x]``. The mean of x is measured, as in the paper's appendix.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from ..export.wide_layers import is_wide
from .float_file import Array, FloatFile, Linear, one_call, open_float

SAMPLES = 64
_HIGHEST = 127
"""Of symmetric weights in 8 bits, as both quantizers store them."""
_ACTIVATIONS = ("Relu", "Clip")
"""Which ONNX keeps apart, and whose output stands for the layer's where ranges are chosen."""


def correct_biases(float_file: Path, out: Path, inputs: Mapping[str, Array]) -> tuple[str, ...]:
    """Correct the biases of a float file for weights in 8 bits. Its own outputs change by what the rounding will.

    Args:
        float_file: A ``.tflite`` or ``.onnx`` file.
        out: The file to write; none where no layer has a bias.
        inputs: By input name, (samples, ...), whose means are measured.

    Returns:
        The layers that were changed, with the largest correction.
    """
    file = open_float(float_file)
    uses = [name for node in file.nodes for name in node.constants]
    layers = [layer for layer in file.linears() if layer.bias is not None and uses.count(layer.bias) == 1]
    means = _means(file, layers, inputs)
    constants, told = file.constants(), []
    for layer in layers:
        if layer.bias is not None and layer.source in means:
            shift = expected_shift(constants[layer.weights], layer, means[layer.source])
            file.set_constant(layer.bias, constants[layer.bias] - shift)
            told.append(f"{layer.output}: bias moved by up to {float(np.abs(shift).max()):.3g}")
    if told:
        file.save(out)
    return tuple(told)


def restore_biases(corrected: Path, uncorrected: Path, names: Collection[str], out: Path) -> bool:
    """Undo the correction in layers whose weights are not rounded after all, where it is an error of its own.

    Args:
        corrected: A file that `correct_biases` wrote, or one that was made of it.
        uncorrected: What `correct_biases` had read.
        names: Tensors that those layers write, before or after their activation.
        out: The file to write; none where no layer writes such a tensor.

    Returns:
        Whether there is one.
    """
    file, before = open_float(corrected), open_float(uncorrected).constants()
    written = set(names)
    for node in file.nodes:
        if node.operator in _ACTIVATIONS and written & set(node.outputs):
            written |= set(node.inputs)
    products = {name: set(node.outputs) for node in file.nodes for name in node.constants}
    restored = [
        layer.bias
        for layer in file.linears()
        if layer.bias is not None and written & (products[layer.weights] | {layer.output})
    ]
    for bias in restored:
        file.set_constant(bias, before[bias])
    if restored:
        file.save(out)
    return bool(restored)


def expected_shift(weights: Array, layer: Linear, mean: Array) -> Array:
    """What rounding a layer's weights adds to its outputs on average.

    Args:
        weights: Float, of any layout.
        layer: Says which axes are its outputs and inputs.
        mean: Of its input, (channels,), real units.

    Returns:
        (output channels,), real units. Padding at the borders of a picture is left out of account.
    """
    error = round_weights(weights, layer) - weights.astype(np.float64)
    if layer.in_axis == layer.out_axis:
        own: Array = np.moveaxis(error, layer.out_axis, 0).reshape(len(mean), -1).sum(axis=1)
        return own * mean
    moved = np.moveaxis(error, (layer.out_axis, layer.in_axis), (0, 1))
    shift: Array = moved.reshape(*moved.shape[:2], -1).sum(axis=2) @ mean
    return shift


def round_weights(weights: Array, layer: Linear) -> Array:
    """The weights as a quantizer stores them: 8 bits, symmetric, one scale for each output channel.

    Args:
        weights: Float, of any layout.
        layer: Says which axis is its outputs.

    Returns:
        Real values, same shape, float64; with one scale for all where this litefoot gives a layer only one.
    """
    values = weights.astype(np.float64)
    together = weights.ndim == 2 and layer.out_axis == 0 and is_wide(weights)
    axes = tuple(i for i in range(weights.ndim) if together or i != layer.out_axis)
    step = np.abs(values).max(axis=axes, keepdims=True) / _HIGHEST
    rounded: Array = np.rint(values / np.where(step > 0, step, 1.0)) * step
    return rounded


def _means(file: FloatFile, layers: list[Linear], inputs: Mapping[str, Array]) -> dict[str, Array]:
    axes = {layer.source: layer.channel_axis for layer in layers}
    sums: dict[str, Array] = {}
    calls = 0
    for values in one_call(file.probe(), inputs, SAMPLES):
        calls += 1
        for name, axis in axes.items():
            if name in values:
                moved = np.moveaxis(values[name].astype(np.float64), axis, 0)
                sums[name] = sums.get(name, 0.0) + moved.reshape(len(moved), -1).mean(axis=1)
    return {name: total / calls for name, total in sums.items()}
