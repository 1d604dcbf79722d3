"""Comparing a Keras 3 model with the tf_keras model that stands for it, on the same inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .frameworks import keras, tf_keras
from .graph import functional_of
from .inputs import Array


@dataclass(frozen=True)
class Comparison:
    """How far two models are apart.

    Attributes:
        errors: For each output the largest difference, divided by the largest magnitude of the Keras 3 model's output.
        telling: Every output depends on the input; one that does not would agree whatever came before it.
    """

    errors: tuple[float, ...]
    telling: bool

    @property
    def error(self) -> float:
        """The largest of the errors; not a number where one is not."""
        return float(np.max(self.errors))


def compare(model: Any, carried: Any, inputs: Sequence[Array]) -> Comparison:
    """Run both models in inference mode and compare every output.

    Args:
        model: The Keras 3 model.
        carried: The tf_keras model, its inputs and outputs flat and in the same order.
        inputs: One array for each input.

    Returns:
        The errors; see `error_of`.
    """
    expected = run_keras(model, inputs)
    found = run_tf_keras(carried, inputs)
    telling = all(_depends_on_the_sample(output) for output in expected)
    if len(expected) != len(found):
        return Comparison((float("inf"),), telling)
    return Comparison(tuple(error_of(a, b) for a, b in zip(expected, found, strict=True)), telling)


def _depends_on_the_sample(output: Array) -> bool:
    """Whether two samples of a batch differ by more than a thousandth of the largest magnitude."""
    if output.ndim == 0 or len(output) < 2:
        return False
    values = np.nan_to_num(output.astype(np.float64))
    return bool(np.abs(values[1:] - values[:-1]).max(initial=0) > 1e-3 * np.abs(values).max(initial=0))


def run_keras(model: Any, inputs: Sequence[Array]) -> list[Array]:
    """The outputs of a Keras 3 model, in the order of ``model.outputs``.

    Args:
        model: A functional or sequential model.
        inputs: One array for each of ``model.inputs``.

    Returns:
        One array for each output.
    """
    keras_ = keras()
    functional = functional_of(model)
    structure = keras_.tree.pack_sequence_as(functional._inputs_struct, list(inputs))
    outputs = keras_.tree.flatten(functional(structure, training=False))
    return [keras_.ops.convert_to_numpy(output) for output in outputs]


def run_tf_keras(model: Any, inputs: Sequence[Array]) -> list[Array]:
    """The outputs of a tf_keras model with flat inputs and outputs.

    Args:
        model: A tf_keras functional model.
        inputs: One array for each of ``model.inputs``.

    Returns:
        One array for each output.
    """
    outputs = model(list(inputs) if len(inputs) > 1 else inputs[0], training=False)
    flat = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return [np.asarray(output) for output in flat]


def error_of(expected: npt.ArrayLike, found: npt.ArrayLike) -> float:
    """The largest difference of two outputs, divided by the largest magnitude of the first.

    Args:
        expected: An output of the Keras 3 model.
        found: The same output of the tf_keras model.

    Returns:
        0 for equal outputs; infinite where shapes differ or one is finite and the other is not; not a number where no
        number of the first is finite, for then nothing is compared.
    """
    a, b = np.asarray(expected, np.float64), np.asarray(found, np.float64)
    finite = np.isfinite(a)
    same_elsewhere = a.shape == b.shape and np.array_equal(a[~finite], b[~finite], equal_nan=True)
    if not same_elsewhere or not np.isfinite(b[finite]).all():
        return float("inf")
    if not finite.any():
        return float("nan")
    difference, size = np.abs(a[finite] - b[finite]).max(), np.abs(a[finite]).max()
    if size == 0:
        return 0.0 if difference == 0 else float("inf")
    return float(difference / size)


@dataclass(frozen=True)
class Step:
    """What one call of a layer or operation gives in both models.

    Attributes:
        name: The layer's or operation's name.
        kind: Its class.
        keras: The symbolic tensor of Keras 3.
        tf_keras: That of tf_keras.
    """

    name: str
    kind: str
    keras: Any
    tf_keras: Any


def first_difference(
    steps: Sequence[Step], model: Any, carried: Any, inputs: Sequence[Array], tolerance: float
) -> tuple[Step, float] | None:
    """The first step after which the two models differ.

    Args:
        steps: In the order of the graph.
        model: The Keras 3 functional model.
        carried: The tf_keras model.
        inputs: One array for each input.
        tolerance: The largest error that is no difference.

    Returns:
        The step and the error there; None where no step stands out.
    """
    keras_side = keras().Model(model.inputs, [step.keras for step in steps])
    tf_keras_side = tf_keras().Model(carried.inputs, [step.tf_keras for step in steps])
    pairs = zip(run_keras(keras_side, inputs), run_tf_keras(tf_keras_side, inputs), strict=True)
    for step, (a, b) in zip(steps, pairs, strict=True):
        error = error_of(a, b)
        if error > tolerance:
            return step, error
    return None
