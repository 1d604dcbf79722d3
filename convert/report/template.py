"""The templates of the page. Everything that is put into one is escaped, unless a template says that it is HTML."""

from __future__ import annotations

import functools
from typing import Any


@functools.cache
def _environment() -> Any:
    import jinja2

    rooms = ("litefoot.convert.report", "litefoot.convert.report.sections")
    return jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(room, ".") for room in rooms]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )


def render(template: str, **values: Any) -> str:
    """Fill a template.

    Args:
        template: The name of a file of this folder or of sections/, without its endings.
        **values: What it shows.

    Returns:
        HTML.
    """
    return str(_environment().get_template(f"{template}.html.j2").render(**values))
