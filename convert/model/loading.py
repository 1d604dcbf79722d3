"""Keras files of both generations to live models, without running code that they carry unless that was allowed."""

from __future__ import annotations

import importlib
import json
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litefoot.runtime.errors import LitefootError, UnreadableModel, UsageError, first_line

from ..source import Source
from ..workers.unneeded import show_unneeded
from .safety import refuse_code


@dataclass(frozen=True)
class LoadedModel:
    """A live Keras model.

    Attributes:
        model: The keras or tf_keras object.
        version: 3 or 2.
    """

    model: Any
    version: int


def load_keras(source: Source) -> LoadedModel:
    """Load a ``.keras`` or HDF5 file with the generation of Keras that wrote it.

    Args:
        source: Of such a layout.

    Returns:
        The model.

    Raises:
        UnreadableModel: The file is damaged, or holds weights alone, or code that may not run.
        UsageError: A custom object is missing or cannot be imported.
    """
    path = Path(source.path)
    config, version = _read_archive(path) if source.layout == "keras" else _read_hdf5(path)
    objects = custom_objects(source.custom_objects)
    if not source.allow_code:
        refuse_code(config, path, objects)
    keras: Any = importlib.import_module("keras.saving" if version == 3 else "tf_keras.models")
    try:
        model = keras.load_model(str(path), custom_objects=objects, compile=False, safe_mode=not source.allow_code)
    except LitefootError:
        raise
    except Exception as error:
        raise _not_loaded(error, path, version) from error
    return LoadedModel(model, version)


def custom_objects(names: tuple[str, ...]) -> dict[str, Any]:
    """Import the user's own classes and functions.

    Args:
        names: Each ``module:name``; the current folder is searched too. A dict of that name adds all of its entries.

    Returns:
        The objects by name.

    Raises:
        UsageError: One cannot be imported.
    """
    if names:
        show_unneeded()
        if "" not in sys.path:
            sys.path.insert(0, "")
    objects: dict[str, Any] = {}
    for text in names:
        module, separator, name = text.partition(":")
        if not separator:
            raise UsageError("A custom object is a module and a name in it", got=text, expected="module:name")
        try:
            found = getattr(importlib.import_module(module), name)
        except Exception as error:
            raise UsageError(
                "This custom object cannot be imported", where=text, got=f"{type(error).__name__}: {first_line(error)}"
            ) from error
        objects |= found if isinstance(found, dict) else {name: found}
    return objects


def _read_archive(path: Path) -> tuple[Any, int]:
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
            metadata = json.loads(archive.read("metadata.json")) if "metadata.json" in archive.namelist() else {}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise UnreadableModel("This Keras file is damaged", where=path, got=first_line(error)) from error
    return config, _generation(metadata.get("keras_version"), default=3)


def _read_hdf5(path: Path) -> tuple[Any, int]:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            text = file.attrs.get("model_config")
            version = file.attrs.get("keras_version")
    except OSError as error:
        raise UnreadableModel("This HDF5 file is damaged", where=path, got=first_line(error)) from error
    if text is None:
        raise UnreadableModel(
            "This HDF5 file holds no model",
            where=path,
            got="weights alone, or something else",
            fix="build the model in Python, call load_weights, and give it to litefoot.convert.convert(model, ...)",
        )
    try:
        return json.loads(text), _generation(version, default=2)
    except ValueError as error:
        raise UnreadableModel("This HDF5 file is damaged", where=path, got=first_line(error)) from error


def _generation(version: Any, *, default: int) -> int:
    text = version.decode() if isinstance(version, bytes) else str(version or default)
    return 3 if text.startswith("3") else 2


def _not_loaded(error: Exception, path: Path, version: int) -> LitefootError:
    # Keras wraps each error in the next; the innermost, at the end, says what happened.
    cause = str(error).rpartition("Exception encountered: ")[2].strip().split("\n", 1)[0] or first_line(error)
    if "Could not locate" in cause or "Unknown" in cause[:40]:
        return UsageError(
            "This model needs an object that Keras does not know",
            where=path,
            got=cause.partition(". ")[0],
            fix="--custom-objects module:name, for each class and function of your own",
        )
    return UnreadableModel(f"Keras {version} cannot load this model", where=path, got=cause)
