"""Folders that are complete or not there: written beside their place and renamed into it."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import OutputExists, UsageError

if TYPE_CHECKING:
    import numpy.typing as npt


@contextmanager
def new_folder(target: Path, *, force: bool) -> Iterator[Path]:
    """Give a temporary folder that becomes the target when the block ends well, and vanishes when it does not.

    Args:
        target: Where the folder shall be.
        force: Replace what is there; without it, an existing target is an error.

    Yields:
        An empty folder on the same file system.

    Raises:
        OutputExists: The target is there and `force` is false.
        UsageError: The folder cannot be made or written; what was there before is intact.
    """
    check_free(target, force=force)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise _unwritable(target, error) from error
    try:
        yield partial
        check_free(target, force=force)
        partial.chmod(0o777 & ~_umask())
        _swap(partial, target)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EACCES, errno.EROFS):
            raise _unwritable(target, error) from error
        raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def check_free(target: Path, *, force: bool) -> None:
    """Refuse a target that is there already, before any long work begins.

    Args:
        target: The folder to be written.
        force: Whether it may be replaced.

    Raises:
        OutputExists: It is there and `force` is false.
        UsageError: It is there and is not a folder that litefoot wrote, so it is not replaced.
    """
    if not target.exists() and not target.is_symlink():
        return
    if not force:
        raise OutputExists("The output folder is there already", where=target, fix="give --force, or another --out")
    ours = ("manifest.json", "trained.json", "pipeline.json")
    if not target.is_dir() or not (any((target / name).is_file() for name in ours) or not any(target.iterdir())):
        raise UsageError("This is not a folder that litefoot wrote, so it is not replaced", where=target)


def write_json(path: Path, document: Any) -> None:
    """Write a JSON document, indented, keys in the order given.

    Args:
        path: The file.
        document: What `codec.encode` returned.
    """
    path.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write arrays as a compressed ``.npz`` file.

    Args:
        path: The file, with its suffix.
        arrays: The arrays by name.
    """
    np.savez_compressed(path, allow_pickle=False, **dict(arrays))


def _swap(partial: Path, target: Path) -> None:
    """Put the new folder in place; the old one is set aside first and comes back if that fails."""
    if not target.exists():
        partial.rename(target)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}-old-", dir=target.parent)) / target.name
    target.rename(aside)
    try:
        partial.rename(target)
    except BaseException:
        aside.rename(target)
        raise
    finally:
        shutil.rmtree(aside.parent, ignore_errors=True)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _unwritable(target: Path, error: OSError) -> UsageError:
    return UsageError(
        "The output folder cannot be written; what was there before is intact",
        where=target,
        got=error.strerror,
        fix="free space or choose another --out",
    )
