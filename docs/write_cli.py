"""Write docs/cli.md from ``--help``; with ``--check``, say whether it is up to date."""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ["COLUMNS"] = "100"

from litefoot.cli.main import COMMANDS, make_parser

PAGE = Path(__file__).parent / "cli.md"


def render() -> str:
    """The page: the help of the program and of each command."""
    parser = make_parser()
    commands = next(action for action in parser._actions if action.dest == "command").choices
    assert isinstance(commands, dict)
    parts = [
        "# The command line\n\nWritten from `--help` by `docs/write_cli.py`.\n",
        _block("litefoot", parser.format_help()),
    ]
    parts += [_block(f"litefoot {name}", commands[name].format_help()) for name in COMMANDS]
    return "\n".join(parts)


def _block(title: str, text: str) -> str:
    return f"## {title}\n\n```\n{text}```\n"


def main() -> int:
    """Write the page, or compare it."""
    if "--check" not in sys.argv:
        PAGE.write_text(render(), encoding="utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == render():
        return 0
    sys.stderr.write("docs/cli.md is out of date: run python docs/write_cli.py\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
