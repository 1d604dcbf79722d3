"""What every metric is: a figure over samples, each of which weighs as much as one asks."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from ...contract import ModelContract
from ...tensors import Kind, TensorSpec

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]


class Misfit(NamedTuple):
    """Why something cannot be measured.

    Attributes:
        got: What there is.
        expected: What should be there.
        nothing: Whether it is only that there is nothing to count; more samples may hold something.
    """

    got: str
    expected: str
    nothing: bool = False


class Scores(ABC):
    """A metric of one model's answers. It is built from the contract, the answers by output name, and the targets.

    Attributes:
        larger_is_better: Whether it is.
        most: The largest value that it can have.
        shown: How it is written, as a format.
        unit: What is written behind it.
        usual_drop: The limit that applies where nobody gives one; None where that depends on the outputs' unit.
        kinds: Of outputs that it is measured on.
        right: For a metric that is the share of samples answered rightly, whether each was; else None.
    """

    larger_is_better: ClassVar[bool] = True
    most: ClassVar[float] = 1.0
    shown: ClassVar[str] = ".4f"
    unit: ClassVar[str] = ""
    usual_drop: ClassVar[float | None] = 0.01
    kinds: ClassVar[tuple[Kind, ...]] = ()

    right: Array | None = None

    @abstractmethod
    def __init__(self, contract: ModelContract, outputs: Mapping[str, Array], targets: Array) -> None: ...

    @abstractmethod
    def __len__(self) -> int:
        """How many samples there are."""

    @abstractmethod
    def score(self, weights: Array) -> Array:
        """The metric, with the samples weighed.

        Args:
            weights: (..., samples), not negative; 1 for each sample as it is.

        Returns:
            (...) float64; NaN where nothing that counts has any weight.
        """

    @classmethod
    def outputs(cls, contract: ModelContract) -> tuple[TensorSpec, ...]:
        """The outputs that it is measured on: the first of its kinds.

        Args:
            contract: Of the model.

        Returns:
            As many as it needs, or none.
        """
        hidden = contract.state.values()
        fitting = [spec for spec in contract.outputs if spec.kind in cls.kinds and spec.name not in hidden]
        return tuple(fitting[:1])

    @classmethod
    def wanted(cls) -> str:
        """What `outputs` looks for, for messages."""
        return f"an output of the kind {' or '.join(cls.kinds)}"

    @classmethod
    @abstractmethod
    def misfit(cls, specs: Sequence[TensorSpec], targets: Array) -> Misfit | None:
        """Why these targets are none for it.

        Args:
            specs: What `outputs` returned, with the steps and as many samples as there are.
            targets: The right answers.

        Returns:
            The reason; None where they fit.
        """


class Additive(Scores):
    """A metric of sums over the samples.

    Attributes:
        statistics: (samples, k) float64, from whose weighted sums the metric follows.
    """

    statistics: Array

    @staticmethod
    @abstractmethod
    def formula(sums: Array) -> Array:
        """The metric of sums.

        Args:
            sums: (..., k).

        Returns:
            (...).
        """

    def __len__(self) -> int:
        """How many samples there are."""
        return len(self.statistics)

    def score(self, weights: Array) -> Array:
        """The metric, with the samples weighed; see `Scores.score`."""
        return self.formula(np.asarray(weights, np.float64) @ self.statistics)


def ratio(part: Array, whole: Array) -> Array:
    """``part / whole``, NaN where there is no whole.

    Args:
        part: Any shape.
        whole: Same shape, not negative.

    Returns:
        Same shape, float64.
    """
    quotient: Array = np.divide(part, whole, out=np.full(np.shape(part), math.nan), where=whole > 0)
    return quotient


def described(array: Array) -> str:
    """Type and shape for messages.

    Args:
        array: Any.

    Returns:
        For example ``int64[20, 2]``.
    """
    return f"{array.dtype}{list(array.shape)}"


def shape_misfit(targets: Array, kinds: str, shapes: Sequence[tuple[int | None, ...]]) -> Misfit | None:
    """Why an array has another type or shape.

    Args:
        targets: The array.
        kinds: The letters of the dtypes that fit: ``iu`` for integers, ``iuf`` for numbers.
        shapes: Those that fit, None for any size.

    Returns:
        The reason; None where it fits.
    """
    if targets.dtype.kind in kinds and any(TensorSpec("", shape, "").accepts(targets.shape) for shape in shapes):
        return None
    name = "numbers" if "f" in kinds else "integers"
    texts = [f"{name}[{', '.join('?' if size is None else str(size) for size in shape)}]" for shape in shapes]
    return Misfit(described(targets), " or ".join(dict.fromkeys(texts)))


def range_misfit(values: Array, low: float, high: float, remark: str = "") -> Misfit | None:
    """Why values are out of range.

    Args:
        values: Any shape.
        low: The smallest that fits.
        high: The largest.
        remark: What the message says of the range besides.

    Returns:
        The reason; None where all are within it, or there are none.
    """
    if values.size == 0 or (values.min() >= low and values.max() <= high):
        return None
    return Misfit(f"{values.min():g} to {values.max():g}", f"{low:g} to {high:g}{remark}")
