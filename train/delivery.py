"""How good a delivered model is on its own evaluation samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.sequences import roll_out
from litefoot.runtime.verification.task import score_of

from .recipe import Delivery

Array = npt.NDArray[Any]

_BATCH = 256


def metric_value(delivery: Delivery) -> float | None:
    """The contract's metric of the full-precision model.

    Args:
        delivery: What is shipped.

    Returns:
        The metric; None without one, or without targets.
    """
    if delivery.contract.metric is None or delivery.targets is None:
        return None
    return score_of(delivery.contract, _answers(delivery), delivery.targets)


def _answers(delivery: Delivery) -> dict[str, Array]:
    """By output name; of a model that takes one step, for all steps, its state left out."""
    contract, given = delivery.contract, delivery.evaluation
    if contract.state:
        return roll_out(lambda step: _outputs(delivery, step), contract.inputs, contract.state, given)
    count = len(next(iter(given.values())))
    parts = [
        _outputs(delivery, {name: array[begin : begin + _BATCH] for name, array in given.items()})
        for begin in range(0, count, _BATCH)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _outputs(delivery: Delivery, inputs: Mapping[str, Array]) -> dict[str, Array]:
    model = delivery.model
    outputs = model([inputs[name] for name in model.input_names], training=False)
    if isinstance(outputs, Mapping):
        return {name: np.asarray(array) for name, array in outputs.items()}
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return {name: np.asarray(array) for name, array in zip(model.output_names, outputs, strict=True)}
