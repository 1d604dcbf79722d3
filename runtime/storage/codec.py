"""Frozen dataclasses and named tuples to JSON and back, strictly: what does not fit is an error that names the field.

JSON has no infinity and no NaN; they are written as the strings ``"inf"``, ``"-inf"`` and ``"nan"``.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import types
import typing
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from ..errors import BadDocument
from .files import read_json

T = TypeVar("T")


def encode(value: Any) -> Any:
    """Turn a dataclass or named tuple, or a value of one, into what ``json.dumps`` takes.

    Args:
        value: A dataclass instance, tuple, list, dict with string keys, string, number, bool, array or None.

    Returns:
        The same as dicts, lists and scalars.
    """
    kind: Any = type(value)
    if (fields := _fields(kind)) is not None:
        return {name: encode(getattr(value, name)) for name in fields}
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return encode(value.tolist()) if hasattr(value, "tolist") else value


def decode(kind: type[T], value: Any, where: str) -> T:
    """Turn parsed JSON into a value of the given type.

    Args:
        kind: A dataclass, or any type used as one of its fields.
        value: What ``json.loads`` returned.
        where: The document and the place in it, for messages.

    Returns:
        The value, checked field by field.

    Raises:
        BadDocument: A field is unknown, missing, or of another type.
    """
    return typing.cast(T, _decode(kind, value, where))


def read_document(kind: type[T], path: Path) -> T:
    """Read a JSON file as one dataclass.

    Args:
        kind: The dataclass.
        path: The file.

    Returns:
        The document.

    Raises:
        BadDocument: The file cannot be read, is too large, is not JSON, or breaks the format.
    """
    return decode(kind, read_json(path), path.name)


@functools.cache
def _type_hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _decode(kind: Any, value: Any, where: str) -> Any:
    origin = get_origin(kind)
    if (fields := _fields(kind)) is not None:
        return _decode_record(kind, fields, value, where)
    if origin in (Union, types.UnionType):
        return _decode_union(get_args(kind), value, where)
    if origin is Literal:
        fits = any(value == choice and type(value) is type(choice) for choice in get_args(kind))
        return value if fits else _refuse(value, f"one of {get_args(kind)}", where)
    if origin is tuple:
        return _decode_tuple(get_args(kind), value, where)
    if origin is dict:
        item = get_args(kind)[1]
        return {key: _decode(item, entry, f"{where}.{key}") for key, entry in _expect(dict, value, where).items()}
    if kind is float:
        return _decode_float(value, where)
    if kind is Any:
        return value
    return _expect(kind, value, where)


def _decode_tuple(items: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    entries = _expect(list, value, where)
    kinds = items[:1] * len(entries) if items[-1] is Ellipsis else items
    if len(entries) != len(kinds):
        _refuse(value, f"{len(kinds)} values", where)
    return tuple(
        _decode(kind, entry, f"{where}[{i}]") for i, (kind, entry) in enumerate(zip(kinds, entries, strict=True))
    )


def _decode_record(kind: Any, fields: dict[str, bool], value: Any, where: str) -> Any:
    entries = _expect(dict, value, where)
    hints = _type_hints(kind)
    if unknown := sorted(entries.keys() - fields.keys()):
        _refuse(unknown, f"only the fields {sorted(fields)}", where)
    required = {name for name, is_required in fields.items() if is_required}
    if missing := sorted(required - entries.keys()):
        _refuse(sorted(entries), f"the fields {missing} too", where)
    return kind(**{name: _decode(hints[name], entry, f"{where}.{name}") for name, entry in entries.items()})


@functools.cache
def _fields(kind: Any) -> dict[str, bool] | None:
    """The fields of a dataclass or named tuple, and whether each must be given; None for any other type."""
    if isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields"):
        record: Any = kind
        return {name: name not in record._field_defaults for name in record._fields}
    if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
        return None
    missing = dataclasses.MISSING
    return {
        field.name: field.default is missing and field.default_factory is missing for field in dataclasses.fields(kind)
    }


def _decode_union(choices: tuple[Any, ...], value: Any, where: str) -> Any:
    if value is None and type(None) in choices:
        return None
    choices = tuple(choice for choice in choices if choice is not type(None))
    if len(choices) == 1:
        return _decode(choices[0], value, where)
    # Several dataclasses tell themselves apart by the value of their literal field "op".
    tags = {get_args(_type_hints(choice)["op"])[0]: choice for choice in choices}
    tag = _expect(dict, value, where).get("op")
    if not isinstance(tag, str) or tag not in tags:
        _refuse(tag, f"op to be one of {sorted(tags)}", where)
    return _decode(tags[tag], value, where)


def _decode_float(value: Any, where: str) -> float:
    if value in ("inf", "-inf", "nan"):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        _refuse(value, "a number", where)
    try:
        return float(value)
    except OverflowError:
        _refuse(value, "a number that fits 64 bits", where)


def _expect(kind: type, value: Any, where: str) -> Any:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        _refuse(value, f"a JSON value of type {kind.__name__}", where)
    return value


def _refuse(value: Any, expected: str, where: str) -> typing.NoReturn:
    raise BadDocument("This document breaks its format", where=where, got=repr(value)[:80], expected=expected)
