"""Timing two ways of doing the same thing side by side, and showing both."""

from __future__ import annotations

import inspect
import textwrap
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Row:
    """One comparison, as it is shown.

    Attributes:
        what: What both do.
        ours: Our figure.
        plain: The plain code's.
        target: What was asked for, and what came out.
        met: Whether it was met.
        code: The plain code.
    """

    what: str
    ours: str
    plain: str
    target: str
    met: bool
    code: str = ""

    @property
    def verdict(self) -> str:
        """In a word."""
        return "met" if self.met else "MISSED"


def alternate(
    ours: Callable[[], object], peer: Callable[[], object], *, blocks: int = 401, calls: int = 50
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


def show(rows: Sequence[Row]) -> None:
    """Print a table of comparisons, then each peer's code once.

    Args:
        rows: The comparisons.
    """
    print(f"\n{'':42} {'litefoot':>12} {'plain':>12}  target")
    for row in rows:
        print(f"{row.what:42} {row.ours:>12} {row.plain:>12}  {row.target}: {row.verdict}")
    for code in dict.fromkeys(row.code for row in rows if row.code):
        print("\n" + textwrap.indent(code, "    "))


def write(page: Path, mark: str, rows: Sequence[Row], machine: str) -> None:
    """Write the table between the marks of a page.

    Args:
        page: A Markdown file.
        mark: Of the place in it.
        rows: The comparisons.
        machine: Where they were measured.
    """
    lines = ["| what | litefoot | plain code | target | |", "|---|---|---|---|---|"]
    lines += [f"| {row.what} | {row.ours} | {row.plain} | {row.target} | {row.verdict} |" for row in rows]
    source = f"`make bench` on {machine}: medians of alternating runs, the plain code beside ours; it prints that code."
    between(page, mark, "\n".join([*lines, "", source]))


def between(page: Path, mark: str, text: str) -> None:
    """Replace what stands between the marks of a page.

    Args:
        page: A Markdown file that holds ``<!-- MARK: ... -->`` and ``<!-- /MARK -->``.
        mark: Their name.
        text: What is to stand there.
    """
    content = page.read_text(encoding="utf-8")
    first, begin, rest = content.partition(f"<!-- {mark}: ")
    line, _, rest = rest.partition("\n")
    _, end, last = rest.partition(f"<!-- /{mark} -->")
    if not (begin and end):
        raise ValueError(f"{page} has no place for {mark}")
    page.write_text(f"{first}{begin}{line}\n\n{text}\n\n{end}{last}", encoding="utf-8")


def microseconds(value: float) -> str:
    """A time for people.

    Args:
        value: Microseconds.

    Returns:
        In microseconds or milliseconds.
    """
    return f"{value:.2f} us" if value < 10_000 else f"{value / 1e3:.0f} ms"
