"""Drawings of the page, as SVG written by hand: they take milliseconds and a few kilobytes, and a pointer tells values.

Colours come from the page's style sheet, by class: what passed, failed or is undecided looks alike everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape

_LEFT, _RIGHT, _TOP, _BOTTOM = 72.0, 14.0, 14.0, 36.0
_LINE = 13.0
_CHARACTER = 6.3
"""Width of a character of the small text, about."""


@dataclass(frozen=True)
class Point:
    """One file in a scatter plot.

    Attributes:
        label: Its name.
        x: Where it is.
        y: Where it is.
        look: Its class in the style sheet, for example ``passed``.
        square: Whether it is drawn as a square instead of a circle.
        low: Lower end of the interval of y; None without.
        high: Upper end.
    """

    label: str
    x: float
    y: float
    look: str
    square: bool = False
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Level:
    """A line across a plot.

    Attributes:
        at: Where.
        label: What it is.
        look: Its class in the style sheet.
    """

    at: float
    label: str
    look: str = "limit"


Form = Callable[[float], str]
Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def scatter(
    points: Sequence[Point],
    *,
    across: str,
    up: str,
    levels: Sequence[Level] = (),
    form: tuple[Form, Form] = ("{:g}".format, "{:g}".format),
    size: tuple[float, float] = (470.0, 300.0),
) -> str:
    """Points with their names beside them.

    Args:
        points: At least one; finite.
        across: What x is, with its unit.
        up: What y is, with its unit.
        levels: Horizontal lines.
        form: How x and y are written at the axes.
        size: Of the drawing, in pixels.

    Returns:
        An ``svg`` element.
    """
    width, height = size
    horizontal = Axis.over([point.x for point in points], _LEFT, width - _RIGHT)
    heights = [value for point in points for value in (point.y, point.low, point.high) if value is not None]
    vertical = Axis.over([*heights, *(level.at for level in levels)], height - _BOTTOM, _TOP)
    parts = [*_frame(horizontal, vertical, across, up, form, size)]
    for level in levels:
        y = vertical(level.at)
        parts.append(f'<line class="{level.look}" x1="{_LEFT:g}" y1="{y:.1f}" x2="{width - _RIGHT:g}" y2="{y:.1f}"/>')
    places = [(horizontal(point.x), vertical(point.y)) for point in points]
    names = _Names([(x - 6, y - 6, x + 6, y + 6) for x, y in places], (_LEFT, _TOP, width, height - _BOTTOM))
    parts += [names.place(width - _RIGHT, vertical(level.at) - 8, level.label, "note") for level in levels]
    for point, (x, _) in zip(points, places, strict=True):
        if point.low is not None and point.high is not None:
            ends = f'y1="{vertical(point.low):.1f}" y2="{vertical(point.high):.1f}"'
            parts.append(f'<line class="{point.look} whisker" x1="{x:.1f}" x2="{x:.1f}" {ends}/>')
    for point, (x, y) in zip(points, places, strict=True):
        values = f"{across} {form[0](point.x)}, {up} {form[1](point.y)}"
        parts.append(_mark(point, x, y, f"<title>{escape(point.label)}: {escape(values)}</title>"))
    for point, (x, y) in sorted(zip(points, places, strict=True), key=lambda pair: -pair[1][0]):
        parts.append(names.place(x, y, point.label, "label"))
    return _svg(parts, size, f"{up} against {across}")


def rows(
    entries: Sequence[tuple[str, float, float, float, str]],
    *,
    across: str,
    limit: float,
    form: Form = "{:g}".format,
    width: float = 470.0,
) -> str:
    """Intervals, one below the other.

    Args:
        entries: Name, lower end, value, upper end, and class in the style sheet, of each.
        across: What they are of.
        limit: Where a line is drawn.
        form: How values are written at the axis.
        width: Of the drawing, in pixels.

    Returns:
        An ``svg`` element.
    """
    left = 12 + _CHARACTER * max(len(name) for name, *_ in entries)
    height = _TOP + 20.0 * len(entries) + _BOTTOM
    ends = [value for _, low, middle, high, _ in entries for value in (low, middle, high) if math.isfinite(value)]
    axis = Axis.over([*ends, limit, 0.0], left, width - _RIGHT)
    parts = []
    for tick in axis.ticks():
        x = axis(tick)
        parts.append(f'<line class="grid" x1="{x:.1f}" y1="{_TOP:g}" x2="{x:.1f}" y2="{height - _BOTTOM:g}"/>')
        parts.append(_text(x, height - _BOTTOM + _LINE, form(tick), "middle"))
    for place, (name, low, middle, high, look) in enumerate(entries):
        y = _TOP + 20.0 * place + 10
        first, last = (axis(min(max(value, axis.low), axis.high)) for value in (low, high))
        tip = f"<title>{escape(name)}: {form(middle)} [{form(low)}, {form(high)}]</title>"
        parts.append(_text(left - 8, y + 4, name, "end", "label"))
        parts.append(
            f'<line class="{look} whisker" x1="{first:.1f}" y1="{y:g}" x2="{last:.1f}" y2="{y:g}">{tip}</line>'
        )
        if math.isfinite(middle):
            parts.append(f'<circle class="{look}" cx="{axis(middle):.1f}" cy="{y:g}" r="4.5">{tip}</circle>')
    for at, look in ((0.0, "axis"), (limit, "limit")):
        x = axis(at)
        parts.append(f'<line class="{look}" x1="{x:.1f}" y1="{_TOP:g}" x2="{x:.1f}" y2="{height - _BOTTOM:g}"/>')
    parts.append(_text((left + width - _RIGHT) / 2, height - 6, across, "middle"))
    return _svg(parts, (width, height), across)


def bars(entries: Sequence[tuple[str, float, str]], *, across: str, form: Form, width: float = 470.0) -> str:
    """Bars, one below the other, with their values.

    Args:
        entries: Name, value from 0, and class in the style sheet, of each.
        across: What they are of.
        form: How values are written.
        width: Of the drawing, in pixels.

    Returns:
        An ``svg`` element.
    """
    left = 12 + _CHARACTER * max(len(name) for name, *_ in entries)
    height = _TOP + 20.0 * len(entries) + 22
    most = max((value for _, value, _ in entries if math.isfinite(value)), default=0.0) or 1.0
    parts = []
    for place, (name, value, look) in enumerate(entries):
        y = _TOP + 20.0 * place
        length = (width - left - 62) * (value / most if math.isfinite(value) else 0.0)
        parts.append(_text(left - 8, y + 12, name, "end", "label"))
        parts.append(f'<rect class="{look}" x="{left:.1f}" y="{y + 2:g}" width="{max(length, 0.8):.1f}" height="13"/>')
        parts.append(_text(left + length + 5, y + 12.5, form(value), "start"))
    middle = min((left + width) / 2, width - _CHARACTER * len(across) / 2)
    parts.append(_text(middle, height - 5, across, "middle"))
    return _svg(parts, (width, height), across)


def curves(
    series: Sequence[tuple[Sequence[float], str, str]], *, size: tuple[float, float] = (220.0, 96.0), label: str = ""
) -> str:
    """Lines over their places, small, with the range of their values at the side.

    Args:
        series: Values, class in the style sheet and name, of each; those that are not finite are left out.
        size: Of the drawing, in pixels.
        label: What is shown.

    Returns:
        An ``svg`` element.
    """
    width, height = size
    values = [value for line, *_ in series for value in line if math.isfinite(value)] or [0.0]
    low, high = min(values), max(values)
    axis = Axis(low, high, height - 5, 5)
    parts = [_text(2, 10, f"{high:.3g}", "start", "note"), _text(2, height - 2, f"{low:.3g}", "start", "note")]
    for line, look, name in series:
        step = (width - 44) / max(len(line) - 1, 1)
        places = [f"{40 + i * step:.1f},{axis(value):.1f}" for i, value in enumerate(line) if math.isfinite(value)]
        title = f"<title>{escape(name)}</title>" if name else ""
        parts.append(f'<polyline class="line {look}" points="{" ".join(places)}">{title}</polyline>')
    return _svg(parts, size, label)


def histogram(
    counts: Sequence[tuple[Sequence[int], str]],
    span: tuple[float, float],
    *,
    marks: Sequence[tuple[float, str]] = (),
    outside: Callable[[float], bool] | None = None,
    size: tuple[float, float] = (220.0, 96.0),
    label: str = "",
) -> str:
    """Counts in equal bins on a logarithmic scale, several one over the other.

    Args:
        counts: Of the bins, and the class in the style sheet.
        span: Where the first bin begins and the last one ends.
        marks: Vertical lines, and their class.
        outside: Whether a bin at this middle is to be drawn as one that is out of range.
        size: Of the drawing, in pixels.
        label: What is shown.

    Returns:
        An ``svg`` element.
    """
    width, height = size
    axis = Axis(*span, 4, width - 4)
    top = math.log1p(max(max(bins, default=0) for bins, _ in counts)) or 1.0
    parts = []
    for bins, look in counts:
        step = (axis.high - axis.low) / max(len(bins), 1)
        for i, count in enumerate(bins):
            if count:
                tall = (height - 20) * math.log1p(count) / top
                begin, end = axis(axis.low + i * step), axis(axis.low + (i + 1) * step)
                out = " outside" if outside is not None and outside(axis.low + (i + 0.5) * step) else ""
                where = f'x="{begin:.1f}" y="{height - 14 - tall:.1f}" width="{end - begin:.2f}" height="{tall:.1f}"'
                parts.append(f'<rect class="bin {look}{out}" {where}/>')
    parts.append(f'<line class="axis" x1="4" y1="{height - 14:g}" x2="{width - 4:g}" y2="{height - 14:g}"/>')
    for at, look in marks:
        x = axis(min(max(at, axis.low), axis.high))
        parts.append(f'<line class="{look}" x1="{x:.1f}" y1="2" x2="{x:.1f}" y2="{height - 14:g}"/>')
    parts.append(_text(4, height - 2, f"{span[0]:.3g}", "start", "note"))
    parts.append(_text(width - 4, height - 2, f"{span[1]:.3g}", "end", "note"))
    return _svg(parts, size, label)


@dataclass(frozen=True)
class Axis:
    """From values to pixels.

    Attributes:
        low: The smallest value.
        high: The largest.
        begin: The pixel of the smallest.
        end: The pixel of the largest.
    """

    low: float
    high: float
    begin: float
    end: float

    @classmethod
    def over(cls, values: Iterable[float], begin: float, end: float) -> Axis:
        """An axis with a margin on both sides.

        Args:
            values: At least one finite; the others are left out.
            begin: As the attribute.
            end: As the attribute.

        Returns:
            The axis.
        """
        finite = [value for value in values if math.isfinite(value)] or [0.0]
        low, high = min(finite), max(finite)
        margin = 0.08 * (high - low) or 0.1 * abs(high) or 1.0
        return cls(low - margin, high + margin, begin, end)

    def __call__(self, value: float) -> float:
        """The pixel of a value; see `Axis`."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return self.begin + share * (self.end - self.begin)

    def ticks(self, about: int = 5) -> list[float]:
        """Round values inside the axis: multiples of 1, 2 or 5 times a power of ten.

        Args:
            about: How many are wanted.

        Returns:
            Ascending.
        """
        rough = (self.high - self.low) / about
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(size * power for size in (1, 2, 5, 10) if size * power >= rough * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        return [i * step for i in range(first, math.floor(self.high / step + 1e-9) + 1)]


def _frame(
    horizontal: Axis, vertical: Axis, across: str, up: str, form: tuple[Form, Form], size: tuple[float, float]
) -> list[str]:
    width, height = size
    parts = []
    for tick in vertical.ticks():
        y = vertical(tick)
        parts.append(f'<line class="grid" x1="{_LEFT:g}" y1="{y:.1f}" x2="{width - _RIGHT:g}" y2="{y:.1f}"/>')
        parts.append(_text(_LEFT - 6, y + 4, form[1](tick), "end"))
    bottom, middle = height - _BOTTOM, (height - _BOTTOM) / 2
    parts += [_text(horizontal(tick), bottom + _LINE + 1, form[0](tick), "middle") for tick in horizontal.ticks()]
    parts.append(f'<line class="axis" x1="{_LEFT:g}" y1="{bottom:g}" x2="{width - _RIGHT:g}" y2="{bottom:g}"/>')
    parts.append(_text((_LEFT + width - _RIGHT) / 2, height - 6, across, "middle"))
    turned = f'class="small" text-anchor="middle" transform="translate(11 {middle:g}) rotate(-90)"'
    parts.append(f"<text {turned}>{escape(up)}</text>")
    return parts


def _mark(point: Point, x: float, y: float, tip: str) -> str:
    if point.square:
        return f'<rect class="{point.look}" x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9">{tip}</rect>'
    return f'<circle class="{point.look}" cx="{x:.1f}" cy="{y:.1f}" r="5">{tip}</circle>'


class _Names:
    """Names beside points, where they cover neither points nor each other, as near as that allows."""

    def __init__(self, taken: Sequence[Rectangle], inside: Rectangle) -> None:
        self._taken = list(taken)
        self._inside = inside

    def place(self, x: float, y: float, name: str, look: str) -> str:
        """The name of what is at x and y, with a line to it where it stands far away."""
        length = _CHARACTER * len(name)
        tried = [
            (begin, y + sign * away)
            for away in (0.0, 9.0, 14.0, 20.0, 28.0, 38.0, 50.0, 64.0)
            for sign in (1, -1)
            for begin in (x + 9, x - 9 - length, x - length / 2)
        ]
        begin, at = next((place for place in tried if self._fits(*place, length)), tried[0])
        self._taken.append((begin, at - 6, begin + length, at + 6))
        line = ""
        if abs(at - y) > 16 and look == "label":
            near, end = min(max(x, begin), begin + length), at + 6 if at < y else at - 6
            line = f'<line class="leader" x1="{x:.1f}" y1="{y:.1f}" x2="{near:.1f}" y2="{end:.1f}"/>'
        return line + _text(begin, at + 4, name, "start", look)

    def _fits(self, begin: float, at: float, length: float) -> bool:
        left, top, right, bottom = self._inside
        if begin < left or begin + length > right or at - 6 < top - 8 or at + 6 > bottom:
            return False
        return all(
            begin + length <= first or begin >= last or at + 6 <= high or at - 6 >= low
            for first, high, last, low in self._taken
        )


def _text(x: float, y: float, text: str, anchor: str, look: str = "") -> str:
    return f'<text class="small {look}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(parts: Iterable[str], size: tuple[float, float], label: str) -> str:
    box = f'viewBox="0 0 {size[0]:g} {size[1]:g}" width="{size[0]:g}" height="{size[1]:g}"'
    return f'<svg {box} role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'
