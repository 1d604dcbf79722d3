"""Write the tables of docs/supported.md from the bridge's own; with ``--check``, say whether they are up to date."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from litefoot.convert.bridge import Row, carried_layers, carried_operations

PAGE = Path(__file__).parent / "supported.md"
BEGIN, END = "<!-- bridge: written by `python docs/write_supported.py` -->\n", "<!-- /bridge -->"


def render(page: str) -> str:
    """The page with its tables."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    layers, operations = _table(carried_layers()), _table(carried_operations())
    tables = f"### Layers\n\n{layers}\n\n### Operations of keras.ops\n\n{operations}"
    return f"{before}{BEGIN}\n{tables}\n\n{END}{after}"


def _table(rows: Iterable[Row]) -> str:
    lines = [f"| {row.keras} | {row.tf_keras} | {row.remark} |" for row in sorted(rows, key=lambda row: row.keras)]
    return "\n".join(["| Keras 3 | Keras 2 | |", "|---|---|---|", *lines])


def main() -> int:
    """Write the tables, or compare them."""
    page = PAGE.read_text(encoding="utf-8")
    if "--check" not in sys.argv:
        PAGE.write_text(render(page), encoding="utf-8")
        return 0
    if page == render(page):
        return 0
    sys.stderr.write("docs/supported.md is out of date: run python docs/write_supported.py\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
