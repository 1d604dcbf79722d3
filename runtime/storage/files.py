"""Reading files that may be damaged or hostile: by digest, inside their folder, within limits."""

from __future__ import annotations

import importlib
import json
import sys
import typing
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BadDocument, UnreadableModel, UntrustedBundle

if TYPE_CHECKING:
    import numpy.typing as npt

MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
MAX_ARRAYS_BYTES = 2 * 1024**3
_CHUNK_BYTES = 1024 * 1024


def new_sha256() -> Any:
    """A SHA-256 digest to update: the interpreter's own, since OpenSSL's costs a small board 4 MB and 4 ms to load.

    Returns:
        An object with ``update`` and ``hexdigest``.
    """
    own = "_sha2" if sys.version_info >= (3, 12) else "_sha256"
    try:
        return importlib.import_module(own).sha256()
    except ImportError:  # an interpreter built without it
        return importlib.import_module("hashlib").sha256()


def read_json(path: Path) -> Any:
    """Read a JSON file of at most `MAX_DOCUMENT_BYTES`.

    Args:
        path: The file.

    Returns:
        Its parsed content.

    Raises:
        BadDocument: The file cannot be read, is too large, or is not JSON.
    """
    try:
        size = path.stat().st_size
        if size > MAX_DOCUMENT_BYTES:
            raise BadDocument(
                "This document is too large",
                where=path,
                got=f"{size} bytes",
                expected=f"at most {MAX_DOCUMENT_BYTES}",
            )
        return json.loads(path.read_bytes(), parse_constant=_no_constant)
    except OSError as error:
        raise BadDocument("This document cannot be read", where=path, got=error.strerror) from error
    except (ValueError, RecursionError) as error:
        raise BadDocument("This document is not valid JSON", where=path, got=error) from error


def _no_constant(name: str) -> typing.NoReturn:
    """Python's parser takes NaN and Infinity, which are not JSON."""
    raise ValueError(f"{name} is not JSON")


def document_digest(document: dict[str, Any]) -> str:
    """SHA-256 of a document without its own field ``sha256``, as JSON with sorted keys and without white space.

    Args:
        document: What `read_json` returned.

    Returns:
        64 hexadecimal digits.
    """
    content = {key: value for key, value in document.items() if key != "sha256"}
    digest = new_sha256()
    digest.update(json.dumps(content, sort_keys=True, separators=(",", ":")).encode())
    return str(digest.hexdigest())


def sha256(path: Path) -> str:
    """Digest of a file's bytes.

    Args:
        path: The file.

    Returns:
        64 hexadecimal digits.
    """
    digest = new_sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return str(digest.hexdigest())


def member(folder: Path, name: str) -> Path:
    """The path of a file that a document names, refused where it would leave the folder.

    Args:
        folder: The folder of the document.
        name: A relative path with forward slashes.

    Returns:
        The path inside the folder.

    Raises:
        UntrustedBundle: The name is absolute, climbs out, or passes through a link that does.
    """
    relative = PurePosixPath(name)
    path = folder.joinpath(*relative.parts)
    odd = relative.is_absolute() or ".." in relative.parts or "\\" in name or "\0" in name
    if odd or not path.resolve().is_relative_to(folder.resolve()):
        raise UntrustedBundle("A document names a file outside its folder", where=folder, got=name)
    return path


def read_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read an ``.npz`` file of plain arrays; nothing in it is executed.

    Args:
        path: The file.

    Returns:
        The arrays by name.

    Raises:
        UnreadableModel: It is not such a file, or unpacks to more than `MAX_ARRAYS_BYTES`.
    """
    try:
        return _unpack(path)
    except UnreadableModel:
        raise
    except Exception as error:  # zipfile, zlib and numpy's header parser share no error class
        raise UnreadableModel("This is not a readable .npz file of plain arrays", where=path, got=error) from error


def _unpack(path: Path) -> dict[str, npt.NDArray[Any]]:
    import zipfile

    with zipfile.ZipFile(path) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > MAX_ARRAYS_BYTES:
        raise UnreadableModel(
            "This file unpacks to too much",
            where=path,
            got=f"{unpacked} bytes",
            expected=f"at most {MAX_ARRAYS_BYTES}",
        )
    with np.load(path, allow_pickle=False) as archived:
        arrays = {name: archived[name] for name in archived.files}
    if odd := [name for name, array in arrays.items() if not isinstance(array, np.ndarray)]:
        raise UnreadableModel("This file holds more than arrays", where=path, got=odd)
    return arrays
