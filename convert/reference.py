"""The full-precision model's own answers, against which every artifact is judged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from litefoot.runtime.storage.files import read_arrays
from litefoot.runtime.storage.folder import write_arrays

from .keras_model import load_keras, named_function, read_contract

_BATCH = 64


def write(*, model: str, contract: dict[str, Any], samples: str, out: str) -> None:
    """Run the Keras model on samples and write its outputs.

    Args:
        model: The ``.keras`` file.
        contract: What it promises, encoded.
        samples: An ``.npz`` file, by input name, (samples, ...).
        out: The ``.npz`` file to write, by output name, (samples, ...).
    """
    import tensorflow as tf

    call = named_function(load_keras(model), read_contract(contract))
    inputs = read_arrays(Path(samples))
    count = min(len(array) for array in inputs.values())
    batches = [
        call({name: tf.constant(array[begin : begin + _BATCH]) for name, array in inputs.items()})
        for begin in range(0, count, _BATCH)
    ]
    write_arrays(Path(out), {name: np.concatenate([batch[name].numpy() for batch in batches]) for name in batches[0]})
