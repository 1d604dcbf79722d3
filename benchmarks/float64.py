"""How far a Keras model's own float32 arithmetic is from float64.

Called as ``python -m benchmarks.float64 MODEL.keras SAMPLES.npz``.
No file can be expected to be nearer to the float32 model than that model is to the exact answer.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

SAMPLES = 8


def main() -> None:
    """Print the largest difference in any output, divided by that output's largest value."""
    import keras

    model = keras.saving.load_model(sys.argv[1])
    with np.load(sys.argv[2]) as arrays:
        inputs = {name: array[:SAMPLES] for name, array in arrays.items()}
    single = model(list(inputs.values()), training=False)
    weights = [weight.astype(np.float64) for weight in model.get_weights()]
    keras.backend.set_floatx("float64")
    exact_model = keras.models.clone_model(model, clone_function=_in_float64)
    exact_model.set_weights(weights)
    exact = exact_model([array.astype(np.float64) for array in inputs.values()], training=False)
    values, right = np.asarray(single), np.asarray(exact)
    print(float(np.abs(values - right).max() / np.abs(right).max()))


def _in_float64(layer: Any) -> Any:
    return type(layer).from_config({**layer.get_config(), "dtype": "float64"})


if __name__ == "__main__":
    main()
