"""Pictures in a folder with one subfolder for each class."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.decoding import read_sample
from litefoot.runtime.errors import SampleError, UsageError
from litefoot.runtime.preprocessing import Step, preprocess

from .splits import Parts, stratified_split

Array = npt.NDArray[Any]

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")
_MOST_NAMED = 5


@dataclass(frozen=True)
class ImageFolder:
    """A folder of pictures.

    Attributes:
        files: Every picture, sorted by class and name, those to train on first.
        classes: (files,) int64, the class of each.
        labels: The names of the classes, sorted: those of the subfolders.
        parts: Which files are for what.
    """

    files: tuple[Path, ...]
    classes: Array
    labels: tuple[str, ...]
    parts: Parts


def read_image_folder(folder: Path, seed: int) -> ImageFolder:
    """Find the pictures of a folder and split them.

    Args:
        folder: With a subfolder of pictures for each class; or with ``train`` and ``test``, each of that form. Hidden
            files are passed over.
        seed: Of the split.

    Returns:
        The pictures. Where there is no ``test``, a fifth of each class is for the test; a tenth validates.

    Raises:
        UsageError: The folder is not of that form.
        SampleError: There are too few pictures.
    """
    if not (folder / "train").is_dir() or not (folder / "test").is_dir():
        found = _by_class(folder)
        files, classes, labels = _in_a_row(found)
        return ImageFolder(files, classes, labels, stratified_split(classes, validation=0.1, test=0.2, seed=seed))
    train, test = _by_class(folder / "train"), _by_class(folder / "test")
    if set(train) != set(test):
        raise UsageError(
            "The classes to train and to test on differ",
            where=folder,
            got=f"test: {', '.join(sorted(test))}",
            expected=f"as in train: {', '.join(sorted(train))}",
        )
    files, classes, labels = _in_a_row(train)
    kept = stratified_split(classes, validation=0.0, test=0.1, seed=seed)
    more_files, more_classes, _ = _in_a_row(test)
    tested = np.arange(len(files), len(files) + len(more_files))
    parts = {"train": kept["train"], "validation": kept["test"], "test": tested}
    return ImageFolder((*files, *more_files), np.concatenate([classes, more_classes]), labels, parts)


def read_pictures(files: Sequence[Path], steps: Sequence[Step]) -> Array:
    """Decode and preprocess pictures.

    Args:
        files: Of pictures.
        steps: The contract's; they bring all pictures to one shape.

    Returns:
        (files, height, width, channels) float32.

    Raises:
        SampleError: Some cannot be read; each of the first is named with its reason.
        MissingDependency: Pictures need the extra ``images``.
    """

    def read(file: Path) -> Array | SampleError:
        try:
            return preprocess(read_sample(file), steps)
        except SampleError as error:
            return error

    with ThreadPoolExecutor() as pool:
        read_ones = list(pool.map(read, files))
    broken = [file for file, picture in zip(files, read_ones, strict=True) if isinstance(picture, SampleError)]
    if broken:
        named = ", ".join(str(file) for file in broken[:_MOST_NAMED])
        raise SampleError(
            "These files cannot be read as pictures",
            got=f"{len(broken)} of {len(files)}: {named}{', ...' * (len(broken) > _MOST_NAMED)}",
            fix="remove or replace them",
        )
    return np.stack([picture for picture in read_ones if not isinstance(picture, SampleError)])


def _by_class(folder: Path) -> dict[str, list[Path]]:
    """The pictures of each subfolder."""
    if not folder.is_dir():
        raise UsageError("This is not a folder of pictures", where=folder, expected=_EXPECTED)
    subfolders = sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    classes = {}
    for entry in subfolders:
        pictures = sorted(file for file in entry.iterdir() if file.suffix.lower() in SUFFIXES)
        classes[entry.name] = [file for file in pictures if not file.name.startswith(".")]
    empty = [name for name, files in classes.items() if not files]
    if len(classes) < 2 or empty:
        raise UsageError(
            "This folder does not hold a subfolder of pictures for each of several classes",
            where=folder,
            got=f"no pictures in {', '.join(empty)}" if empty else f"{len(classes)} subfolders",
            expected=_EXPECTED,
        )
    return classes


def _in_a_row(found: dict[str, list[Path]]) -> tuple[tuple[Path, ...], Array, tuple[str, ...]]:
    files = tuple(file for name in found for file in found[name])
    counts = [len(found[name]) for name in found]
    return files, np.repeat(np.arange(len(counts)), counts), tuple(found)


_EXPECTED = f"one subfolder for each class with pictures ({', '.join(SUFFIXES)}), or train and test of that form"
