"""Telling whoever watches how far a conversion has come."""

from __future__ import annotations

import threading
from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with what was just done, the steps done, and all steps."""


class Steps:
    """Counts the steps done, from several threads, and tells whoever watches.

    Args:
        progress: Told.
        total: The steps that are expected.
    """

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.total = total
        self._progress = progress
        self._count = 0
        self._lock = threading.Lock()

    def more(self, what: str) -> None:
        """A step that nobody had expected was done.

        Args:
            what: It was.
        """
        with self._lock:
            self.total += 1
        self.done(what)

    def done(self, what: str) -> None:
        """A step was done.

        Args:
            what: It was.
        """
        with self._lock:
            self._count += 1
            if self._progress is not None:
                self._progress(what, self._count, self.total)

    def within(self, what: str, done: int, total: int) -> None:
        """A long step has come so far; its counts are its own.

        Args:
            what: Is going on.
            done: Of the step.
            total: All of it.
        """
        if self._progress is not None:
            self._progress(what, done, total)
