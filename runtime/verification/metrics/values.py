"""The metric of plain numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...contract import ModelContract
from ...tensors import TensorSpec
from .scores import Additive, Misfit, ratio, shape_misfit

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]


def number_misfit(specs: Sequence[TensorSpec], targets: Array) -> Misfit | None:
    """Why targets are not finite numbers of an output's shape, where axes of size 1 at the end may be left out.

    Args:
        specs: The output.
        targets: The right answers.

    Returns:
        The reason; None where they fit.
    """
    shape = specs[0].shape
    shapes = [shape]
    while len(shapes[-1]) > 1 and shapes[-1][-1] == 1:
        shapes.append(shapes[-1][:-1])
    if found := shape_misfit(targets, "iuf", shapes):
        return found
    broken = int(targets.size - np.isfinite(targets).sum())
    return Misfit(f"{broken} values that are not finite", "finite numbers") if broken else None


class Rmse(Additive):
    """``sqrt(mean((output - target)^2))``, in the output's unit."""

    kinds = ("regression", "sequence")
    larger_is_better = False
    most = math.inf
    usual_drop = None
    shown = ".4g"

    def __init__(self, contract: ModelContract, outputs: Mapping[str, Array], targets: Array) -> None:
        output = outputs[self.outputs(contract)[0].name].astype(np.float64)
        errors = np.square(output - targets.reshape(output.shape)).reshape(len(output), -1)
        self.statistics = np.stack([errors.sum(1), np.full(len(errors), errors.shape[1])], axis=1)

    @staticmethod
    def formula(sums: Array) -> Array:
        """The root of the mean; see `Additive.formula`."""
        root: Array = np.sqrt(ratio(sums[..., 0], sums[..., 1]))
        return root

    @classmethod
    def misfit(cls, specs: Sequence[TensorSpec], targets: Array) -> Misfit | None:
        """Why these targets are not the numbers; see `Scores.misfit`."""
        return number_misfit(specs, targets)
