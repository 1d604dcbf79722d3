"""Samples that are whole arrays already: .npz, .npy, and arrays in memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from litefoot.runtime.decoding import read_sample
from litefoot.runtime.errors import SampleError, UnreadableModel
from litefoot.runtime.storage.files import read_arrays

from .samples import Array, Data, Wanted, plain, sort_out


def read_npz(path: Path, wanted: Wanted) -> Data:
    """Read arrays by name.

    Args:
        path: An ``.npz`` file of plain arrays: one for each input, or of any name for a model with one input, and the
            right answers under one of `TARGET_NAMES`.
        wanted: By which model.

    Returns:
        The arrays as stored.

    Raises:
        SampleError: It cannot be read, is too large, or its names are of no use.
    """
    try:
        arrays = read_arrays(path)
    except UnreadableModel as error:  # for a model file it is another exit code
        raise SampleError(str(error)) from error
    return from_mapping(arrays, wanted, str(path))


def read_npy(path: Path, wanted: Wanted) -> Data:
    """Read the array of a model's only input.

    Args:
        path: An ``.npy`` file.
        wanted: By which model.

    Returns:
        The array as stored.

    Raises:
        UsageError: The model has several inputs.
        SampleError: It cannot be read.
    """
    spec = wanted.only_input(path)
    return Data({spec.name: plain(read_sample(path), path)}, source=str(path))


def from_mapping(given: Mapping[str, object], wanted: Wanted, source: str) -> Data:
    """Take arrays by name.

    Args:
        given: Arrays, or what holds one, by name as in `read_npz`.
        wanted: By which model.
        source: What it was read from.

    Returns:
        The arrays as given.

    Raises:
        SampleError: A value is not an array, or the names are of no use.
    """
    arrays = {str(name): plain(value, f"{source}, {name}") for name, value in given.items()}
    inputs, targets = sort_out(arrays, wanted, source)
    return Data(inputs, targets, source=source)


def from_array(given: object, wanted: Wanted, source: str) -> Data:
    """Take the array of a model's only input.

    Args:
        given: The array, or what holds one.
        wanted: By which model.
        source: What it was read from.

    Returns:
        The array as given.

    Raises:
        UsageError: The model has several inputs.
        SampleError: It is not an array.
    """
    spec = wanted.only_input(source)
    return Data({spec.name: plain(given, source)}, source=source)


def from_pair(inputs: object, targets: object, wanted: Wanted, source: str) -> Data:
    """Take inputs and the right answers.

    Args:
        inputs: An array, or arrays by input name.
        targets: The right answers.
        wanted: By which model.
        source: What it was read from.

    Returns:
        The arrays as given.

    Raises:
        UsageError: One array was given for several inputs.
        SampleError: Something is not an array, or the right answers are there twice.
    """
    named = from_mapping(inputs, wanted, source) if isinstance(inputs, Mapping) else from_array(inputs, wanted, source)
    if named.targets is not None:
        raise SampleError(f"These {wanted.what} samples hold the right answers more than once", where=source)
    answers: Array = plain(targets, f"{source}, targets")
    return Data(named.inputs, answers, source=source)
