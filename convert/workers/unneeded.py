"""Packages that converters import for nothing that a conversion uses: a third of TensorFlow's import time."""

from __future__ import annotations

import sys

_UNNEEDED = ("sklearn", "matplotlib", "pandas")


def hide_unneeded() -> None:
    """Let their imports fail as if they were not installed."""
    for name in _UNNEEDED:
        sys.modules[name] = None  # type: ignore[assignment] # what makes an import fail


def show_unneeded() -> None:
    """Let them be imported again, for code of others, which may need them."""
    for name in _UNNEEDED:
        if name in sys.modules and sys.modules[name] is None:
            del sys.modules[name]
