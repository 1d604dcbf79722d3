"""A forecast return to a price."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ..preprocessing.series import prices
from .answers import Answer, output_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from ..contract import ModelContract
    from ..decoding import Sample


@dataclass(frozen=True)
class Forecast(Answer):
    """What the next price will be.

    Attributes:
        price: Forecast.
        last: The price that it follows.
    """

    price: float
    last: float

    def __str__(self) -> str:
        return f"next {self.price:.2f}, {self.price / self.last - 1.0:+.3%} from {self.last:.2f}"


@dataclass(frozen=True)
class NextPrice:
    """The next price from the output of kind regression: ``last price * exp(value * scale + offset)``.

    Attributes:
        column: Of the prices in the table, by its heading.
        scale: Of a value of 1, as a logarithmic return.
        offset: The return of a value of 0.
    """

    column: str
    scale: float
    offset: float
    op: Literal["next-price"] = "next-price"

    def __str__(self) -> str:
        return f"next {self.column} from a return of value * {self.scale:.6g} + {self.offset:.6g}"

    def answer(
        self, outputs: Mapping[str, npt.NDArray[Any]], contract: ModelContract, sample: Sample | None
    ) -> Forecast:
        """The forecast after one series.

        Args:
            outputs: By output name, without a batch axis.
            contract: For kinds.
            sample: The table that the model's input was made of.

        Returns:
            The forecast.

        Raises:
            UsageError: The model has no such output.
            SampleError: The table has no such column.
        """
        value, _ = output_of(outputs, contract, "regression")
        last = float(prices(sample, self.column)[-1])
        return Forecast(last * math.exp(float(value.reshape(-1)[-1]) * self.scale + self.offset), last)
