"""A layer report as one self-contained page."""

from __future__ import annotations

from pathlib import Path

from litefoot.runtime.errors import OutputExists, UsageError

from .artifact import Explanation
from .charts import as_svg, layer_chart, range_chart
from .layers import worst


def check_page(path: Path, *, force: bool) -> None:
    """Refuse a page that cannot be written, before anything is measured for it.

    Args:
        path: The ``.html`` file.
        force: Whether a file that is there may be replaced.

    Raises:
        OutputExists: There is one, and it may not.
        UsageError: It is no name of a page, or there is no such folder.
    """
    if path.suffix.lower() not in (".html", ".htm") or not path.parent.is_dir():
        raise UsageError("The page cannot be written there", where=path, expected="an .html file in an existing folder")
    if path.exists() and not force:
        raise OutputExists("The page is there already", where=path, fix="--force to replace it, or another --out")


def write_page(path: Path, explanation: Explanation) -> None:
    """Write the page.

    Args:
        path: The ``.html`` file.
        explanation: What to show.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("litefoot.convert.explain", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    page = environment.get_template("explain.html.j2").render(
        explanation=explanation,
        ranked=worst(explanation.layers),
        drift=as_svg(layer_chart(explanation.layers)),
        ranges=as_svg(range_chart(explanation.layers)) if any(layer.range for layer in explanation.layers) else "",
    )
    path.write_text(page, encoding="utf-8")
