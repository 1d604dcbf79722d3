"""Tables and progress for people; plain text where ``rich`` is not installed, as on a small board."""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

Advance = Callable[[str, int, int], None]
"""Called with what is going on, the steps done, and all steps."""

_PIPE_WIDTH = 200
_SECONDS_BETWEEN_LINES = 3.0


def print_json(document: Any) -> None:
    """Write a document to the standard output, for machines.

    Args:
        document: A dataclass, or a list or dict of them.
    """
    from litefoot.runtime.storage.codec import encode

    sys.stdout.write(json.dumps(encode(document), indent=1, allow_nan=False) + "\n")


def thread_count(text: str) -> int | str:
    """Parse the value of ``--threads``.

    Args:
        text: A number, or ``auto``.

    Returns:
        The number, or ``auto``.

    Raises:
        ArgumentTypeError: It is neither.
    """
    try:
        return text if text == "auto" else int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a whole number nor auto") from error


def say(text: str) -> None:
    """Write a line to the standard output, for people.

    Args:
        text: The line.
    """
    sys.stdout.write(text + "\n")


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a table to the standard output: the first column to the left, numbers to the right.

    Args:
        title: Its heading.
        columns: The columns' names.
        rows: The cells, as many as columns.
    """
    if _rich():
        _print_rich_table(title, columns, rows)
        return
    lines = [list(columns), *[list(row) for row in rows]]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    say(f"\n{title}")
    for line in lines:
        cells = [
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        say("  ".join(cells).rstrip())


@contextmanager
def progress_bar(title: str) -> Iterator[Advance]:
    """Show progress with the remaining time on the standard error.

    Args:
        title: What takes long.

    Yields:
        The function to call after each step.
    """
    if not _rich() or not sys.stderr.isatty():
        yield _PlainProgress(title)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("left"), TimeRemainingColumn(), TextColumn("{task.fields[note]}"),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=None, note="")
        yield lambda note, done, total: bar.update(task, completed=done, total=total, note=note)


class _PlainProgress:
    """A line every few seconds, with the remaining time: for logs and pipes."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._begin = self._shown = self._since = time.perf_counter()
        self._before: int | None = None
        self._last = (0, 0)

    def __call__(self, note: str, done: int, total: int) -> None:
        now = time.perf_counter()
        if self._before is not None and (done < self._last[0] or total != self._last[1]):  # another count begins
            self._before, self._since = done, now
        self._last = done, total
        if self._before is None:  # what was done before the first call says nothing of how long the rest takes
            self._before, self._since = (0, self._begin) if done == 1 else (done, now)
        if now - self._shown < _SECONDS_BETWEEN_LINES or done <= self._before:
            return
        self._shown = now
        left = (now - self._since) / (done - self._before) * (total - done)
        sys.stderr.write(f"{self._title} {done}/{total}, {now - self._begin:.0f} s, {left:.0f} s left: {note}\n")
        sys.stderr.flush()


def _rich() -> bool:
    return importlib.util.find_spec("rich") is not None


def _print_rich_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # Text, not strings: rich would take brackets in a name or path for its markup.
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for i, column in enumerate(columns):
        table.add_column(Text(column), justify="right" if i else "left")
    for row in rows:
        table.add_row(*[Text(cell, style=_STYLES.get(cell.split(" ", 1)[0], "")) for cell in row])
    text = io.StringIO()  # written by us: at a broken pipe rich would end the process with exit code 1
    terminal = sys.stdout.isatty()
    console = Console(file=text, force_terminal=terminal or None, width=None if terminal else _PIPE_WIDTH)
    console.print(Text(title, style="bold"))
    console.print(table)
    sys.stdout.write(text.getvalue())


_STYLES = {
    "passed": "green",
    "failed": "bold red",
    "undecided": "yellow",
    "works": "green",
    "crashes": "bold red",
    "fails": "bold red",
}
