"""Write docs/report_format.md from the dataclasses of the report; with ``--check``, say whether it is up to date."""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
import types
import typing
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from litefoot.convert.report.report import Report
from litefoot.convert.whole import WholeReport

PAGE = Path(__file__).parent / "report_format.md"
HEAD = """# The format of `report.json`, version 1

Written from the code by `docs/write_report_format.py`.

`litefoot convert` writes it into the bundle and prints it with `--json`; `report.html` shows the same figures. It is
UTF-8 JSON. Every field is there; one that may be null says so. Numbers that are not finite are the strings `"inf"`,
`"-inf"` and `"nan"`. Within a version fields are added, and none is renamed or removed. The report of a folder of
models that work together, [WholeReport](#wholereport), holds those of its parts.

`litefoot verify --json` prints a list of objects with `status`, `reason` and `verdict`; `litefoot compare --json` has
one such object, with `first` and `second` (`name`, `engine`, `precision`), `samples`, `precision` and `notes` as well.
A verdict is a [Verdict](#verdict) everywhere.
"""
_NAMES = {str: "string", int: "integer", float: "number", bool: "true or false", type(None): "null", Any: "anything"}


def render() -> str:
    """The page: a section for each dataclass, in the order in which a reader meets them."""
    found: dict[type, None] = {}
    for root in (Report, WholeReport):
        _collect(root, found)
    return "\n".join([HEAD, *(_section(kind) for kind in found)])


def _collect(kind: Any, found: dict[type, None]) -> None:
    for part in get_args(kind):
        _collect(part, found)
    if isinstance(kind, type) and (dataclasses.is_dataclass(kind) or hasattr(kind, "_fields")) and kind not in found:
        found[kind] = None
        for hint in typing.get_type_hints(kind).values():
            _collect(hint, found)


def _section(kind: type) -> str:
    text = inspect.getdoc(kind) or ""
    first, _, rest = text.partition("\n\nAttributes:\n")
    meanings = _meanings(rest)
    hints = typing.get_type_hints(kind)
    rows = [f"| `{name}` | {_type(hints[name])} | {meanings.get(name, '')} |" for name in hints]
    return "\n".join(
        [f"## {kind.__name__}", "", _plain(first), "", "| field | type | meaning |", "|---|---|---|", *rows, ""]
    )


def _meanings(attributes: str) -> dict[str, str]:
    """What an ``Attributes:`` part says of each field, in one line each."""
    found: dict[str, str] = {}
    last = ""
    for line in attributes.split("\n\n")[0].splitlines():
        begin = re.match(r" {4}(\w+): (.*)", line)
        if begin:
            last = begin[1]
            found[last] = begin[2]
        else:
            found[last] += " " + line.strip()
    return {name: _plain(meaning) for name, meaning in found.items()}


def _plain(text: str) -> str:
    return " ".join(re.sub(r"\bNone\b", "null", text).replace("``", "`").replace("|", r"\|").split())


def _type(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " or ".join(f"`{value!r}`".replace("'", '"') for value in arguments)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_type(argument) for argument in arguments)
    if origin is tuple:
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return f"object of {_type(arguments[1])}, by name"
    return _NAMES.get(hint) or f"[{hint.__name__}](#{hint.__name__.lower()})"


def main() -> int:
    """Write the page, or compare it."""
    if "--check" not in sys.argv:
        PAGE.write_text(render(), encoding="utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == render():
        return 0
    sys.stderr.write("docs/report_format.md is out of date: run python docs/write_report_format.py\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
