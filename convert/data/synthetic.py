"""Made-up samples, for models that came without any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.tensors import TensorSpec


def synthetic_samples(
    inputs: Sequence[TensorSpec], largest_tokens: Mapping[str, int], count: int, *, seed: int = 0
) -> dict[str, npt.NDArray[Any]]:
    """Random values of every input's shape and type: real numbers even in -1..1, tokens and other integers from zero.

    Args:
        inputs: Of a model, batch first, every other dimension known.
        largest_tokens: For an input that an embedding reads, the largest number that it knows.
        count: Number of samples.
        seed: Of the random numbers.

    Returns:
        By input name, (samples, ...), in the input's dtype.
    """
    random = np.random.default_rng(seed)
    samples = {}
    for spec in inputs:
        shape = (count, *[size or 1 for size in spec.shape[1:]])
        whole = spec.name in largest_tokens or np.dtype(spec.dtype).kind != "f"
        values = (
            random.integers(0, largest_tokens.get(spec.name, 1), shape, endpoint=True)
            if whole
            else random.uniform(-1.0, 1.0, shape)
        )
        samples[spec.name] = values.astype(spec.dtype)
    return samples
