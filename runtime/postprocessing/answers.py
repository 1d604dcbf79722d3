"""What a model's outputs mean: for people as text, for programs as JSON, and as a picture where it is one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import UsageError

if TYPE_CHECKING:
    import numpy.typing as npt

    from ..contract import ModelContract
    from ..tensors import Kind

    Array = npt.NDArray[Any]


class Answer(ABC):
    """The answer to one sample. Each is a frozen dataclass; `codec.encode` makes JSON of its fields."""

    @abstractmethod
    def __str__(self) -> str:
        """The answer for people, one or more lines."""

    def picture(self) -> Array | None:
        """The answer to look at: (height, width) or (height, width, 3) uint8; None where it is no picture."""
        return None


def output_of(outputs: Mapping[str, Array], contract: ModelContract, *kinds: Kind) -> tuple[Array, Kind]:
    """The first output of one of these kinds.

    Args:
        outputs: One sample's outputs by name.
        contract: Which says what kind each is of.
        *kinds: Of the output.

    Returns:
        Its values and its kind.

    Raises:
        UsageError: There is none.
    """
    for spec in contract.outputs:
        if spec.kind in kinds and spec.name in outputs:
            return outputs[spec.name], spec.kind
    raise UsageError(
        "The model has no output of the kind that its postprocessing takes",
        got=", ".join(f"{spec.name} of kind {spec.kind}" for spec in contract.outputs),
        expected=" or ".join(kinds),
    )


def softmax(logits: Array) -> Array:
    """``exp(x) / sum(exp(x))`` over the last axis.

    Args:
        logits: (..., classes).

    Returns:
        The same shape, float64, sums of 1.
    """
    powers = np.exp(np.asarray(logits, np.float64) - logits.max(axis=-1, keepdims=True))
    shares: Array = powers / powers.sum(axis=-1, keepdims=True)
    return shares
