"""Keeping the chatter of native libraries off the user's terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def native_log_silenced() -> Iterator[None]:
    """Send what native code writes to the standard error nowhere, for as long as the block lasts.

    TensorFlow greets with its build options and LiteRT with "Created TensorFlow Lite XNNPACK delegate"; no variable or
    call turns these lines off. Errors are not lost: they arrive as exceptions. Other threads lose their lines too, so
    the block is to be short.

    Yields:
        Nothing.
    """
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
