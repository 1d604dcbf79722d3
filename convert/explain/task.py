"""The task of a worker that explains a file: engines run with all their tensors kept, which few of their users do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from litefoot.runtime.storage.codec import encode
from litefoot.runtime.storage.files import read_arrays

from .explaining import explain_layers


def explain(*, original: str, quantized: str, samples: str, state: dict[str, str], limit: int) -> Any:
    """Measure what each layer of a quantized file loses.

    Args:
        original: The float file that it was made from.
        quantized: The file.
        samples: An ``.npz`` file, by input name; of a model with state, sequences.
        state: Of the contract.
        limit: How many calls of the model are looked at, at most.

    Returns:
        A `LayerError` for each tensor in common, encoded.
    """
    inputs = read_arrays(Path(samples))
    return encode(explain_layers(Path(original), Path(quantized), inputs, state=state, limit=limit))
