"""Daily prices from a table, cut into windows that look back only, and a random walk for a try without data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.decoding import Table, read_sample
from litefoot.runtime.errors import SampleError
from litefoot.runtime.preprocessing import Returns, preprocess
from litefoot.runtime.preprocessing.series import prices

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Series:
    """Prices in the order of time.

    Attributes:
        table: With a column of prices.
        column: The heading of that column.
    """

    table: Table
    column: str

    def windows(self, length: int) -> tuple[Array, Array, Array]:
        """Every day after which there is another, with what was known at its close.

        The window of a day is made by the step `Returns` from the rows up to that day, as it is on a board.

        Args:
            length: Returns in a window.

        Returns:
            Windows (days, length, 1) float32; the return of the next day (days,) float64; the last price that each
            window knows (days,) float64.

        Raises:
            SampleError: There are too few rows, or prices that are not above zero.
        """
        series = prices(self.table, self.column)
        days = np.arange(length, len(series) - 1)
        if len(days) < 10:
            raise SampleError(
                "This series is too short", got=f"{len(series)} rows", expected=f"more than {length + 11} rows"
            )
        step = Returns(self.column, length)
        known = [Table(self.table.names, self.table.values[day - length : day + 1]) for day in days]
        windows = np.stack([preprocess(table, (step,)) for table in known])
        return windows, np.log(series[days + 1] / series[days]), series[days]


def read_series(path: Path, column: str) -> Series:
    """Read a ``.csv`` file of daily prices.

    Args:
        path: The file, a row for each day, the oldest first.
        column: The heading of the prices.

    Returns:
        The series.

    Raises:
        SampleError: It cannot be read, or has no such column.
    """
    table = read_sample(path)
    if not isinstance(table, Table) or column not in table.names:
        raise SampleError(
            "This is not a table of prices",
            where=path,
            got=f"columns {', '.join(table.names)}" if isinstance(table, Table) else "no headings",
            expected=f"a .csv file with headings, the column {column} among them, a row for each day, the oldest first",
        )
    return Series(table, column)


def generate_walk(days: int, seed: int, column: str) -> Series:
    """A random walk with drift: logarithmic returns of mean 0.03 % and deviation 1 %, independent of each other.

    Args:
        days: How many prices.
        seed: The same seed gives the same walk.
        column: The heading of the prices.

    Returns:
        The series, beginning near 100.
    """
    returns = np.random.default_rng(seed).normal(3e-4, 1e-2, days)
    walk = 100.0 * np.exp(np.cumsum(returns))
    return Series(Table((column,), walk.astype(np.float32)[:, np.newaxis]), column)
