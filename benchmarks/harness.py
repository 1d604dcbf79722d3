"""Timing two ways of doing the same thing side by side, and showing both."""

from __future__ import annotations

import inspect
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Pair:
    """One comparison.

    Attributes:
        what: What both do.
        ours_us: Median of ours, microseconds a call.
        peer_us: Median of the peer's, microseconds a call.
        target: What was asked for, in words.
        met: Whether it was met.
        peer_code: The peer's plain code.
    """

    what: str
    ours_us: float
    peer_us: float
    target: str
    met: bool
    peer_code: str

    @property
    def ratio(self) -> float:
        """Ours divided by the peer's."""
        return self.ours_us / self.peer_us


def alternate(
    ours: Callable[[], object], peer: Callable[[], object], *, blocks: int = 201, calls: int = 50
) -> tuple[float, float]:
    """Time two callables block by block in turn, so that a slow moment hits both alike.

    Args:
        ours: Ours.
        peer: The peer's.
        blocks: Blocks of each.
        calls: Calls in a block.

    Returns:
        Median microseconds a call of ours and of the peer's.
    """
    times: tuple[list[float], list[float]] = ([], [])
    for callable_ in (ours, peer):
        for _ in range(calls):
            callable_()
    for block in range(blocks):
        order = ((0, ours), (1, peer)) if block % 2 else ((1, peer), (0, ours))
        for index, callable_ in order:
            begin = time.perf_counter()
            for _ in range(calls):
                callable_()
            times[index].append((time.perf_counter() - begin) / calls * 1e6)
    return float(np.median(times[0])), float(np.median(times[1]))


def plain_code(function: Callable[..., object]) -> str:
    """The source of a function, to be printed beside its figures.

    Args:
        function: Any function of these benchmarks.

    Returns:
        Its lines, not indented.
    """
    return textwrap.dedent(inspect.getsource(function)).rstrip()


def show(title: str, pairs: list[Pair]) -> None:
    """Print a table of comparisons, then each peer's code once.

    Args:
        title: Its heading.
        pairs: The comparisons.
    """
    print(f"\n{title}")
    print(f"{'':44} {'litefoot':>12} {'plain':>12} {'ratio':>7}  target")
    for pair in pairs:
        verdict = "met" if pair.met else "MISSED"
        figures = f"{pair.ours_us:>9.2f} us {pair.peer_us:>9.2f} us {pair.ratio:>7.3f}"
        print(f"{pair.what:44} {figures}  {pair.target}: {verdict}")
    for code in dict.fromkeys(pair.peer_code for pair in pairs):
        print("\n" + textwrap.indent(code, "    "))
