"""Whether zeros make a file faster: what XNNPACK's sparse kernels ask for, and what the clock says."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from litefoot.runtime.machine.fresh import time_calls, warm_up
from litefoot.runtime.model import Model, load

from ..tflite_tables import pack_tables
from .constants import Array
from .tflite import TFLiteFile
from .weights import FileAudit, WeightAudit

LEAST_ZEROS = 2 / 3
"""Of a 1 x 1 convolution, for XNNPACK to take its sparse kernel."""
_ROUNDS = 9
_TURN_SECONDS = 0.002
_LONGEST_TURN = 10
_RANK = 1
"""The median of nine lies between the second smallest and the second largest in 96 % of all cases."""
_NOTICEABLE = 0.95


@dataclass(frozen=True)
class SparseKernels:
    """What a file gains from its zeros on this machine.

    Attributes:
        name: Of the file.
        missing: What XNNPACK's sparse kernels ask for and the file does not have; nothing when they may take it.
        p50_ms: Median inference of the file, one thread.
        dense_p50_ms: Of the same file with other weights in the place of the zeros, measured in turn.
        ratio: The first over the second, the median of nine rounds.
        low: The lower end of its 96 % interval.
        high: The upper end.
        engaged: Whether the file is faster than its dense twin by more than a twentieth, the whole interval over.
    """

    name: str
    missing: tuple[str, ...]
    p50_ms: float
    dense_p50_ms: float
    ratio: float
    low: float
    high: float
    engaged: bool


def measure(path: Path, audit: FileAudit, sample: Mapping[str, Array], seconds: float = 1.0) -> SparseKernels:
    """Time a file against its dense twin.

    Args:
        path: A ``.tflite`` file.
        audit: Of that file.
        sample: What one call takes, by input name.
        seconds: How long in all.

    Returns:
        The times, and what was found missing.
    """
    with tempfile.TemporaryDirectory() as folder:
        twin = Path(folder) / path.name
        twin.write_bytes(dense_twin(path))
        models = [load(path), load(twin)]
        rounds = _in_turn(models, sample, seconds)
    own, dense = (float(np.median(column)) * 1e3 for column in zip(*rounds, strict=True))
    ratios = sorted(first / second for first, second in rounds)
    low, high = ratios[_RANK], ratios[-1 - _RANK]
    middle = ratios[_ROUNDS // 2]
    return SparseKernels(path.name, missing(path, audit), own, dense, middle, low, high, high < _NOTICEABLE)


def _in_turn(models: Sequence[Model], sample: Mapping[str, Array], seconds: float) -> list[tuple[float, ...]]:
    """In each round the median seconds of each model, short turns of the one and the other mixed."""
    calls = max(min(int(_TURN_SECONDS / max(warm_up(model, sample) for model in models)), _LONGEST_TURN), 1)
    rounds = []
    for _ in range(_ROUNDS):
        times: list[list[float]] = [[] for _ in models]
        turns = list(zip(models, times, strict=True))
        deadline = time.perf_counter() + seconds / _ROUNDS
        while time.perf_counter() < deadline or not times[0]:
            for model, collected in turns:
                collected += time_calls(model, sample, calls)
            turns.reverse()
        rounds.append(tuple(float(np.median(collected)) for collected in times))
    return rounds


def missing(path: Path, audit: FileAudit) -> tuple[str, ...]:
    """What keeps XNNPACK's sparse kernels from a file.

    They take subgraphs in float whose weights are stored without their zeros, which begin with a 3 x 3 convolution of
    stride 2 on 3 channels, end in a mean over the picture, and have 1 x 1 convolutions between ("Sparse Inference" in
    the README of TFLite's XNNPACK delegate; Elsen et al., "Fast Sparse ConvNets", arXiv:1911.09723).

    Args:
        path: A ``.tflite`` file.
        audit: Of that file.

    Returns:
        What is missing; nothing when they may take it.
    """
    opened = TFLiteFile(path)
    convolutions = [weight for weight in audit.weights if weight.operator == "CONV_2D"]
    single = [weight for weight in convolutions if weight.shape[1:3] == (1, 1)]
    conditions = {
        "weights in float": not audit.quantized,
        "1 x 1 convolutions": bool(single),
        "at least two thirds zeros in a 1 x 1 convolution": any(_is_empty_enough(weight) for weight in single),
        "weights stored without their zeros": any(weight.sparse for weight in single),
        "a 3 x 3 convolution of stride 2 on 3 channels in front": _begins(opened, convolutions),
        "a mean over the picture at the end": _has(opened, ("MEAN", "DEPTH_TO_SPACE")),
    }
    return tuple(name for name, holds in conditions.items() if not holds)


def _is_empty_enough(weight: WeightAudit) -> bool:
    return weight.zeros >= LEAST_ZEROS


def _begins(opened: TFLiteFile, convolutions: list[WeightAudit]) -> bool:
    operators = [operator for operator in opened.model.subgraphs[0].operators if opened.kind(operator) == "CONV_2D"]
    if not operators or not convolutions or convolutions[0].shape[1:] != (3, 3, 3):
        return False
    options = operators[0].builtinOptions
    return options is not None and (options.strideH, options.strideW) == (2, 2)


def _has(opened: TFLiteFile, kinds: tuple[str, ...]) -> bool:
    return any(opened.kind(operator) in kinds for operator in opened.model.subgraphs[0].operators)


def dense_twin(path: Path) -> bytes:
    """The same file with other weights of the same tensor in the place of every zero, and nothing stored sparsely.

    Args:
        path: A ``.tflite`` file.

    Returns:
        The twin's content; it computes something else in the same number of steps.
    """
    opened = TFLiteFile(path)
    generator = np.random.default_rng(0)
    for weight in list(opened.weights()):
        constant = opened.constant(weight)
        if constant.bits >= 8:
            zero = np.broadcast_to(0 if constant.zero_point is None else constant.zero_point, constant.stored.shape)
            filled = _filled(constant.stored, constant.stored == zero, generator)
            opened.model.buffers[weight.tensor.buffer].data = np.frombuffer(filled.tobytes(), np.uint8)
            weight.tensor.sparsity = None
    for graph in opened.model.subgraphs:
        _drop_densify(opened, graph)
    return pack_tables(opened.model)


def _filled(stored: Array, zero: Array, generator: np.random.Generator) -> Array:
    others = stored[~zero]
    filled = stored.copy()
    filled[zero] = generator.choice(others, int(zero.sum())) if others.size else 1
    return filled


def _drop_densify(opened: TFLiteFile, graph: Any) -> None:
    """What these operators made of sparse constants, the constants now are."""
    kinds = [opened.kind(operator) for operator in graph.operators]
    made = {
        int(operator.outputs[0]): int(operator.inputs[0])
        for operator, kind in zip(graph.operators, kinds, strict=True)
        if kind == "DENSIFY"
    }
    graph.operators = [operator for operator, kind in zip(graph.operators, kinds, strict=True) if kind != "DENSIFY"]
    for operator in graph.operators if made else ():
        operator.inputs = [made.get(int(index), int(index)) for index in operator.inputs]
