"""Drawings: well-formed, whatever the values and names are, and every point where it belongs."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litefoot.convert.report.charts import Axis, Level, Point, bars, curves, histogram, rows, scatter

HOSTILE = "</text><script>alert('x')</script>&\""
FORM = "{:.3g}".format
numbers = st.floats(-1e9, 1e9)
any_numbers = st.floats(allow_nan=True, allow_infinity=True, width=32)


def parsed(svg: str) -> ElementTree.Element:
    root = ElementTree.fromstring(svg)
    assert root.tag == "svg"
    assert not root.findall(".//script")
    for element in root.iter():
        for name in ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height"):
            if name in element.attrib:
                assert math.isfinite(float(element.attrib[name])), (element.tag, name)
        assert float(element.attrib.get("height", 0)) >= 0
        assert float(element.attrib.get("width", 0)) >= 0
    return root


@given(st.lists(numbers, min_size=1, max_size=9), st.floats(0, 500), st.floats(501, 1000))
def test_an_axis_holds_every_value_and_its_ticks_are_round(values: list[float], begin: float, end: float) -> None:
    axis = Axis.over(values, begin, end)
    for value in values:
        assert begin - 1e-6 <= axis(value) <= end + 1e-6
    ticks = axis.ticks()
    assert 1 <= len(ticks) <= 11
    assert ticks == sorted(set(ticks))
    assert all(axis.low - abs(axis.low) * 1e-6 <= tick <= axis.high + abs(axis.high) * 1e-6 for tick in ticks)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0, 10, [0, 2, 4, 6, 8, 10]), (-1, 1, [-1, -0.5, 0, 0.5, 1]), (97, 98.5, [97, 97.5, 98, 98.5])],
)
def test_ticks_are_multiples_of_one_two_or_five(low: float, high: float, ticks: list[float]) -> None:
    assert Axis(low, high, 0, 100).ticks() == pytest.approx(ticks)


points = st.builds(
    Point, st.text("ab<&.", max_size=8), numbers, numbers, st.sampled_from(["passed", "failed"]), st.booleans()
)


@given(st.lists(points, min_size=1, max_size=8), st.lists(st.builds(Level, numbers, st.just("limit")), max_size=2))
def test_a_scatter_of_anything_is_well_formed_and_marks_every_point(found: list[Point], levels: list[Level]) -> None:
    root = parsed(scatter(found, across="kB", up="dB", levels=levels))
    marks = [element for element in root if element.find("title") is not None]
    assert len(marks) == len(found)
    assert len([element for element in marks if element.tag == "rect"]) == sum(point.square for point in found)


def test_a_larger_value_is_further_up_and_further_right() -> None:
    root = parsed(scatter([Point("a", 1, 10, "passed"), Point("b", 2, 20, "failed")], across="x", up="y"))
    first, second = root.findall("circle")
    assert float(first.attrib["cx"]) < float(second.attrib["cx"])
    assert float(first.attrib["cy"]) > float(second.attrib["cy"])
    assert [element.attrib["class"] for element in (first, second)] == ["passed", "failed"]


def test_names_stand_beside_their_points_and_cover_neither_points_nor_each_other() -> None:
    crowd = [Point(f"file{i}.tflite", 20 + i / 10, 98, "passed") for i in range(6)] + [Point("far", 40, 90, "passed")]
    root = parsed(scatter(crowd, across="kB", up="accuracy"))
    labels = [e for e in root.findall("text") if e.attrib["class"] == "small label"]
    boxes = [(float(e.attrib["x"]), float(e.attrib["y"]) - 10, 6.3 * len(e.text or ""), 12.0) for e in labels]
    assert len(boxes) == len(crowd)
    for i, (x, y, width, height) in enumerate(boxes):
        for left, top, other_width, other_height in boxes[i + 1 :]:
            apart = x + width <= left or left + other_width <= x or y + height <= top or top + other_height <= y
            assert apart
        assert all(
            not (x < float(c.attrib["cx"]) < x + width and y < float(c.attrib["cy"]) < y + height)
            for c in root.findall("circle")
        )


ends = st.floats(allow_nan=False, allow_infinity=True, width=32)


@given(st.lists(st.tuples(st.text("a<&", max_size=3), ends, ends, ends, st.just("plain")), min_size=1), numbers)
def test_intervals_of_anything_are_well_formed(
    entries: list[tuple[str, float, float, float, str]], limit: float
) -> None:
    root = parsed(rows(entries, across="lost", limit=limit))
    assert len([line for line in root.findall("line") if "whisker" in line.attrib["class"]]) == len(entries)


@pytest.mark.parametrize("value", [0.0, 3.5, math.inf, math.nan])
def test_bars_end_where_their_value_is(value: float) -> None:
    root = parsed(bars([(HOSTILE, value, "plain"), ("b", 7.0, "plain")], across="%", form=FORM))
    first, second = (float(rect.attrib["width"]) for rect in root.findall("rect"))
    assert first == pytest.approx(second / 2 if value == 3.5 else 0.8, rel=0.01)
    assert HOSTILE in [text.text for text in root.findall("text")]


@given(st.lists(any_numbers, max_size=40))
def test_a_curve_leaves_out_what_is_not_finite(values: list[float]) -> None:
    root = parsed(curves([(values, "reference", "x")]))
    (line,) = root.findall("polyline")
    assert len(line.attrib["points"].split()) == sum(math.isfinite(value) for value in values)


def test_a_histogram_draws_what_is_there_and_marks_what_is_outside() -> None:
    root = parsed(
        histogram([((1, 0, 9, 1), "plain")], (0.0, 4.0), marks=[(1.0, "limit")], outside=lambda middle: middle < 1)
    )
    drawn = root.findall("rect")
    assert [("outside" in rect.attrib["class"]) for rect in drawn] == [True, False, False]
    heights = [float(rect.attrib["height"]) for rect in drawn]
    assert heights[1] > heights[0] == heights[2]
    assert parsed(histogram([((), "plain")], (0.0, 0.0))).findall("rect") == []
