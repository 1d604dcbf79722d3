"""The parts of the page between its table and its end, in order. A new one is a function here and a template beside."""

from __future__ import annotations

from collections.abc import Callable

from ..material import Material, Section
from .audit import audit
from .layers import layers
from .overview import overview
from .ranges import ranges
from .rescue import rescue
from .samples import samples

SECTIONS: tuple[Callable[[Material], Section | None], ...] = (overview, rescue, samples, audit, layers, ranges)
"""Each gives its part, or None where there is nothing to show."""

__all__ = ["SECTIONS"]
