"""Data sets that are not there yet, fetched by Keras."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import TypeVar

from litefoot.runtime.errors import UsageError, first_line

T = TypeVar("T")


def download(what: str, fetch: Callable[[], T], *, where: str | None = None, fix: str) -> T:
    """Fetch a data set; Keras keeps it in its own folder of downloads.

    Args:
        what: Its name, for the message.
        fetch: Which does it. Keras shows its progress on the standard output, which is for results; here it goes to
            the standard error.
        where: Its address.
        fix: What to do without a network.

    Returns:
        What `fetch` returned.

    Raises:
        UsageError: It cannot be downloaded.
    """
    try:
        with redirect_stdout(sys.stderr):
            return fetch()
    except Exception as error:  # Keras raises a bare Exception where there is no network
        raise UsageError(f"{what} cannot be downloaded", where=where, got=first_line(error), fix=fix) from error
