"""One input or output of one sample, shown as what it is: a picture, a curve, a text, boxes on a picture, numbers."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.postprocessing.answers import softmax
from litefoot.runtime.postprocessing.segments import Mask
from litefoot.runtime.preprocessing import Scale, Tokens
from litefoot.runtime.preprocessing.texts import QuestionTokens
from litefoot.runtime.tensors import TensorSpec

from .charts import curves

Array = npt.NDArray[Any]

_LARGEST, _SHOWN = 192, 120
"""Pixels that are kept of a picture's longer side, and the least that it is shown with."""
_LONGEST_SHAPE = 4
"""Width and height are drawn as if one were at most so many times the other: a strip shows nothing."""
_MOST_NUMBERS, _MOST_WORDS, _MOST_CURVES = 12, 60, 6
_BANDS = 8
"""A table of more columns is shown as a picture of its values, one of fewer as curves."""


def sketch_input(spec: TensorSpec, values: Array, contract: ModelContract) -> str:
    """An input.

    Args:
        spec: Of the input.
        values: Of one sample, without a batch axis; of a sequence, steps first.
        contract: For the words behind tokens and the scale of pictures.

    Returns:
        HTML.
    """
    if values.dtype.kind in "iub":
        return text(words(spec, values, contract))
    if is_picture(spec, values):
        return picture(as_bytes(spec, values, contract))
    return numbers([(values, "reference", spec.name)])


def is_picture(spec: TensorSpec, values: Array) -> bool:
    """Whether an input is to be seen as a picture.

    Args:
        spec: Of the input.
        values: Of one sample.

    Returns:
        Whether it has the shape of one.
    """
    return values.ndim == 3 == len(spec.shape) - 1 and values.shape[-1] in (1, 3, 4) and min(values.shape[:2]) >= 4


def as_bytes(spec: TensorSpec, values: Array, contract: ModelContract) -> Array:
    """A picture's values as they were before they were scaled; where nobody said how, its range is spread.

    Args:
        spec: Of the input.
        values: (height, width, channels).
        contract: Which knows the step that scaled it.

    Returns:
        The same shape, uint8.
    """
    scaled = [step for step in contract.preprocessing.get(spec.name, ()) if isinstance(step, Scale)]
    if scaled and scaled[-1].scale:
        return np.clip(np.rint((values - scaled[-1].offset) / scaled[-1].scale), 0, 255).astype(np.uint8)
    return spread(values)


def spread(values: Array) -> Array:
    """Real values as gray levels.

    Args:
        values: Any shape, finite or not.

    Returns:
        The same shape, uint8, the smallest value black and the largest white.
    """
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    levels = (np.nan_to_num(values, nan=low, posinf=high, neginf=low) - low) / ((high - low) or 1.0)
    return np.rint(np.clip(levels, 0, 1) * 255).astype(np.uint8)


def picture(pixels: Array, boxes: str = "") -> str:
    """A picture inside the page.

    Args:
        pixels: (height, width) or (height, width, channels) uint8; colours where there are 3 or 4, else the first.
        boxes: What `boxes_on` drew.

    Returns:
        HTML.
    """
    from PIL import Image

    plain = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] not in (3, 4) else pixels
    image = Image.fromarray(plain)
    image.thumbnail((_LARGEST, _LARGEST))
    coded = io.BytesIO()
    image.save(coded, "PNG", optimize=True)
    address = f"data:image/png;base64,{base64.b64encode(coded.getvalue()).decode()}"
    width, height = _shown_size(pixels)
    size = f'width="{width:.0f}" height="{height:.0f}"'
    inside = f'<image href="{address}" {size} preserveAspectRatio="none"/>{boxes}'
    return f'<svg class="picture" role="img" viewBox="0 0 {width:.0f} {height:.0f}" {size}>{inside}</svg>'


def boxes_on(pixels: Array, found: Sequence[tuple[Sequence[float], str]], look: str) -> str:
    """Boxes for `picture`.

    Args:
        pixels: The picture.
        found: Of each box, top, left, bottom, right in 0..1, and its name.
        look: Class in the style sheet.

    Returns:
        SVG.
    """
    width, height = _shown_size(pixels)
    parts = []
    for (top, left, bottom, right), name in found:
        x, y = left * width, top * height
        size = f'width="{(right - left) * width:.1f}" height="{(bottom - top) * height:.1f}"'
        tip = f"<title>{escape(name)}</title>"
        parts.append(f'<rect class="box {look}" x="{x:.1f}" y="{y:.1f}" {size}>{tip}</rect>')
    return "".join(parts)


def _shown_size(pixels: Array) -> tuple[float, float]:
    """Width and height on the page."""
    height, width = pixels.shape[:2]
    longer = max(height, width)
    factor = _SHOWN / longer if longer < _SHOWN else min(_LARGEST / longer, 1.0)
    least = longer * factor / _LONGEST_SHAPE
    return max(width * factor, least), max(height * factor, least)


def mask(scores: Array) -> str:
    """The class of each pixel, in colours.

    Args:
        scores: (height, width, classes).

    Returns:
        HTML.
    """
    classes = scores.argmax(-1) if scores.shape[-1] > 1 else (scores[..., 0] > 0.5).astype(np.int64)
    return picture(Mask((), classes).picture())


def numbers(series: Sequence[tuple[Array, str, str]]) -> str:
    """Real values: a few as text, many as curves, wide tables as pictures.

    Args:
        series: Values of one shape, class in the style sheet and name, of each.

    Returns:
        HTML.
    """
    if series[0][0].size <= _MOST_NUMBERS:
        return "".join(text(" ".join(f"{value:.4g}" for value in values.ravel())) for values, _, _ in series)
    tables = [values.reshape(len(values), -1) if values.ndim > 1 else values[:, np.newaxis] for values, _, _ in series]
    if len(tables[0]) == 1:
        tables = [table.T for table in tables]
    if tables[0].shape[1] > _BANDS:
        return "".join(picture(spread(table.T[::-1])) for table in tables)
    lines = [
        (column.tolist(), look, name)
        for table, (_, look, name) in zip(tables, series, strict=True)
        for column in table.T[:_MOST_CURVES]
    ]
    return curves(lines, label=series[0][2])


def words(spec: TensorSpec, values: Array, contract: ModelContract) -> str:
    """What whole numbers stand for.

    Args:
        spec: Of the tensor.
        values: Of one sample.
        contract: Which has the vocabulary, if there is one.

    Returns:
        Words, or the numbers.
    """
    steps = contract.preprocessing.get(spec.name, ())
    known = next((step for step in steps if isinstance(step, (Tokens, QuestionTokens))), None)
    flat = [int(value) for value in values.ravel()]
    if known is None and spec.kind == "tokens" and 0 <= min(flat, default=-1) <= max(flat) < len(contract.labels):
        return _short([contract.labels[value].strip() or str(value) for value in flat if value], " ")
    if known is None:
        return _short([str(value) for value in flat], " ")
    joint = "" if isinstance(known, Tokens) and known.unit == "character" else " "
    return _short([_word(value, known.vocabulary) for value in flat if value], joint)


def best_classes(scores: Array, kind: str | None, labels: Sequence[str]) -> str:
    """The most probable class of the last step, and how probable it is.

    Args:
        scores: (..., classes).
        kind: ``probabilities`` or ``logits``.
        labels: Names of the classes; empty for their numbers.

    Returns:
        One line.
    """
    last = scores.reshape(-1, scores.shape[-1])[-1].astype(np.float64)
    if not np.isfinite(last).all():
        return "not finite"
    if len(last) == 1:
        last = np.append(0.0 if kind == "logits" else 1.0 - last, last)
    shares = softmax(last) if kind == "logits" else last
    best = int(shares.argmax())
    name = labels[best].strip() if len(labels) == len(shares) else ""
    return f"{name or best} {shares[best]:.1%}"


def text(content: str) -> str:
    """A text, escaped.

    Args:
        content: The text.

    Returns:
        HTML.
    """
    return f'<span class="text">{escape(content)}</span>'


def _short(parts: list[str], joint: str) -> str:
    most = _MOST_WORDS * (6 if joint == "" else 1)
    return joint.join(parts[:most]) + (" ..." if len(parts) > most else "")


def _word(number: int, vocabulary: Sequence[str]) -> str:
    return vocabulary[number] if 0 <= number < len(vocabulary) else f"<{number}>"
