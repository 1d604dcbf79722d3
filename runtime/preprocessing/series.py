"""Steps that take a series: a table whose rows are in the order of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..decoding import Sample, Table
from ..errors import SampleError
from .numbers import real


@dataclass(frozen=True)
class Returns:
    """The last logarithmic returns of a series of prices: ``ln(price[t] / price[t - 1])``.

    Attributes:
        column: Of the prices, by its heading.
        length: How many returns; one more price is needed.
    """

    column: str
    length: int
    op: Literal["returns"] = "returns"

    def __str__(self) -> str:
        return f"the last {self.length} returns of {self.column}"

    def apply(self, sample: Sample) -> npt.NDArray[np.float32]:
        """Carry out the step.

        Args:
            sample: A table with that column; or a table of one column.

        Returns:
            (length, 1) float32, the oldest first.

        Raises:
            SampleError: It has no such column, too few rows, or prices that are not above zero.
        """
        series = prices(sample, self.column)[-self.length - 1 :]
        if len(series) <= self.length:
            raise SampleError(
                "This series is too short", got=f"{len(series)} rows", expected=f"at least {self.length + 1} rows"
            )
        returns: npt.NDArray[np.float32] = np.diff(np.log(series)).astype(np.float32)
        return returns[:, np.newaxis]


def prices(sample: Sample | None, column: str) -> npt.NDArray[np.float64]:
    """A column of prices.

    Args:
        sample: A table with that column, or a table of one column, rows in the order of time.
        column: Its heading.

    Returns:
        (rows,), all above zero.

    Raises:
        SampleError: There is no such column, or a price is not a number above zero.
    """
    names = sample.names if isinstance(sample, Table) else ()
    values = np.zeros((0, 0), np.float32) if sample is None else real(sample)
    if column in names:
        values = values[:, names.index(column)]
    elif values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise SampleError(
            "This table has no such column",
            got=", ".join(names) or f"columns without names, {values.shape}",
            expected=f"a .csv file with the column {column}, or of one column",
        )
    if not (np.isfinite(values) & (values > 0)).all():
        raise SampleError("A price is a number above zero", where=f"column {column}", got=values.min())
    return values.astype(np.float64)
