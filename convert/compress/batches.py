"""The batches that a model is fitted to: in an order of its own in each epoch, and varied as in its training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from .training_data import TrainingData

Array = npt.NDArray[Any]


def batches(
    data: TrainingData,
    indices: Array,
    size: int,
    outputs: tuple[str, ...],
    *,
    augment: Callable[..., Any] | None = None,
    seed: tuple[int, int] = (0, 0),
) -> Any:
    """Samples in batches, as ``fit`` of tf_keras takes them.

    Args:
        data: All samples.
        indices: Which, in their order, (samples,).
        size: Samples in a batch; the last holds what is left.
        outputs: The names of the model's outputs, in their order.
        augment: As in `TrainingData.as_trained`.
        seed: Of what is random in `augment`, with the number of the sample.

    Returns:
        A ``tf.data.Dataset`` of inputs and targets: tuples where there are several.
    """
    import tensorflow as tf

    inputs = {name: array[indices] for name, array in data.inputs.items()}
    targets = data.targets
    targets = {name: targets[name][indices] for name in outputs} if isinstance(targets, dict) else targets[indices]

    def vary(index: Any, sample: Any) -> Any:
        return augment(*sample, tf.random.experimental.stateless_fold_in(np.array(seed, np.int64), index))

    samples = tf.data.Dataset.from_tensor_slices((inputs, targets))
    if augment is not None:
        numbered = tf.data.Dataset.zip((tf.data.Dataset.from_tensor_slices(np.asarray(indices, np.int64)), samples))
        samples = numbered.map(vary, num_parallel_calls=tf.data.AUTOTUNE)
    return samples.batch(size).map(lambda given, right: (_listed(given, data.inputs), _listed(right, outputs)))


def _listed(values: Any, names: Any) -> Any:
    """By name to in order; bare where there is one."""
    if not isinstance(values, dict):
        return values
    ordered = tuple(values[name] for name in names)
    return ordered if len(ordered) > 1 else ordered[0]
