"""Finished conversions of a search, kept beside its output until it ends, so that an interrupted one goes on."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from litefoot.runtime.errors import LitefootError
from litefoot.runtime.storage.bundle import Bundle
from litefoot.runtime.storage.files import sha256

_PACKAGES = ("litefoot-convert", "tensorflow", "ai-edge-quantizer", "onnxruntime")
_DIGITS = 16


class Kept:
    """The folder of a search's conversions.

    Args:
        out: The bundle that the search is to write.
    """

    def __init__(self, out: Path) -> None:
        self.path = out.with_name(f"{out.name}.trials")

    def bundle(self, what: Mapping[str, Any]) -> Path:
        """Where the conversion of this content is, or is to be written.

        Args:
            what: Everything that decides what comes of it.

        Returns:
            The folder.
        """
        content = json.dumps({name: _digest(value) for name, value in what.items()}, sort_keys=True)
        versions = [importlib.metadata.version(package) for package in _PACKAGES]
        digest = hashlib.sha256(f"{content} {versions}".encode()).hexdigest()
        return self.path / digest[:_DIGITS]

    def remove(self) -> None:
        """The search has ended."""
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


def _digest(value: Any) -> Any:
    """Of files their content, of arrays their values, of everything else what it says of itself."""
    if isinstance(value, (str, Path)) and Path(value).is_file():
        return sha256(Path(value))
    if isinstance(value, (str, Path)) and Path(value).is_dir():
        files = sorted(file for file in Path(value).rglob("*") if file.is_file())
        return [[file.relative_to(value).as_posix(), file.stat().st_size, file.stat().st_mtime_ns] for file in files]
    if isinstance(value, np.ndarray):
        return [value.dtype.str, value.shape, hashlib.sha256(np.ascontiguousarray(value).data).hexdigest()]
    if isinstance(value, Mapping):
        return {str(name): _digest(part) for name, part in value.items()}
    if isinstance(value, (tuple, list)):
        return [_digest(part) for part in value]
    return repr(value)  # of a live object its address too: another process does not take it for the same
