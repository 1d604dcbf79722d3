"""The audit of a file: for each weight how many zeros, how many distinct values, how many bits."""

from __future__ import annotations

import gzip
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from litefoot.runtime.errors import UnreadableModel

from .constants import Array, Constant, layer_of
from .onnx import read_onnx
from .tflite import read_tflite

_FOUR = 4


@dataclass(frozen=True)
class WeightAudit:
    """One weight of a file.

    Attributes:
        tensor: Its name in the file.
        layer: The Keras layer that it belongs to; None where no name tells.
        operator: What takes it, in the format's own words: ``CONV_2D``, ``Conv``.
        shape: As the file has it.
        dtype: Of the stored numbers.
        bits: Of each stored number.
        count: Number of weights.
        zeros: Share that is zero, 0..1; in quantized tensors zero is the zero point.
        values: Distinct real values.
        stored_values: Distinct stored numbers.
        channel_values: Distinct values in that output channel which has the most.
        fours: Share of the groups of four neighbours along a channel of which at least two are zero, 0..1.
        folded: Whether a batch normalisation seems to have been multiplied into it, by the names.
        sparse: Whether the file stores it without its zeros.
        gzip_bytes: Its bytes in the file, after gzip.
        scales: How many the stored numbers are multiplied with: one for all, or one for each channel; 0 for none.
    """

    tensor: str
    layer: str | None
    operator: str
    shape: tuple[int, ...]
    dtype: str
    bits: int
    count: int
    zeros: float
    values: int
    stored_values: int
    channel_values: int
    fours: float
    folded: bool
    sparse: bool
    gzip_bytes: int
    scales: int = 0


@dataclass(frozen=True)
class FileAudit:
    """A file.

    Attributes:
        name: Of the file.
        bytes: Its size.
        gzip_bytes: Its size after gzip.
        zeros: Share of all its weights that is zero, 0..1; biases are no weights.
        quantized: Share of all its weights that is stored in integers of at most 16 bits, 0..1.
        weights: Each of them, in the order in which operators take them.
    """

    name: str
    bytes: int
    gzip_bytes: int
    zeros: float
    quantized: float
    weights: tuple[WeightAudit, ...]


def audit_file(path: Path, layers: Collection[str] = ()) -> FileAudit:
    """Read what the weights of a model file are. Nothing is run.

    Args:
        path: A ``.tflite`` or ``.onnx`` file.
        layers: The names of the Keras model's layers, where they are known: they are then found in the file's names.

    Returns:
        The audit.

    Raises:
        UnreadableModel: It is not such a file, or damaged.
        MissingDependency: The format's package is not installed.
    """
    readers = {".tflite": read_tflite, ".onnx": read_onnx}
    if not path.is_file() or path.suffix.lower() not in readers:
        raise UnreadableModel("This is not a model file", where=path, expected="an existing .tflite or .onnx file")
    weights = _the_only_one([audit_constant(one, layers) for one in readers[path.suffix.lower()](path)], layers)
    total = max(sum(weight.count for weight in weights), 1)
    content = path.read_bytes()
    return FileAudit(
        name=path.name,
        bytes=len(content),
        gzip_bytes=_gzipped(content),
        zeros=sum(weight.zeros * weight.count for weight in weights) / total,
        quantized=sum(weight.count for weight in weights if "int" in weight.dtype) / total,
        weights=weights,
    )


def audit_constant(constant: Constant, layers: Collection[str] = ()) -> WeightAudit:
    """Count one weight.

    Args:
        constant: The weight.
        layers: As in `audit_file`.

    Returns:
        The figures.
    """
    real = constant.real()
    zero = real == 0
    return WeightAudit(
        tensor=constant.tensor,
        layer=layer_of(constant, layers),
        operator=constant.operator,
        shape=constant.stored.shape,
        dtype=constant.dtype,
        bits=constant.bits,
        count=real.size,
        zeros=float(zero.mean()),
        values=len(np.unique(real)),
        stored_values=len(np.unique(constant.stored)),
        channel_values=_most_in_a_row(real),
        fours=_fours(zero),
        folded=constant.folded,
        sparse=constant.sparse,
        gzip_bytes=_gzipped(constant.data),
        scales=0 if constant.scale is None else constant.scale.size,
    )


def _the_only_one(weights: list[WeightAudit], layers: Collection[str]) -> tuple[WeightAudit, ...]:
    """Converters give some weights names of their own, as all recurrent ones: those of the one layer not found."""
    missing = set(layers) - {weight.layer for weight in weights}
    nameless = [weight for weight in weights if weight.layer is None]
    if len(missing) != 1 or len({weight.operator for weight in nameless}) != 1:
        return tuple(weights)
    (layer,) = missing
    return tuple(replace(weight, layer=layer) if weight in nameless else weight for weight in weights)


def _most_in_a_row(rows: Array) -> int:
    ordered = np.sort(rows, axis=1)
    return int((1 + (np.diff(ordered, axis=1) != 0).sum(axis=1)).max())


def _fours(zero: Array) -> float:
    """What is left over at the end of a row is no group; a row of fewer than four has none."""
    rows, length = zero.shape
    groups = zero[:, : length - length % _FOUR].reshape(rows, -1, _FOUR).sum(axis=2)
    return float((groups >= _FOUR // 2).mean()) if groups.size else 0.0


def _gzipped(content: bytes) -> int:
    return len(gzip.compress(content, 9, mtime=0))
