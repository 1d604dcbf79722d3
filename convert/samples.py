"""Calibration and evaluation samples, checked before any converter starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.errors import SampleError
from litefoot.runtime.tensors import TensorSpec

Array = npt.NDArray[Any]


def check_samples(arrays: Mapping[str, Array], inputs: tuple[TensorSpec, ...], *, what: str, at_least: int) -> None:
    """Refuse samples that a converter would misread, silently or with a message about something else.

    Args:
        arrays: By input name, (samples, ...).
        inputs: What the model takes, batch dimension first and free.
        what: ``calibration`` or ``evaluation``, for messages.
        at_least: The smallest number of samples.

    Raises:
        SampleError: Names, shapes, dtypes or counts do not fit, or a value is not finite.
    """
    expected = {spec.name for spec in inputs}
    if arrays.keys() != expected:
        raise SampleError(
            f"The {what} samples' input names differ from the model's",
            got=sorted(arrays),
            expected=sorted(expected),
        )
    for spec in inputs:
        _check_array(arrays[spec.name], spec, what)
    counts = {name: len(array) for name, array in arrays.items()}
    if len(set(counts.values())) > 1:
        raise SampleError(f"The {what} inputs hold different numbers of samples", got=counts)
    if min(counts.values()) < at_least:
        raise SampleError(
            f"There are too few {what} samples", got=min(counts.values()), expected=f"at least {at_least}"
        )


def check_targets(targets: Array, count: int, classes: int | None) -> None:
    """Refuse labels that do not belong to the samples.

    Args:
        targets: (samples,) where they are classes, else (samples, ...).
        count: Number of samples.
        classes: Number of classes; None where no metric is measured on them.

    Raises:
        SampleError: There is not one label for each sample, or it is not the integer of a class.
    """
    if classes is None:
        if targets.shape[:1] != (count,):
            raise SampleError("The evaluation labels do not fit the samples", got=targets.shape, expected=(count,))
        return
    if targets.shape != (count,) or targets.dtype.kind not in "iu":
        raise SampleError(
            "The evaluation labels do not fit the samples",
            got=f"{targets.dtype}{list(targets.shape)}",
            expected=f"integers[{count}]",
        )
    if count and not (targets.min() >= 0 and targets.max() < classes):
        raise SampleError(
            "An evaluation label is not a class",
            got=f"{targets.min()} to {targets.max()}",
            expected=f"0 to {classes - 1}",
        )


def _check_array(array: Array, spec: TensorSpec, what: str) -> None:
    if not spec.accepts(array.shape) or array.dtype.name != spec.dtype:
        raise SampleError(
            f"The {what} samples do not fit the model's input",
            where=f"input {spec.name}",
            got=f"{array.dtype}{list(array.shape)}",
            expected=f"{spec.dtype}{['samples', *spec.shape[1:]]}".replace("'", ""),
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        bad = np.flatnonzero(~np.isfinite(array).reshape(len(array), -1).all(axis=1))
        raise SampleError(
            f"The {what} samples hold values that are not finite",
            where=f"input {spec.name}, sample {bad[0]}",
            got=f"NaN or infinity in {len(bad)} of {len(array)} samples",
            fix="remove these samples",
        )
