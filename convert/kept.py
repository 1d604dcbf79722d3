"""What a run has finished, kept beside its output until that is there, so that an interrupted one goes on."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import json
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from litefoot.runtime.errors import LitefootError, OutputExists
from litefoot.runtime.storage.bundle import Bundle
from litefoot.runtime.storage.files import sha256

from .remembered import remembered

_PACKAGES = ("litefoot-convert", "tensorflow", "ai-edge-quantizer", "onnxruntime")
_DIGITS = 16
_MARK = "README"
_WHEN_WRITTEN = "metadata.json"
"""Of a ``.keras`` archive: it tells when that was written, which a live model is each time."""


class Kept:
    """The folder of what a run has finished: conversions of a search, trials of a rescue, epochs of a compression.

    As a context it is made at the beginning, and removed at the end or where an error left nothing to go on with.

    Args:
        out: The bundle that the run is to write.
        suffix: Of the folder's name, behind that of the bundle.
    """

    def __init__(self, out: Path, suffix: str = ".trials") -> None:
        whole = out.resolve()
        self.path = whole.with_name(whole.name + suffix)

    def __enter__(self) -> Kept:
        self.make()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or not self.holds():
            self.remove()

    def make(self) -> None:
        """Make the folder, or go on with it.

        Raises:
            OutputExists: There is one of this name that is not litefoot's.
        """
        if self.path.is_dir() and any(self.path.iterdir()) and not (self.path / _MARK).is_file():
            raise OutputExists(
                "What a conversion has finished is kept beside its output, and there is a folder of that name",
                where=self.path,
                fix="rename it, or choose another --out",
            )
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / _MARK).write_text(f"Kept by litefoot until {self.path.stem} is finished.\n", encoding="utf-8")

    def holds(self, *others: str) -> bool:
        """Whether there is something to go on with.

        Args:
            others: Names of files that are nothing of that kind.

        Returns:
            Whether there are other files in the folder than these and the one that marks it.
        """
        return self.path.is_dir() and any(file.name not in (_MARK, *others) for file in self.path.iterdir())

    def place(self, what: Mapping[str, Any]) -> Path:
        """Where what comes of this content is, or is to be written.

        Args:
            what: Everything that decides what comes of it.

        Returns:
            The path, without a suffix.
        """
        content = json.dumps({name: digest(value) for name, value in what.items()}, sort_keys=True)
        versions = [importlib.metadata.version(package) for package in _PACKAGES]
        return self.path / hashlib.sha256(f"{content} {versions}".encode()).hexdigest()[:_DIGITS]

    def remove(self) -> None:
        """The run has ended. A folder that litefoot did not make stays."""
        if (self.path / _MARK).is_file():
            shutil.rmtree(self.path, ignore_errors=True)


def is_whole(bundle: Path) -> bool:
    """Whether a conversion was finished and nothing of it was changed since.

    Args:
        bundle: Its folder.

    Returns:
        Whether it can be used as it is.
    """
    if not bundle.is_dir():
        return False
    try:
        Bundle(bundle).check()
    except LitefootError:
        return False
    return True


def digest(value: Any) -> Any:
    """What a value is known by in JSON.

    Args:
        value: Anything.

    Returns:
        Of a `Path` that leads to a file or folder the content, of arrays the values, of a dataclass its fields, of
        everything else what it says of itself: of a live object its address too, so that another process does not take
        it for the same.
    """
    if isinstance(value, Path) and value.exists():
        return _of_path(value)
    if isinstance(value, np.ndarray):
        return [value.dtype.str, value.shape, hashlib.sha256(np.ascontiguousarray(value).data).hexdigest()]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return digest(vars(value))
    if isinstance(value, Mapping):
        return {str(name): digest(part) for name, part in value.items()}
    if isinstance(value, (tuple, list)):
        return [digest(part) for part in value]
    return repr(value)


def _of_path(path: Path) -> Any:
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file())
        return [[file.relative_to(path).as_posix(), _of_file(file)] for file in files]
    return _of_file(path)


@remembered
def _of_file(path: Path) -> Any:
    if not zipfile.is_zipfile(path):
        return sha256(path)
    with zipfile.ZipFile(path) as archive:  # whose own bytes tell when it was written
        names = sorted(name for name in archive.namelist() if name != _WHEN_WRITTEN)
        return [[name, hashlib.sha256(archive.read(name)).hexdigest()] for name in names]
