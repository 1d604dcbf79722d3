"""Samples that are the rows of a table: .csv."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from litefoot.runtime.errors import SampleError
from litefoot.runtime.tensors import TensorSpec

from .fitting import Stack
from .labels import few, targets_of
from .samples import Array, Data, Wanted

_CLASS = "class"
_FEWEST_NUMBERED_COLUMNS = 4


@dataclass(frozen=True)
class _Columns:
    """Which column is what.

    Attributes:
        names: Of all columns; their numbers from 1 in a table without heading.
        features: For each input, the places of its values, in order.
        shapes: For each input, the shape of a sample.
        target: The place of the right answers; None without them.
    """

    names: tuple[str, ...]
    features: dict[str, list[int]]
    shapes: dict[str, tuple[int, ...]]
    target: int | None


def read_table(path: Path, wanted: Wanted) -> Data:
    """Read a sample from each row.

    Args:
        path: Values separated by commas. For a model with one input, its columns in order are the sample's values; for
            several, columns are named INPUT, or INPUT.0, INPUT.1 and so on. A column named ``class`` or as one of
            `TARGET_NAMES` holds the right answers, as numbers or class names. A first row without numbers is a heading,
            and so is one that holds such a name, or counts the columns from 0.
        wanted: By which model.

    Returns:
        The samples in the model's dtype.

    Raises:
        SampleError: It cannot be read, a cell is not a number, or the columns do not fit the inputs.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _read(_rows(csv.reader(file)), path, wanted)
    except (OSError, UnicodeError, csv.Error) as error:
        raise SampleError("This table cannot be read", where=path, got=error) from error


def _rows(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Line numbers and cells of the rows that are not blank."""
    for cells in reader:
        if any(cell and not cell.isspace() for cell in cells):
            yield reader.line_num, cells  # type: ignore[attr-defined]  # typeshed keeps the reader's type to itself


def _read(rows: Iterator[tuple[int, list[str]]], path: Path, wanted: Wanted) -> Data:
    first = next(rows, None)
    if first is None:
        raise SampleError("There are no rows in this table", where=path)
    cells = [cell.strip() for cell in first[1]]
    heading = _is_heading(cells, wanted)
    names = tuple(cells) if heading else tuple(str(place + 1) for place in range(len(cells)))
    columns = _columns(names, heading, path, wanted)
    stacks = {name: Stack(wanted.specs[name], wanted.what) for name in columns.features}
    answers: list[str] = []
    for line, cells in rows if heading else _chain(first, rows):
        where = f"{path}, line {line}"
        if len(cells) != len(names):
            raise SampleError(
                "The rows of this table differ in length", where=where, got=f"{len(cells)} cells", expected=len(names)
            )
        for name, places in columns.features.items():
            values = _numbers(cells, places, names, where)
            stacks[name].add(values.reshape(columns.shapes[name]), where)
        if columns.target is not None:
            answers.append(_present(cells[columns.target], names[columns.target], where))
    inputs = {name: stack.array() for name, stack in stacks.items()}
    if columns.target is None:
        return Data(inputs, source=str(path))
    return Data(inputs, *targets_of(answers, wanted, path), source=str(path))


def _chain(first: tuple[int, list[str]], rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    yield first
    yield from rows


def _is_heading(cells: Sequence[str], wanted: Wanted) -> bool:
    """A row of numbers counting from 0 is how pandas writes columns that have no names."""
    counted = len(cells) >= _FEWEST_NUMBERED_COLUMNS and list(cells) == [str(place) for place in range(len(cells))]
    named = any(_is_target(cell, wanted) or cell in wanted.specs for cell in cells)
    return counted or named or not any(_is_number(cell) for cell in cells)


def _is_target(name: str, wanted: Wanted) -> bool:
    return wanted.is_target(name) or (name.lower() == _CLASS and name not in wanted.specs)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbers(cells: Sequence[str], places: Sequence[int], names: Sequence[str], where: str) -> Array:
    try:
        return np.array([float(cells[place]) for place in places])
    except ValueError:
        bad = next(place for place in places if not _is_number(cells[place]))
        text = _present(cells[bad], names[bad], where)
    raise SampleError(
        "A cell of this table is not a number",
        where=f"{where}, column {names[bad]}",
        got=text[:40],
        fix=f"name a column of class names {_CLASS} in a heading",
    )


def _present(cell: str, name: str, where: str) -> str:
    text = cell.strip()
    if not text:
        raise SampleError(
            "A cell of this table is empty", where=f"{where}, column {name}", fix="remove or complete the row"
        )
    return text


def _columns(names: tuple[str, ...], heading: bool, path: Path, wanted: Wanted) -> _Columns:
    targets = [place for place, name in enumerate(names) if heading and _is_target(name, wanted)]
    if len(targets) > 1:
        raise SampleError(
            "This table holds the right answers more than once",
            where=path,
            got=few([names[place] for place in targets]),
            expected="one column of them",
        )
    others = [place for place in range(len(names)) if place not in targets]
    features = _by_name(names, others, path, wanted) if heading else {}
    if not features and len(wanted.specs) == 1:
        features = {next(iter(wanted.specs)): others}
    if features.keys() != wanted.specs.keys():
        raise SampleError(
            "The columns of this table are not named by the model's inputs",
            where=path,
            got=(few([names[place] for place in others]) or "no columns")
            if heading
            else f"{len(names)} columns without a heading",
            expected=f"for each of {few(list(wanted.specs))}: INPUT, or INPUT.0, INPUT.1 and so on",
        )
    shapes = {
        name: _sample_shape(wanted.specs[name], [names[place] for place in places], path)
        for name, places in features.items()
    }
    return _Columns(names, features, shapes, targets[0] if targets else None)


def _by_name(names: Sequence[str], others: Sequence[int], path: Path, wanted: Wanted) -> dict[str, list[int]]:
    """The columns of each input, sorted by their numbers; none where a column is not named by an input."""
    found: dict[str, dict[int, int]] = {}
    for place in others:
        owner, _, number = (names[place], "", "0") if names[place] in wanted.specs else names[place].rpartition(".")
        if owner not in wanted.specs or not number.isdecimal():
            return {}
        if int(number) in found.setdefault(owner, {}):
            raise SampleError("A column of this table is there twice", where=path, got=names[place])
        found[owner][int(number)] = place
    for owner, numbered in found.items():
        if sorted(numbered) != list(range(len(numbered))):
            raise SampleError(
                "A column of this table is missing",
                where=path,
                got=few([names[numbered[number]] for number in sorted(numbered)]),
                expected=f"{owner}.0 to {owner}.{len(numbered) - 1} for {len(numbered)} columns",
            )
    return {owner: [numbered[number] for number in sorted(numbered)] for owner, numbered in found.items()}


def _sample_shape(spec: TensorSpec, names: Sequence[str], path: Path) -> tuple[int, ...]:
    """The shape that so many values have; one free dimension takes what is left."""
    sizes = spec.shape[1:]
    known = math.prod(size for size in sizes if size is not None)
    free = sizes.count(None)
    left = len(names) // known if known else 0
    if free > 1 or left * known != len(names) or (left != 1 and not free) or left == 0:
        raise SampleError(
            "The columns of this table do not fit the model's input",
            where=path,
            got=f"{len(names)} columns: {few(names)}",
            expected=f"{known} for {spec}" if not free else f"the values of {spec}",
            fix=_fix(names),
        )
    return tuple(left if size is None else size for size in sizes)


def _fix(names: Sequence[str]) -> str | None:
    if any(separator in names[0] for separator in ";\t") if names else False:
        return "separate the columns by commas"
    if names and not names[0]:
        return "leave out the column of row numbers; in pandas, to_csv(..., index=False)"
    return f"name the column of the right answers {_CLASS} or target in a heading"
