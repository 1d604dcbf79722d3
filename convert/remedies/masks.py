"""Attention masks: constants such as -1e9 that take the whole range of a tensor and leave the scores one step.

A mask is added to scores, or put in their place, before a softmax. All that it has to do there is to make a score so
small that its weight vanishes. A weight of ``exp(-d)`` against the largest one is lost in the rounding of float32,
whose unit is ``2^-24``, once ``n exp(-d) < 2^-25`` for n scores in a row: ``d > 25 ln 2 + ln n``, about 21 for 28
scores. So the mask needs to reach ``d`` below the smallest score that is not masked, counted from the largest that is,
and with -1e9 it reaches fifty million times as far.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..explain.probe import Node
from .float_file import Array, FloatFile, largest_change, one_call, open_float

SAMPLES = 32
_FEWEST, _EXTREME = 25 * math.log(2.0), 1e4
"""What a row of scores needs, without its length; and what no activation of a trained network reaches."""
_HEADROOM = 1.25
"""Other samples may hold scores further apart than these."""
_TOLERANCE = 1e-5
_MERGING = {"ADD", "SUB", "SELECT", "SELECT_V2", "Add", "Sub", "Where"}
_REPLACING = {"SELECT", "SELECT_V2", "Where"}
_PASSING = {
    "RESHAPE", "TRANSPOSE", "EXPAND_DIMS", "SQUEEZE", "TILE", "BROADCAST_TO", "CONCATENATION", "PACK", "GATHER", "CAST",
    "STRIDED_SLICE", "SLICE", "Reshape", "Transpose", "Unsqueeze", "Squeeze", "Tile", "Expand", "Concat", "Gather",
    "Cast", "Slice", "Identity",
}  # fmt: skip
_SCALING = {"MUL", "Mul"}
_SOFTMAX = {"SOFTMAX", "Softmax"}


@dataclass(frozen=True)
class Mask:
    """A constant that masks scores.

    Attributes:
        constant: Its name.
        merging: The operators that put it to scores; what they write goes to a softmax.
    """

    constant: str
    merging: tuple[Node, ...]


def clamp_masks(float_file: Path, out: Path, inputs: Mapping[str, Array]) -> tuple[str, ...]:
    """Make masks no larger than a softmax in float32 needs.

    Args:
        float_file: A ``.tflite`` or ``.onnx`` file.
        out: The file to write; none where there is no such mask, or an output would change.
        inputs: By input name, (samples, ...), whose scores are measured.

    Returns:
        The constants, with what they were and are.
    """
    file = open_float(float_file)
    original, constants, told = file.probe(), file.constants(), []
    masks = find_masks(file)
    if not masks:
        return ()
    reaches = _reaches(masks, constants, list(one_call(original, inputs, SAMPLES)))
    for mask in masks:
        before, reach = constants[mask.constant], reaches.get(mask.constant)
        if reach is None or not reach < np.abs(before).max():
            continue
        extreme = np.abs(before) >= _EXTREME
        after = np.where(extreme, np.copysign(reach, before), before).astype(np.float32)
        file.set_constant(mask.constant, after)
        told.append(f"{mask.constant}: {before[extreme].flat[0]:.3g} became {after[extreme].flat[0]:g}")
    if not told or not largest_change(original, file.probe(), inputs, SAMPLES) <= _TOLERANCE:
        return ()
    file.save(out)
    return tuple(told)


def find_masks(file: FloatFile) -> tuple[Mask, ...]:
    """The constants of a file that do nothing but mask scores.

    Args:
        file: A float file.

    Returns:
        Those with a value of 1e4 or more in magnitude, whose every way through the file leads to a softmax.
    """
    extreme = [
        name
        for name, array in file.constants().items()
        if array.size and not np.isnan(array).any() and float(np.abs(array).max()) >= _EXTREME
    ]
    readers = _readers(file)
    found = []
    for name in extreme:
        ways = [list(_merging(node, readers)) for node in readers.get(name, ())]
        if ways and all(ways):
            merging = dict.fromkeys(node.outputs for way in ways for node in way)
            nodes = {node.outputs: node for way in ways for node in way}
            found.append(Mask(name, tuple(nodes[outputs] for outputs in merging)))
    return tuple(found)


def _readers(file: FloatFile) -> dict[str, list[Node]]:
    readers: dict[str, list[Node]] = {}
    for node in file.nodes:
        for name in dict.fromkeys((*node.inputs, *node.constants)):
            readers.setdefault(name, []).append(node)
    return readers


def _merging(node: Node, readers: Mapping[str, list[Node]]) -> Iterator[Node]:
    """Where what a node makes of a mask meets scores; nothing if it may go anywhere else."""
    if node.operator in _MERGING and _to_softmax(node, readers):
        yield node
    elif node.operator in _PASSING | _SCALING | _MERGING:
        behind = [reader for name in node.outputs for reader in readers.get(name, ())]
        ways = [list(_merging(reader, readers)) for reader in behind]
        if all(ways):
            yield from (merged for way in ways for merged in way)


def _to_softmax(node: Node, readers: Mapping[str, list[Node]]) -> bool:
    behind = [reader for name in node.outputs for reader in readers.get(name, ())]
    return bool(behind) and all(
        reader.operator in _SOFTMAX or (reader.operator in _PASSING and _to_softmax(reader, readers))
        for reader in behind
    )


def _reaches(
    masks: tuple[Mask, ...], constants: Mapping[str, Array], calls: list[dict[str, Array]]
) -> dict[str, float]:
    """How far each mask has to reach, in real units."""
    reaches: dict[str, float] = {}
    for mask in masks:
        far = float(np.abs(constants[mask.constant]).max())
        for node in mask.merging:
            for values in calls:
                needed = _needed(node, values, min(far, float(np.finfo(np.float32).max)))
                reaches[mask.constant] = max(reaches.get(mask.constant, 0.0), needed)
    return {name: float(math.ceil(reach)) for name, reach in reaches.items()}


def _needed(node: Node, values: Mapping[str, Array], far: float) -> float:
    """What a mask has to reach at one operator so that no masked score counts.

    Args:
        node: The operator.
        values: Of the file's tensors, in one call.
        far: How far it reaches now.

    Returns:
        The reach, at least what a row needs; infinite where that cannot be told.
    """
    merged = values.get(node.outputs[0])
    if merged is None or merged.ndim == 0:
        return math.inf
    kept = merged[merged > -0.25 * far].astype(np.float64)
    if not kept.size:
        return math.inf
    low, high = float(kept.min()), float(kept.max())
    if node.operator not in _REPLACING:
        scores = [values[name] for name in node.inputs if name in values and np.abs(values[name]).max() < 0.25 * far]
        high = max([high, *(float(array.max()) for array in scores)])
        low = low - high  # the largest masked score has to come down below the smallest that is kept
    distance = _FEWEST + math.log(merged.shape[-1])
    return max(distance - _HEADROOM * low, distance)
