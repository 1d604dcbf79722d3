"""The full-precision model's own answers, against which every artifact is judged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from litefoot.runtime.storage.files import read_arrays
from litefoot.runtime.storage.folder import write_arrays

from ..model.opening import open_model

_BATCH = 32


def write(*, source: dict[str, Any], samples: str, out: str) -> None:
    """Run the full-precision model on samples and write its outputs.

    Args:
        source: A `Source`, encoded.
        samples: An ``.npz`` file, by input name, (samples, ...).
        out: The ``.npz`` file to write, by output name, (samples, ...).
    """
    import tensorflow as tf

    opened = open_model(source)
    function, _ = opened.traced
    inputs = read_arrays(Path(samples))
    count = min(len(array) for array in inputs.values())
    fixed = opened.description.inputs[0].shape[0]
    size = fixed or _BATCH
    results = []
    for begin in range(0, count, size):
        batch = {name: array[begin : begin + size] for name, array in inputs.items()}
        short = size - min(len(array) for array in batch.values()) if fixed else 0
        whole = {name: np.concatenate([array, array[:1].repeat(short, axis=0)]) for name, array in batch.items()}
        outputs = function(**{name: tf.constant(array) for name, array in whole.items()})
        results.append({name: tensor.numpy()[: size - short] for name, tensor in outputs.items()})
    write_arrays(Path(out), {name: np.concatenate([result[name] for result in results]) for name in results[0]})
