"""Why a variant is left out in whose file nothing would be other than in the one that it is made from."""

from __future__ import annotations

from pathlib import Path


def needless(source: str) -> str:
    """Say that all weights stay as they are.

    Args:
        source: The float32 file.

    Returns:
        The reason, for people.
    """
    return f"no weights are large enough to be stored in fewer bits than {Path(source).name} has"
