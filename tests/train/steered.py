"""`litefoot` in a process that keeps its state after each epoch, and ends as ``DIE`` says: ``kind:number``.

step: killed when that many steps are done; interrupt: Ctrl-C then; between: killed when the arrays of that epoch are
written and its document is not.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import litefoot.cli.train_command as command
from litefoot.cli.main import main
from litefoot.train.fitting import loop, state

kind, _, number = os.environ.get("DIE", ":0").partition(":")
write_json = state.write_json


@contextmanager
def dying(title: str) -> Iterator[Callable[[str, int, int], None]]:
    def advance(note: str, done: int, total: int) -> None:
        if done >= int(number):
            os.kill(os.getpid(), signal.SIGKILL if kind == "step" else signal.SIGINT)

    yield advance


def die_between(path: Any, document: Any) -> None:
    if document["epoch"] == int(number):
        os.kill(os.getpid(), signal.SIGKILL)
    write_json(path, document)


loop.SECONDS_BETWEEN_STATES = 0
if kind in ("step", "interrupt"):
    loop._SECONDS_BETWEEN_REPORTS = 0
    command.progress_bar = dying
elif kind == "between":
    state.write_json = die_between
sys.exit(main())
