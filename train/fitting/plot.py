"""A training's history as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

_MOST_COLUMNS = 3
_FEW = 10  # epochs, which are shown as points: a line needs two of them


def write_plot(history: Mapping[str, Sequence[float]], best: int, path: Path) -> None:
    """Draw every figure over the epochs, training and validation in one frame.

    Args:
        history: By the name of a figure, its value in each epoch; ``val_`` before that of the validation samples.
        best: The epoch whose weights were kept, from 1.
        path: The picture to write, ``.png``.
    """
    from matplotlib.figure import Figure

    names = sorted({name.removeprefix("val_") for name in history}, key=lambda name: (name != "loss", name))
    columns = min(len(names), _MOST_COLUMNS)
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(4.5 * columns, 3.2 * rows), layout="constrained")
    for place, name in enumerate(names, start=1):
        axes = figure.add_subplot(rows, columns, place)
        for key, label in ((name, "training"), (f"val_{name}", "validation")):
            if key in history:
                axes.plot(
                    range(1, len(history[key]) + 1),
                    history[key],
                    label=label,
                    marker="." if len(history[key]) < _FEW else "",
                )
        axes.axvline(best, color="0.7", linewidth=1, zorder=0)
        axes.set_title(name.replace("_", " "))
        axes.set_xlabel("epoch")
        axes.legend(frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=100)
