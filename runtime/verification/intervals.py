"""Confidence intervals of the difference between two models that answered the same samples."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

Z_95 = 1.959963984540054
"""Two-sided 95 % quantile of the standard normal distribution."""
RESAMPLES = 2000
SEED = 20120401
_BLOCK = 1 << 21
"""Weights drawn at once."""


def paired_interval(lost: float, won: float, n: int) -> tuple[float, float]:
    """95 % confidence interval of a difference of two proportions measured on the same samples.

    The Laplace-adjusted Wald interval of Bonett and Price, "Adjusted Wald Confidence Interval for a Difference of
    Binomial Proportions Based on Paired Data", Journal of Educational and Behavioral Statistics 37(4), 2012:
    ``p12 - p21 ± z sqrt((p12 + p21 - (p12 - p21)^2) / (n + 2))`` with ``p = (count + 1) / (n + 2)``.

    Args:
        lost: Samples right before and wrong after.
        won: Samples wrong before and right after.
        n: All samples.

    Returns:
        Lower and upper end of the drop, in -1..1.
    """
    p_lost, p_won = (lost + 1) / (n + 2), (won + 1) / (n + 2)
    drop = p_lost - p_won
    half = Z_95 * math.sqrt((p_lost + p_won - drop * drop) / (n + 2))
    return max(drop - half, -1.0), min(drop + half, 1.0)


def more_for_proportions(lost: int, won: int, n: int, max_drop: float) -> int | None:
    """Further samples until `paired_interval` leaves a limit on one side, if the rates stay as they are.

    Args:
        lost: As there.
        won: As there.
        n: As there.
        max_drop: The limit, inside the interval.

    Returns:
        Their number; None where the drop is the limit itself.
    """
    if math.isclose((lost - won) / n, max_drop, abs_tol=1e-9):
        return None

    def decided(samples: int) -> bool:
        low, high = paired_interval(lost * samples / n, won * samples / n, samples)
        return high <= max_drop or low > max_drop

    undecided, enough = n, 2 * n
    while not decided(enough):
        undecided, enough = enough, 2 * enough
    while enough - undecided > 1:
        middle = (undecided + enough) // 2
        undecided, enough = (undecided, middle) if decided(middle) else (middle, enough)
    return enough - n


def bootstrap_interval(drop_of: Callable[[Array], Array], n: int) -> tuple[float, float]:
    """95 % confidence interval of any difference over the same samples, by resampling them.

    The percentile bootstrap (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13): samples are
    drawn with replacement, as often as there are, and the drop is taken of each draw. For few samples the percentiles
    are moved outwards by what the bootstrap is known to be too narrow (Hesterberg, "What Teachers Should Know About
    the Bootstrap", The American Statistician 69(4), 2015, the expanded percentile interval). The seed is
    fixed, so that the same answers get the same verdict.

    Args:
        drop_of: From weights of the samples, (draws, n), how often each was drawn, to drops, (draws,).
        n: Number of samples, at least two.

    Returns:
        Lower and upper end; NaN where no draw has a drop.
    """
    generator = np.random.default_rng(SEED)
    drops: list[Array] = []
    many = max(_BLOCK // n, 1)
    for first in range(0, RESAMPLES, many):
        draws = min(many, RESAMPLES - first)
        places = generator.integers(0, n, (draws, n)) + np.arange(draws)[:, np.newaxis] * n
        weights = np.bincount(places.ravel(), minlength=draws * n).reshape(draws, n)
        drops.append(drop_of(weights))
    every = np.concatenate(drops)
    ordered = np.sort(every[~np.isnan(every)])
    if not len(ordered):
        return math.nan, math.nan
    outer = int(tail(n) * (len(ordered) - 1))
    return float(ordered[outer]), float(ordered[-1 - outer])


def tail(n: int) -> float:
    """The share of draws below the lower end of an expanded percentile interval.

    Hesterberg (2015): ``Phi(-sqrt(n / (n - 1)) t)`` with the 97.5 % quantile t of Student's distribution of n - 1
    degrees of freedom; t by Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.7.5.

    Args:
        n: Number of samples, at least two.

    Returns:
        At most 0.025, which it approaches with many samples.
    """
    z, free = Z_95, n - 1
    t = z + (z**3 + z) / (4 * free) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
    return 0.5 * math.erfc(t * math.sqrt(n / free) / math.sqrt(2))


def more_for_width(drop: float, low: float, high: float, n: int, max_drop: float) -> int | None:
    """Further samples until an interval leaves a limit on one side, if its ends come closer to the drop by 1/sqrt(n).

    Args:
        drop: Measured.
        low: Lower end of its interval.
        high: Upper end of it.
        n: Number of samples.
        max_drop: The limit, inside the interval.

    Returns:
        Their number, at least one; None where the drop is the limit itself, or the interval has no end.
    """
    reach = high - drop if drop < max_drop else drop - low
    if math.isclose(drop, max_drop, abs_tol=1e-9) or not math.isfinite(reach):
        return None
    return max(math.ceil(n * (reach / (max_drop - drop)) ** 2) - n, 1)
