"""Right answers as they are stored, made the numbers that a metric takes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from litefoot.runtime.errors import SampleError
from litefoot.runtime.verification.metrics import METRICS
from litefoot.runtime.verification.tolerance import CLASS_KINDS

from .samples import Array, Wanted

_OF_REAL_VALUES = ("rmse", "psnr", "ssim", "map50")


def read_targets(values: Array, wanted: Wanted, where: object) -> tuple[Array, tuple[str, ...]]:
    """Make class names numbers and, where a metric counts classes, their usual disguises too.

    Args:
        values: (samples, ...) numbers, or texts for each sample; for classes also (samples, 1), whole floats, or
            one-hot (samples, classes).
        wanted: By which model.
        where: What is being read, for messages.

    Returns:
        The answers, and the names of the classes where they were texts.

    Raises:
        SampleError: A text is not the name of one of the model's classes, or no number where the metric takes numbers.
    """
    if values.dtype.kind in "SUO":
        return targets_of([_text(value) for value in values.reshape(-1)], wanted, where)
    metric = wanted.contract.metric
    if metric is None:
        return values, ()
    if METRICS[metric.name].kinds == CLASS_KINDS and not _is_stepwise(wanted):
        return _class_numbers(values), ()
    if metric.name == "mean_iou" and values.ndim == 4 and values.shape[-1] == 1:
        values = values[..., 0]
    return (values if metric.name in _OF_REAL_VALUES or values.dtype.kind != "f" else _whole(values)), ()


def targets_of(texts: Sequence[str], wanted: Wanted, where: object) -> tuple[Array, tuple[str, ...]]:
    """Right answers from texts, one for each sample.

    Args:
        texts: Names or numbers of classes; numbers where the metric is one of numbers.
        wanted: By which model.
        where: What is being read, for messages.

    Returns:
        What `classes_of` returns; where the metric counts no classes, the numbers and no names.

    Raises:
        SampleError: A text is not one of the model's classes, or no number.
    """
    metric = wanted.contract.metric
    if metric is None or METRICS[metric.name].kinds == CLASS_KINDS:
        return classes_of(texts, wanted.contract.labels, where)
    numbers = _numbers(texts)
    if numbers is None:
        others = sorted({text for text in texts if _numbers([text]) is None})
        raise SampleError(f"The metric {metric.name} takes numbers", where=where, got=few(others))
    return numbers, ()


def _is_stepwise(wanted: Wanted) -> bool:
    """Whether there is an answer for each step, whose numbers then stand for themselves."""
    scores = next((spec for spec in wanted.contract.outputs if spec.kind in CLASS_KINDS), None)
    return bool(wanted.contract.state) or (scores is not None and len(scores.shape) > 2)


def classes_of(texts: Sequence[str], known: tuple[str, ...], where: object) -> tuple[Array, tuple[str, ...]]:
    """Right answers from texts: the names of classes, or numbers.

    Args:
        texts: One for each sample.
        known: The model's class names, in order; empty where it has none.
        where: What is being read, for messages.

    Returns:
        Class numbers as int64 and the class names, sorted where the model has none; or, where the texts are numbers
        and not names that the model knows, the numbers, int64 if they are whole, and no names.

    Raises:
        SampleError: A text is not one of the model's classes, or could be a name as well as another class's number.
    """
    numbers = _numbers(texts)
    if numbers is not None and not set(texts) <= set(known):
        return numbers, ()
    labels = known or tuple(sorted(set(texts)))
    check_known(set(texts), labels, where)
    places = {label: place for place, label in enumerate(labels)}
    by_name = np.array([places[text] for text in texts], dtype=np.int64)
    if numbers is not None and _are_numbers_of(numbers, len(labels)) and not (numbers == by_name).all():
        raise SampleError(
            "These labels may be class names or class numbers, and the two differ",
            where=where,
            got=few(sorted(set(texts))),
            expected=f"what cannot be mistaken; the names are {few(labels)}, the numbers 0 to {len(labels) - 1}",
        )
    return by_name, labels


def check_known(names: set[str], labels: tuple[str, ...], where: object) -> None:
    """Refuse names that are not classes.

    Args:
        names: Found in the data.
        labels: The classes.
        where: What is being read, for the message.

    Raises:
        SampleError: There is such a name.
    """
    if unknown := sorted(names - set(labels)):
        raise SampleError(
            "A label is not one of the model's classes", where=where, got=few(unknown), expected=few(labels)
        )


def few(names: Sequence[str]) -> str:
    """The first of many names, for a message.

    Args:
        names: All of them.

    Returns:
        At most eight of them, and how many more there are.
    """
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(names[:8]) + more


def _are_numbers_of(numbers: Array, classes: int) -> bool:
    return bool(numbers.dtype.kind == "i" and ((numbers >= 0) & (numbers < classes)).all())


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _numbers(texts: Sequence[str]) -> Array | None:
    """int64 where all are whole, else float64; None where one is not a number."""
    try:
        return np.array([int(text) for text in texts], dtype=np.int64)
    except (ValueError, OverflowError):
        pass
    try:
        values = np.array([float(text) for text in texts])
    except ValueError:
        return None
    return _whole(values)


def _whole(values: Array) -> Array:
    whole = np.isfinite(values).all() and (values == np.rint(values)).all() and (np.abs(values) < 2**53).all()
    return values.astype(np.int64) if whole else values


def _class_numbers(values: Array) -> Array:
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    elif (
        values.ndim == 2
        and values.size
        and values.dtype.kind in "biuf"
        and (np.sort(values, axis=1) == _one_hot(values)).all()
    ):
        values = values.argmax(axis=1)
    return _whole(values) if values.dtype.kind == "f" else values


def _one_hot(values: Array) -> Array:
    """A row of the last class, which every one-hot row is once it is sorted."""
    row: Array = np.arange(values.shape[1]) == values.shape[1] - 1
    return row
