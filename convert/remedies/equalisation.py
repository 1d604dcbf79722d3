"""Equalise the channels between consecutive layers: what one layer's channel is divided by, the next multiplies back.

Nagel et al. 2019, "Data-Free Quantization through Weight Equalization and Bias Correction", arXiv:1906.04721, section
4.1. A function f with f(s x) = s f(x) for s > 0, as ReLU is, lets a factor pass from one layer to the next: for
diagonal S, ``W2 f(W1 x + b1) = (W2 S) f(S^-1 W1 x + S^-1 b1)``. With ``r1`` and ``r2`` the ranges of a channel on
both sides, ``s = sqrt(r1 r2) / r2`` makes them equal (equation 11).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..explain.probe import Node
from .float_file import Array, FloatFile, Linear, largest_change, one_call, open_float

SAMPLES = 32
_TOLERANCE = 1e-5
"""Of the float outputs, in units of the largest: the rounding of float32 through a deep network."""
_ROUNDS, _ENOUGH = 50, 1e-3
_MOST_FACTOR = 2.0**20
"""Beyond it a channel is as good as dead, and scaling it up would only scale its rounding."""

_HOMOGENEOUS = {
    "RELU", "LEAKY_RELU", "PRELU", "MAX_POOL_2D", "AVERAGE_POOL_2D", "MEAN", "PAD", "RESHAPE", "SQUEEZE", "EXPAND_DIMS",
    "Relu", "LeakyRelu", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "Squeeze", "Unsqueeze",
    "Reshape", "Flatten", "Identity",
}  # fmt: skip
"""Operators that keep channels apart and let a positive factor pass. Where one of them does not after all (a mean over
the channels, say), the outputs change, and that is looked for."""
_CEILINGS = {"RELU6", "Clip"}
_CEILING = 6.0


@dataclass(frozen=True)
class Pair:
    """Two layers that a factor can pass between.

    Attributes:
        first: The one that is divided.
        second: The one that is multiplied.
        ceilings: The tensors between them that a ReLU6 writes.
    """

    first: Linear
    second: Linear
    ceilings: tuple[str, ...]


Ranges = Callable[[Pair, Mapping[str, Array], Array], tuple[Array, Array]]
"""From a pair, the constants as they are by now and the pair's factors so far to r1 and r2, (channels,)."""


def equalise_weights(float_file: Path, out: Path, inputs: Mapping[str, Array]) -> tuple[str, ...]:
    """Equalise the ranges of the weights, as in the paper.

    Args:
        float_file: A ``.tflite`` or ``.onnx`` file.
        out: The file to write; none where nothing fits.
        inputs: By input name, (samples, ...), to prove on that the outputs stay as they are.

    Returns:
        The layers that were changed, with the largest factor.
    """
    return _equalise(float_file, out, inputs, _of_weights)


def equalise_activations(float_file: Path, out: Path, inputs: Mapping[str, Array]) -> tuple[str, ...]:
    """Equalise the ranges of what flows between the layers with those of the weights that it meets.

    With one scale for each channel's weights, as quantizers use today, the first layer's weights have no range to
    share: what shares one scale is the activation. So its range takes the place of r1, which is equation 4 with alpha =
    0.5 of Xiao et al. 2022, "SmoothQuant", arXiv:2211.10438. Behind it a depthwise layer has no range to share either,
    and the activation alone decides: alpha = 1.

    Args:
        float_file: A ``.tflite`` or ``.onnx`` file.
        out: The file to write; none where nothing fits.
        inputs: By input name, (samples, ...), whose activations are measured.

    Returns:
        The layers that were changed, with the largest factor.
    """
    file = open_float(float_file)
    axes = {pair.second.source: pair.second.channel_axis for pair in _pairs(file)}
    measured: dict[str, Array] = {}
    for values in one_call(file.probe(), inputs, SAMPLES):
        for name, axis in axes.items():
            peaks = _range(values[name], axis)
            measured[name] = np.maximum(measured.get(name, peaks), peaks)

    def ranges(pair: Pair, current: Mapping[str, Array], factor: Array) -> tuple[Array, Array]:
        second = pair.second
        reached = measured[second.source] / factor
        if second.in_axis == second.out_axis:
            alive = reached[reached > 0]
            usual = np.exp(np.log(alive).mean()) if len(alive) else 1.0
            return np.square(reached / usual), np.ones_like(reached)
        return reached, _range(current[second.weights], second.in_axis)

    return _equalise(float_file, out, inputs, ranges) if measured else ()


def _of_weights(pair: Pair, current: Mapping[str, Array], _: Array) -> tuple[Array, Array]:
    first, second = pair.first, pair.second
    return _range(current[first.weights], first.out_axis), _range(current[second.weights], second.in_axis)


def _equalise(
    float_file: Path,
    out: Path,
    inputs: Mapping[str, Array],
    ranges: Ranges,
) -> tuple[str, ...]:
    file = open_float(float_file)
    original = file.probe()
    pairs = [pair for pair in _pairs(file) if not pair.ceilings or _below_ceiling(file, pair, inputs)]
    factors = _balance(file, pairs, ranges)
    changed = [pair for pair in pairs if float(np.abs(np.log2(factors[pair.first.output])).max()) > _ENOUGH]
    if not changed:
        return ()
    for pair in changed:
        for tensor in pair.ceilings:
            file.drop_ceiling(tensor)
    if not largest_change(original, file.probe(), inputs, SAMPLES) <= _TOLERANCE:
        return ()
    file.save(out)
    return tuple(_told(pair, factors[pair.first.output]) for pair in changed)


def _balance(file: FloatFile, pairs: Sequence[Pair], ranges: Ranges) -> dict[str, Array]:
    """Scale pair after pair until nothing moves; the product of each pair's factors, by the tensor between them."""
    constants = file.constants()
    factors = {
        pair.first.output: np.ones(constants[pair.first.weights].shape[pair.first.out_axis], np.float64)
        for pair in pairs
    }
    current = {name: array.astype(np.float64) for name, array in constants.items()}
    for _ in range(_ROUNDS):
        moved = 0.0
        for pair in pairs:
            first, second = pair.first, pair.second
            scale = _factor(*ranges(pair, current, factors[first.output]))
            _divide(current, first, scale)
            current[second.weights] = current[second.weights] * _along(scale, second.in_axis, current[second.weights])
            factors[first.output] = factors[first.output] * scale
            moved = max(moved, float(np.abs(np.log2(scale)).max()))
        if moved < _ENOUGH:
            break
    for name in {name for pair in pairs for name in (pair.first.weights, pair.first.bias, pair.second.weights) if name}:
        file.set_constant(name, current[name])
    return factors


def _factor(own: Array, following: Array) -> Array:
    """``sqrt(r1 r2) / r2``; 1 where a channel is dead on either side."""
    alive = (own > 0) & (following > 0)
    scale = np.sqrt(np.where(alive, own, 1.0) / np.where(alive, following, 1.0))
    return np.where(alive, np.clip(scale, 1.0 / _MOST_FACTOR, _MOST_FACTOR), 1.0)


def _divide(current: dict[str, Array], layer: Linear, scale: Array) -> None:
    current[layer.weights] = current[layer.weights] / _along(scale, layer.out_axis, current[layer.weights])
    if layer.bias is not None:
        current[layer.bias] = current[layer.bias] / scale


def _along(scale: Array, axis: int, like: Array) -> Array:
    shape = [1] * like.ndim
    shape[axis] = -1
    return scale.reshape(shape)


def _range(values: Array, axis: int) -> Array:
    """The largest magnitude of each channel."""
    moved = np.moveaxis(np.abs(values.astype(np.float64)), axis, 0)
    largest: Array = moved.reshape(len(moved), -1).max(axis=1, initial=0.0)
    return largest


def _pairs(file: FloatFile) -> list[Pair]:
    linears = file.linears()
    by_source: dict[str, list[Linear]] = {}
    for linear in linears:
        by_source.setdefault(linear.source, []).append(linear)
    constants = file.constants()
    readers: dict[str, list[Node]] = {}
    uses: dict[str, int] = {}
    for node in file.nodes:
        for name in node.inputs:
            readers.setdefault(name, []).append(node)
        for name in node.constants:
            uses[name] = uses.get(name, 0) + 1
    kept = set(file.probe().output_tensors.values())
    found = []
    for first in linears:
        pair = _following(first, by_source, readers, kept)
        if pair is None or first.activation == "other":
            continue
        own = [name for name in (first.weights, first.bias, pair.second.weights) if name is not None]
        channels = constants[first.weights].shape[first.out_axis]
        fits = constants[pair.second.weights].shape[pair.second.in_axis] == channels
        if fits and all(uses.get(name) == 1 for name in own):
            found.append(pair)
    return found


def _following(
    first: Linear, by_source: Mapping[str, Sequence[Linear]], readers: Mapping[str, Sequence[Node]], kept: set[str]
) -> Pair | None:
    """The layer behind a layer, if all between them lets a factor pass and nothing else reads it."""
    tensor = first.output
    ceilings = [tensor] if first.activation == "relu6" else []
    while tensor not in kept and len(readers.get(tensor, ())) == 1:
        if tensor in by_source:
            return Pair(first, by_source[tensor][0], tuple(ceilings))
        (node,) = readers[tensor]
        if node.operator not in _HOMOGENEOUS | _CEILINGS or len(node.outputs) != 1:
            return None
        tensor = node.outputs[0]
        if node.operator in _CEILINGS:
            ceilings.append(tensor)
    return None


def _below_ceiling(file: FloatFile, pair: Pair, inputs: Mapping[str, Array]) -> bool:
    """Whether no sample reaches the ceiling of a ReLU6: then a ReLU does the same, and lets a factor pass."""
    highest = [
        max(float(values[tensor].max(initial=0.0)) for tensor in pair.ceilings)
        for values in one_call(file.probe(), inputs, SAMPLES)
    ]
    return bool(highest) and max(highest) < _CEILING


def _told(pair: Pair, factors: Array) -> str:
    largest = float(np.maximum(factors, 1.0 / factors).max())
    without = f", ReLU6 made ReLU at {', '.join(pair.ceilings)}" if pair.ceilings else ""
    return f"{pair.first.output} to {pair.second.output}: channels scaled by up to {largest:.3g}{without}"
