"""Samples that are files: a folder of pictures or of recordings, flat or with one subfolder for each class."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from litefoot.runtime.decoding import read_sample
from litefoot.runtime.errors import SampleError, UsageError
from litefoot.runtime.preprocessing import Step, preprocess
from litefoot.runtime.tensors import TensorSpec

from .fitting import Stack
from .labels import check_known, few
from .samples import Array, Data, Wanted, spread

PICTURES = (".png", ".jpg", ".jpeg", ".bmp")
RECORDINGS = (".wav",)

_OF_THE_SYSTEM = {"thumbs.db", "desktop.ini", "__macosx"}
_FIXES = {
    PICTURES: "give --scale 1/255 [--offset -1], or --contract FILE",
    RECORDINGS: "give --rate HZ, or --contract FILE",
}


def read_folder(path: Path, wanted: Wanted) -> Data:
    """Decode and preprocess the files of a folder.

    Args:
        path: A folder of pictures or of recordings, or one with a subfolder of such files for each class. Hidden files
            are passed over.
        wanted: By which model. Where its contract names classes, the subfolders must be these.

    Returns:
        The samples in the model's dtype, sorted by name; of a limited number, evenly spread. With subfolders, class
        numbers are the targets, and classes take turns, so that the first part of the samples has all of them.

    Raises:
        UsageError: The model has several inputs, or does not say how such files are preprocessed.
        SampleError: The folder is empty, mixed or deeper, or a file cannot be decoded or does not fit.
        MissingDependency: Pictures need the extra ``images``.
    """
    spec = wanted.only_input(path)
    classes = _files_by_class(path)
    _check_suffixes(path, [file for files in classes.values() for file in files])
    labels = () if "" in classes else _labels(path, classes, wanted)
    chosen = list(_take_turns([classes[label] for label in labels or ("",)], wanted.limit))
    files = [file for _, file in chosen]
    array = _decode(files, spec, _steps(files[0], spec, wanted), wanted)
    targets = np.array([number for number, _ in chosen], dtype=np.int64) if labels else None
    return Data({spec.name: array}, targets, labels, str(path))


def _files_by_class(folder: Path) -> dict[str, list[Path]]:
    """Files by subfolder; those of a flat folder under the empty name."""
    entries = _visible(folder)
    inner = [entry for entry in entries if entry.is_dir()]
    if not entries:
        raise SampleError("There are no files in this folder", where=folder, expected=_expected())
    if not inner:
        return {"": entries}
    if len(inner) < len(entries):
        raise SampleError(
            "This folder holds files beside its subfolders",
            where=folder,
            got=few([entry.name for entry in entries if entry not in inner]),
            expected="files alone, or one subfolder for each class alone",
        )
    classes = {entry.name: _visible(entry) for entry in inner}
    for name, files in classes.items():
        deeper = [file.name for file in files if file.is_dir()]
        if deeper or not files:
            raise SampleError(
                "This subfolder is not the files of one class",
                where=folder / name,
                got=f"subfolders {few(deeper)}" if deeper else "no files",
                expected=_expected(),
            )
    return classes


def _visible(folder: Path) -> list[Path]:
    shown = (entry for entry in folder.iterdir() if not entry.name.startswith("."))
    return sorted(entry for entry in shown if entry.name.lower() not in _OF_THE_SYSTEM)


def _check_suffixes(folder: Path, files: Sequence[Path]) -> None:
    """All of one kind: that of the first file."""
    kinds = {suffix: kind for kind in (PICTURES, RECORDINGS) for suffix in kind}
    first = kinds.get(files[0].suffix.lower())
    for file in files:
        kind = kinds.get(file.suffix.lower())
        if kind is None:
            raise SampleError("This folder holds a file that is no sample", where=file, expected=_expected())
        if kind != first:
            raise SampleError(
                "This folder is mixed", where=folder, got=f"{files[0].name} and {file.name}", expected=_expected()
            )


def _expected() -> str:
    pictures, recordings = (", ".join(suffix[1:] for suffix in kind) for kind in (PICTURES, RECORDINGS))
    return f"pictures alone ({pictures}), or recordings alone ({recordings})"


def _labels(folder: Path, classes: dict[str, list[Path]], wanted: Wanted) -> tuple[str, ...]:
    """The contract's classes, or the sorted names of the subfolders."""
    labels = wanted.contract.labels or tuple(sorted(classes))
    check_known(set(classes), labels, folder)
    if missing := [label for label in labels if label not in classes]:
        raise SampleError(
            "The subfolders are not the model's classes",
            where=folder,
            got=f"none for {few(missing)}",
            expected=f"one for each of {few(labels)}",
        )
    return labels


def _take_turns(classes: Sequence[Sequence[Path]], limit: int | None) -> Iterator[tuple[int, Path]]:
    """One file of each class, then the next of each: class numbers and files."""
    few_classes = set(spread(len(classes), limit))
    turns = sorted((turn, number) for number in few_classes for turn in range(len(classes[number])))[:limit]
    quotas = np.bincount([number for _, number in turns], minlength=len(classes))
    places = [spread(len(files), int(quota)) if quota else [] for files, quota in zip(classes, quotas, strict=True)]
    return ((number, classes[number][places[number][turn]]) for turn, number in turns)


def _steps(first: Path, spec: TensorSpec, wanted: Wanted) -> Sequence[Step]:
    kind = PICTURES if first.suffix.lower() in PICTURES else RECORDINGS
    steps = wanted.contract.preprocessing.get(spec.name)
    if steps is None:
        raise UsageError(
            f"Nothing says how {'pictures' if kind is PICTURES else 'recordings'} become the model's input",
            where=f"input {spec.name}, {wanted.what} samples",
            got="no preprocessing in the contract",
            fix=_FIXES[kind],
        )
    return steps


def _decode(files: Sequence[Path], spec: TensorSpec, steps: Sequence[Step], wanted: Wanted) -> Array:
    """In threads, since decoders and numpy let go of the interpreter; a few files ahead of the stack, in order."""
    stack = Stack(spec, wanted.what)
    workers = min(max(os.cpu_count() or 1, 2), 8)
    with ThreadPoolExecutor(workers) as pool:
        remaining = iter(files)
        while batch := list(islice(remaining, 32 * workers)):
            for file, sample in zip(batch, pool.map(partial(_read, steps=steps), batch), strict=True):
                stack.add(sample, file, _fix(sample, spec))
    return stack.array()


def _read(file: Path, *, steps: Sequence[Step]) -> Array:
    sample = read_sample(file)
    try:
        return preprocess(sample, steps)
    except SampleError as error:
        raise SampleError(f"{file}: {error}") from error


def _fix(sample: Array, spec: TensorSpec) -> str | None:
    """What to do about a picture of another size."""
    if sample.ndim not in (2, 3) or len(spec.shape) not in (3, 4):
        return None
    return "add the step resize to the contract's preprocessing, and grayscale where the model takes one channel"
