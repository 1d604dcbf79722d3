"""How many of the worst layers have to go: few trials, each of which makes a file and runs it."""

from __future__ import annotations

from collections.abc import Callable


def fewest(most: int, passes: Callable[[int], bool]) -> int | None:
    """The smallest number that passes, by doubling and then bisecting back.

    Numbers above one that passes are taken to pass too. Where that does not hold, what is returned still passed; only
    a smaller one may have too.

    Args:
        most: The largest number there is.
        passes: Asked at most ``2 log2(most) + 2`` times, about no number twice; none is below 1 or above `most`.

    Returns:
        The number; None where not even `most` passes, or there is nothing to try.
    """
    failed, tried = 0, 1
    while tried < most and not passes(tried):
        failed, tried = tried, tried * 2
    if tried >= most:
        tried = most
        if most < 1 or not passes(most):
            return None
    while tried - failed > 1:
        middle = (failed + tried) // 2
        if passes(middle):
            tried = middle
        else:
            failed = middle
    return tried
