"""Layer reports as drawings."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from .layers import LayerError, TensorRange, worst

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_EXACT_DB = 100.0
"""Where a layer without any error is drawn on a scale of decibels."""
_ALL, _OWN, _SHARE, _CLIPPED = "#4a6fa5", "#b26a00", "#4a6fa5", "#b3261e"
_COLUMNS = 4
_LONGEST = 34


def layer_chart(layers: Sequence[LayerError]) -> Figure:
    """Signal to noise from layer to layer, and where the noise at the outputs comes from.

    Args:
        layers: In execution order.

    Returns:
        A figure, higher with more layers.
    """
    from matplotlib.figure import Figure

    with _style():
        figure = Figure(figsize=(9.0, 0.9 + 0.2 * len(layers)), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=(3, 1))
        _draw_drift(left, layers)
        _draw_shares(right, layers)
    return figure


def range_chart(layers: Sequence[LayerError], most: int = 8) -> Figure:
    """What calibration saw against the values on the samples, for the layers that cost most.

    Args:
        layers: In any order.
        most: How many tensors.

    Returns:
        A figure of small histograms; those in red hold values outside the range.
    """
    from matplotlib.figure import Figure

    shown = [(layer, layer.range) for layer in worst(layers) if layer.range is not None][:most]
    rows = max(1, math.ceil(len(shown) / _COLUMNS))
    with _style():
        figure = Figure(figsize=(9.0, 1.7 * rows), layout="constrained")
        places = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
        for axes, (layer, seen) in zip(places, shown, strict=False):
            _draw_range(axes, layer, seen)
        for axes in places[len(shown) :]:
            axes.set_axis_off()
    return figure


def as_svg(figure: Figure) -> str:
    """A figure as text to stand inside a page, its words as words.

    Args:
        figure: Any.

    Returns:
        An ``svg`` element.
    """
    text = io.StringIO()
    with _style():
        figure.savefig(text, format="svg", metadata={"Date": None}, transparent=True)
    _, begin, rest = text.getvalue().partition("<svg")
    return begin + rest


def title_of(layer: LayerError) -> str:
    """How a layer is called in tables and drawings.

    Args:
        layer: Any.

    Returns:
        The Keras layer's name and its operator, or the tensor's name where the layer is not known.
    """
    return f"{layer.layer or layer.tensor.rpartition(';')[2]} {layer.operator}"


def _style() -> AbstractContextManager[None]:
    from matplotlib import rc_context

    return rc_context({"svg.fonttype": "none", "font.size": 8, "font.family": "sans-serif", "svg.hashsalt": "litefoot"})


def _draw_drift(axes: Axes, layers: Sequence[LayerError]) -> None:
    places = range(len(layers))
    axes.plot([_drawn(layer.sqnr_db) for layer in layers], places, "-o", color=_ALL, markersize=4, label="up to here")
    axes.plot([_drawn(layer.own_sqnr_db) for layer in layers], places, "D", color=_OWN, markersize=4, label="its own")
    axes.set_yticks(places, [_short(title_of(layer)) for layer in layers])
    axes.set_ylim(len(layers) - 0.5, -0.5)
    axes.set_xlabel(f"SQNR dB ({_EXACT_DB:g}: no error)")
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=7, frameon=False, loc="best")


def _draw_shares(axes: Axes, layers: Sequence[LayerError]) -> None:
    axes.barh(range(len(layers)), [100 * layer.noise_share for layer in layers], color=_SHARE)
    axes.set_xlabel("% of the outputs' noise")
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_range(axes: Axes, layer: LayerError, seen: TensorRange) -> None:
    low, high = min(seen.low, seen.seen_low), max(seen.high, seen.seen_high)
    bins = len(seen.counts)
    edges = [low + (high - low) * i / bins for i in range(bins + 1)]
    inside = [seen.low <= (edges[i] + edges[i + 1]) / 2 <= seen.high for i in range(bins)]
    for wanted, colour in ((True, _ALL), (False, _CLIPPED)):
        counts = [count if fits is wanted else 0 for count, fits in zip(seen.counts, inside, strict=True)]
        axes.stairs(counts, edges, fill=True, color=colour, baseline=0.5)  # one path, where bars are one each
    axes.set_yscale("log", subs=[])
    axes.set_ylim(bottom=0.5)
    for edge in (seen.low, seen.high):
        axes.axvline(edge, color="#888888", linewidth=0.8, linestyle="--")
    axes.set_title(_short(title_of(layer)), fontsize=7)
    axes.set_xlabel(f"{seen.clipped:.2%} clipped, {seen.dead:.0%} dead", fontsize=7)
    axes.tick_params(labelsize=6)
    axes.spines[["top", "right"]].set_visible(False)


def _drawn(decibels: float) -> float:
    return math.nan if math.isnan(decibels) else max(min(decibels, _EXACT_DB), -_EXACT_DB)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2 - 1]}...{text[-_LONGEST // 2 + 2 :]}"
