"""The full-precision model's answers, kept from one conversion to the next, by the digest of all that decides them."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from litefoot.runtime.errors import UnreadableModel
from litefoot.runtime.machine.board import cpu_name
from litefoot.runtime.machine.threads import cache_folder
from litefoot.runtime.storage.codec import encode
from litefoot.runtime.storage.files import read_arrays
from litefoot.runtime.storage.folder import write_arrays

from .kept import digest
from .source import Source
from .staging import Arrays

MAX_BYTES = 1024**3
"""Of all kept answers together; the ones that were not used for longest go first."""
_PACKAGES = ("tensorflow", "keras", "tf-keras", "litefoot-convert")


class References:
    """The answers of one model to some samples, as they were computed before, if they were.

    Args:
        source: The model.
        samples: By input name, (samples, ...).
        state: Of the contract.
        folder: Where answers are kept; None for the user's cache folder.
    """

    def __init__(self, source: Source, samples: Arrays, state: dict[str, str], folder: Path | None = None) -> None:
        self._folder = folder or cache_folder() / "references"
        # What a class of the user's own computes is written in no file that is digested here.
        known = not source.custom_objects
        self._file = self._folder / f"{_digest(source, samples, state)}.npz" if known else None
        self._samples = min(len(array) for array in samples.values())

    def read(self) -> Arrays | None:
        """What was kept.

        Returns:
            By output name, (samples, ...); None where there is nothing, or something damaged.
        """
        if self._file is None or not self._file.is_file():
            return None
        try:
            arrays = read_arrays(self._file)  # which compares the checksum of each
        except UnreadableModel:
            return None
        if not arrays or any(len(array) != self._samples for array in arrays.values()):
            return None
        with contextlib.suppress(OSError):
            os.utime(self._file)
        return arrays

    def keep(self, arrays: Arrays) -> None:
        """Keep answers; a cache that cannot be written is only computed again next time.

        Args:
            arrays: By output name, (samples, ...).
        """
        if self._file is None or sum(array.nbytes for array in arrays.values()) > MAX_BYTES // 4:
            return
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._folder) as partial:
                write_arrays(Path(partial) / self._file.name, arrays)
                (Path(partial) / self._file.name).replace(self._file)
            _limit(self._folder, MAX_BYTES)


def model_digest(source: Source) -> Any:
    """What a model is known by, in JSON.

    Args:
        source: The model.

    Returns:
        Its files' content, how they are read, and what computes: versions and processor.
    """
    return {
        "model": digest(Path(source.path)),
        "reading": {name: value for name, value in encode(source).items() if name != "path"},
        "versions": [importlib.metadata.version(package) for package in _PACKAGES],
        "processor": cpu_name(),
    }


def _digest(source: Source, samples: Arrays, state: dict[str, str]) -> str:
    content = {**model_digest(source), "samples": digest(samples), "state": state}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _limit(folder: Path, most: int) -> None:
    """Remove what was not used for longest until the rest is small enough."""
    found = sorted(((file.stat(), file) for file in folder.glob("*.npz")), key=lambda entry: -entry[0].st_mtime)
    total = 0
    for status, file in found:
        total += status.st_size
        if total > most:
            file.unlink(missing_ok=True)
