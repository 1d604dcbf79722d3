"""A weight as a file stores it, and which layer of the Keras model it came from."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_INPUT_CHANNELS_FIRST = {"Conv", "ConvTranspose"}
"""ONNX has the input's channels before the window, TFLite and Keras after it."""
_LOOKS_FOLDED = re.compile(r"batch_?norm|fused_bn", re.IGNORECASE)
_COMPUTES = re.compile(
    r"/(Conv2D|Conv3D|conv[123]d|conv2d_transpose|convolution|depthwise|separable_conv2d|MatMul|Tensordot|einsum|BiasAdd"
    r"|embedding_lookup)"
)
"""The operations of layers with weights, in TensorFlow's names: a merged name holds others too."""
_OPERATION = re.compile(
    r"[A-Z_\d]|(depthwise|separable_conv2d|convolution|conv[12]d_transpose|einsum|embedding_lookup)\b"
)
"""How the names of operations begin; those of layers are usually in small letters."""


@dataclass(frozen=True)
class Constant:
    """A weight of a file.

    Attributes:
        tensor: Its name in the file.
        names: Of the operator that takes it: its own, those of its results and of its other constants.
        operator: The type of that operator, in the format's own words.
        stored: The stored numbers; zeros that the file leaves out are among them.
        axis: That of the operator's output channels.
        dtype: Of the stored numbers, for example ``int8``.
        bits: Of each stored number.
        data: The bytes in the file.
        scale: For `stored` to be multiplied with; None where the numbers stand for themselves.
        zero_point: To be subtracted from `stored` before that.
        sparse: Whether the file stores it without its zeros.
    """

    tensor: str
    names: tuple[str, ...]
    operator: str
    stored: Array
    axis: int
    dtype: str
    bits: int
    data: bytes = field(repr=False)
    scale: Array | None = None
    zero_point: Array | None = None
    sparse: bool = False

    @property
    def folded(self) -> bool:
        """Whether a batch normalisation seems to have been multiplied into it."""
        return any(_LOOKS_FOLDED.search(name) for name in (self.tensor, *self.names))

    def real(self) -> Array:
        """The real values: of one row two stored numbers never become one value.

        Returns:
            The values, (output channels, the rest), float64; the input's channels come last as Keras has them.
        """
        values = self.stored.astype(np.float64)
        if self.scale is not None:
            values = (values - (0 if self.zero_point is None else self.zero_point)) * self.scale.astype(np.float64)
        rows = np.moveaxis(values, self.axis, 0)
        if self.operator in _INPUT_CHANNELS_FIRST:
            rows = np.moveaxis(rows, 1, -1)
        return rows.reshape(rows.shape[0], -1)


def layer_of(constant: Constant, known: Collection[str] = ()) -> str | None:
    """The Keras layer that a weight belongs to, as far as names tell.

    Args:
        constant: The weight.
        known: The names of the model's layers; without, the shape of the names decides.

    Returns:
        Its name; None where no name holds one.
    """
    paths = _paths([constant.tensor, *constant.names])
    if known:
        found = (segment for path in paths for segment in reversed(path) if segment in known)
        return next(found, None)
    return next((layer for path in paths if (layer := _likely(path)) is not None), None)


def _paths(names: Iterable[str]) -> list[list[str]]:
    """The parts of names, those of layers with weights first: they absorb batch normalisations and activations."""
    pieces = [piece for name in names for piece in name.split(";") if "/" in piece]
    pieces.sort(key=lambda piece: not _COMPUTES.search(piece))
    return [[segment.removeprefix("quant_") for segment in piece.split("/")] for piece in pieces]


def _likely(path: list[str]) -> str | None:
    """Behind the model's name and before the first operation's."""
    layers = path[1:-1]
    while len(layers) > 1 and _OPERATION.match(layers[-1]):
        layers.pop()
    return layers[-1] if layers else None
