"""Compare the tensors of a quantized file with those of the float file that it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from .layers import LayerError

SAMPLES = 32
"""Enough for a noise power within a few tenths of a decibel, and a few seconds' work."""


def explain_layers(
    float_file: Path,
    quantized_file: Path,
    inputs: Mapping[str, npt.NDArray[Any]],
    *,
    state: Mapping[str, str] | None = None,
    limit: int = SAMPLES,
) -> tuple[LayerError, ...]:
    """Measure what each layer of a quantized file loses.

    Args:
        float_file: The ``.tflite`` or ``.onnx`` file that it was made from.
        quantized_file: Of the same format.
        inputs: By input name, (samples, ...), real values; for a model with state sequences, (samples, steps, ...).
        state: Of the contract: for the name of each input that holds state, the output that is its next value.
        limit: How many calls of the model are looked at, at most.

    Returns:
        One for each tensor that the two files have in common, in execution order.

    Raises:
        UsageError: The files have no tensor in common, or there are no samples.
        UnreadableModel: A file is damaged.
    """
    raise NotImplementedError
