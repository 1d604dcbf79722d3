"""A file that stands for every other of the same bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from litefoot.runtime.storage.files import sha256

from ..remembered import remembered


@dataclass(frozen=True)
class Contents:
    """A file, equal to any of the same bytes: what was computed from the one serves for the other.

    Attributes:
        digest: Its sha256.
        path: Where it lies.
    """

    digest: str
    path: Path = field(compare=False)

    @classmethod
    def of(cls, path: str | Path) -> Contents:
        """Look into a file.

        Args:
            path: The file.

        Returns:
            What it holds.
        """
        return cls(_sha256(Path(path)), Path(path))


_sha256 = remembered(sha256)
