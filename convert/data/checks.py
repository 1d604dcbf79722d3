"""Calibration and evaluation samples, checked before any converter starts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import SampleError, UsageError
from litefoot.runtime.sequences import count_steps, fed, given_specs
from litefoot.runtime.tensors import TensorSpec
from litefoot.runtime.verification.metrics import METRICS
from litefoot.runtime.verification.task import targets_misfit, unmeasurable

Array = npt.NDArray[Any]

FAR_OUTSIDE = 2.0
"""How many times the calibration's range both sets together may span before there is a warning."""

_BRIGHT = 64.0
_WHITE = 255.0


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


def check_given(arrays: Mapping[str, Array], contract: ModelContract, *, what: str, at_least: int) -> None:
    """The same, for a model that may take one step of a sequence: then samples are sequences, without its state.

    Args:
        arrays: By input name, (samples, ...); where the contract has state, (samples, steps, ...), or (samples, ...)
            for what is given again at each step.
        contract: Of the model.
        what: ``calibration`` or ``evaluation``, for messages.
        at_least: The smallest number of samples, or of steps in all sequences together.

    Raises:
        SampleError: As `check_samples`.
        InputMismatch: The sequences of several inputs differ in length, or there is none.
    """
    specs = given_specs(contract.inputs, contract.state, arrays)
    if not contract.state:
        check_samples(arrays, specs, what=what, at_least=at_least)
        return
    check_samples(arrays, specs, what=what, at_least=1)
    steps = count_steps(contract.inputs, specs, arrays) * len(next(iter(arrays.values())))
    if steps < at_least:
        raise SampleError(f"There are too few {what} steps", got=steps, expected=f"at least {at_least}")


def check_metric(contract: ModelContract) -> None:
    """Refuse a metric that cannot be measured, or whose limit cannot be missed.

    Args:
        contract: Of the model.

    Raises:
        UsageError: It is such a one.
    """
    if contract.metric is None:
        return
    name = contract.metric.name
    if found := unmeasurable(contract):
        raise UsageError(f"The contract's metric {name} cannot be measured", got=found.got, expected=found.expected)
    if not 0 <= contract.metric.max_drop < METRICS[name].most:
        most = METRICS[name].most
        raise UsageError(
            f"This largest drop of {name} is no limit",
            got=contract.metric.max_drop,
            expected="a finite number from 0" if most == math.inf else f"from 0 to less than {most:g}",
        )
    if not 0 < contract.metric.span < math.inf:
        raise UsageError("A span of values is above zero", got=contract.metric.span)


def check_targets(targets: Array, count: int, contract: ModelContract | None, *, what: str = "evaluation") -> None:
    """Refuse labels that do not belong to the samples.

    Args:
        targets: (samples, ...), as the contract's metric takes them.
        count: Number of samples.
        contract: Checked by `check_metric`; None where no metric is measured on them.
        what: ``calibration`` or ``evaluation``, for messages.

    Raises:
        SampleError: There is not one label for each sample, or it is none for the metric.
    """
    if contract is None or contract.metric is None:
        if targets.shape[:1] != (count,):
            raise SampleError(f"The {what} labels do not fit the samples", got=targets.shape, expected=(count,))
        return
    if found := targets_misfit(contract, targets, count):
        raise SampleError(
            f"The {what} labels do not fit the metric {contract.metric.name}", got=found.got, expected=found.expected
        )


def check_range(
    calibration: Mapping[str, Array], evaluation: Mapping[str, Array], contract: ModelContract
) -> list[str]:
    """Compare the values that set the quantization ranges with those that the model is judged on.

    Args:
        calibration: By input name, (samples, ...), checked by `check_samples`.
        evaluation: Likewise.
        contract: Of the model.

    Returns:
        A warning for each input whose values do not change, or that reach much further in the evaluation; inputs of
        integers have no range to calibrate and are passed over.

    Raises:
        SampleError: Pictures are scaled to 0..1 or -1..1 in one set and not in the other.
    """
    warnings: list[str] = []
    for spec in fed(contract.inputs, contract.state):
        first, second = calibration[spec.name], evaluation[spec.name]
        if spec.dtype.startswith("float") and first.size and second.size:
            if _is_picture(spec, contract):
                _check_scale(first, second, spec)
            warnings += _warnings(first, second, spec)
    return warnings


def _warnings(calibration: Array, evaluation: Array, spec: TensorSpec) -> list[str]:
    constant = [
        f"input {spec.name} is {array.min():g} everywhere in the {what} samples"
        for what, array in (("calibration", calibration), ("evaluation", evaluation))
        if array.min() == array.max()
    ]
    low, high = float(calibration.min()), float(calibration.max())
    together = max(high, float(evaluation.max())) - min(low, float(evaluation.min()))
    if low == high or together <= FAR_OUTSIDE * (high - low):
        return constant
    outside = ((evaluation < low) | (evaluation > high)).mean()
    far = (
        f"input {spec.name} reaches far outside the calibration: {_range(evaluation)} in the evaluation samples, "
        f"{_range(calibration)} in the calibration samples, {outside:.1%} of the values outside"
    )
    return [*constant, far]


def _is_picture(spec: TensorSpec, contract: ModelContract) -> bool:
    """Said to be one, or of the shape (height, width, channels)."""
    steps = {step.op for step in contract.preprocessing.get(spec.name, ())}
    shaped = spec.kind is None and len(spec.shape) == 4 and spec.shape[3] in (1, 3, 4)
    return spec.kind == "image" or bool(steps & {"grayscale", "resize"}) or shaped


def _check_scale(calibration: Array, evaluation: Array, spec: TensorSpec) -> None:
    """Values of bytes in one set, at most 1 in the other; a set that is one constant says nothing."""
    for small, large in ((calibration, evaluation), (evaluation, calibration)):
        scaled = np.abs(small).max() <= 1.0 and small.min() != small.max()
        if scaled and large.min() >= 0.0 and _BRIGHT <= large.max() <= _WHITE:
            raise SampleError(
                "The pictures of calibration and evaluation are scaled differently",
                where=f"input {spec.name}",
                got=f"calibration {_range(calibration)}, evaluation {_range(evaluation)}",
                expected="the same preprocessing in both, the one that the model was trained with",
                fix="scale those of 0 to 255 as the others, for example by 1/255",
            )


def _range(array: Array) -> str:
    return f"{array.min():g} to {array.max():g}"


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
