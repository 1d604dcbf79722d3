"""What a recipe gives, checked before hours are spent on it: the data, the model, and what would be shipped of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.errors import SampleError, UsageError
from litefoot.runtime.tensors import TensorSpec
from litefoot.runtime.verification.task import targets_misfit, unmeasurable

from ..data.samples import Data, Samples
from ..recipe import Delivery, Recipe

Array = npt.NDArray[Any]


def _is_count(value: object) -> bool:
    return isinstance(value, int) and value >= 1


_SETTINGS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "name": (lambda value: isinstance(value, str) and Path(value).name == value != "", "a name for a folder"),
    "epochs": (_is_count, "an integer of at least 1"),
    "quick_epochs": (_is_count, "an integer of at least 1"),
    "batch": (_is_count, "an integer of at least 1"),
    "patience": (lambda value: value is None or _is_count(value), "an integer of at least 1, or None"),
    "learning_rate": (lambda value: isinstance(value, (int, float)) and 0 < value < math.inf, "a number above zero"),
}
"""Of a recipe: what each may be, and that in words."""


def check_recipe(recipe: Recipe) -> None:
    """Refuse a recipe whose settings mean nothing.

    Args:
        recipe: The recipe.

    Raises:
        UsageError: One of them is missing, or does.
    """
    for name, (is_allowed, expected) in _SETTINGS.items():
        value = getattr(recipe, name, None)
        if not is_allowed(value):
            raise UsageError(f"This recipe has no {name} that can be used", got=repr(value), expected=expected)


def check_data(recipe: Recipe, data: object) -> None:
    """Refuse data that cannot be trained on.

    Args:
        recipe: Whose data.
        data: What its `load` returned.

    Raises:
        UsageError: It is not a `Data` of `Samples`, or `monitor` or `patience` need a part that is missing.
        SampleError: Arrays are missing, of different lengths or shapes, empty, or not finite.
    """
    if not isinstance(data, Data):
        raise UsageError("load() returns a Data", got=type(data).__name__)
    for part, samples in data.parts.items():
        if not isinstance(samples, Samples) or not isinstance(samples.inputs, dict):
            got = type(getattr(samples, "inputs", samples)).__name__
            raise UsageError("A part of the data is a Samples, its inputs by name", where=f"the {part} part", got=got)
        _check_samples(part, samples)
        for name, array in samples.inputs.items():
            first = data.train.inputs.get(name)
            if first is None or (first.dtype, first.shape[1:]) != (array.dtype, array.shape[1:]):
                raise SampleError(
                    "The parts of the data differ in their inputs",
                    where=f"input {name} of the {part} samples",
                    got=_form(array),
                    expected="no such input" if first is None else _form(first),
                )
    if recipe.monitor is None and recipe.patience is not None:
        raise UsageError("This recipe keeps its last weights, so there is nothing to be patient for", fix="--epochs")
    if (recipe.monitor or "").startswith("val_") and data.validation is None:
        raise UsageError("There are no validation samples for the figure to monitor", got=recipe.monitor)


def check_model(model: Any, data: Data) -> None:
    """Refuse a model that does not take the data.

    Args:
        model: What `build` returned.
        data: What it is to be fitted to.

    Raises:
        UsageError: It is not a compiled tf_keras model.
        SampleError: Its inputs and those of the data differ.
    """
    import tf_keras

    if not isinstance(model, tf_keras.Model):
        raise UsageError("build() returns a model of tf_keras", got=f"{type(model).__module__}.{type(model).__name__}")
    if not getattr(model, "optimizer", None):
        raise UsageError("build() returns a compiled model", got="one without an optimizer", fix="model.compile(...)")
    specs = _specs(model.input_names, model.inputs) if getattr(model, "inputs", None) else []
    if specs:
        for part, samples in data.parts.items():
            _check_arrays(specs, samples.inputs, f"the {part} samples and the model's inputs")


def check_delivery(part: str, delivery: Delivery) -> None:
    """Refuse what could not be converted or verified once it is trained.

    Args:
        part: Its name.
        delivery: What `deliver` makes of a model that is not yet trained.

    Raises:
        UsageError: The model and its contract differ.
        SampleError: The samples and the contract differ.
    """
    contract, model = delivery.contract, delivery.model
    _check_specs(part, "input", contract.inputs, _specs(model.input_names, model.inputs))
    _check_specs(part, "output", contract.outputs, _specs(model.output_names, model.outputs))
    given = [spec for spec in contract.inputs if spec.name not in contract.state]
    for arrays, use in ((delivery.calibration, "calibration"), (delivery.evaluation, "evaluation")):
        _check_arrays(given, arrays, f"the {use} samples and the inputs of the contract", steps=bool(contract.state))
        _check_samples(use, Samples(dict(arrays), {}))
    count = len(next(iter(delivery.evaluation.values())))
    if contract.metric is None or delivery.targets is None:
        return
    found = unmeasurable(contract) or targets_misfit(contract, delivery.targets, count)
    if found is not None:
        what = f"The metric {contract.metric.name} cannot be measured with these outputs and right answers"
        raise SampleError(what, where=part, got=found.got, expected=found.expected)


def check_rebuilt(model: Any, again: Any) -> None:
    """Refuse a model whose form depends on more than the data and the plan.

    Args:
        model: What `build` returned.
        again: What it returned when it was called again, in float32.

    Raises:
        UsageError: They have other weights.
    """
    shapes = [[tuple(weight.shape) for weight in built.weights] for built in (model, again)]
    if shapes[0] != shapes[1]:
        raise UsageError(
            "build() returns another model when it is called again, so the trained weights fit nowhere",
            got=f"{len(shapes[1])} arrays of weights, {sum(map(np.prod, shapes[1])):,.0f} numbers",
            expected=f"{len(shapes[0])} arrays of weights, {sum(map(np.prod, shapes[0])):,.0f} numbers",
        )


def _check_samples(part: str, samples: Samples) -> None:
    targets = samples.targets if isinstance(samples.targets, dict) else {"": samples.targets}
    arrays = {f"input {name}": array for name, array in samples.inputs.items()}
    arrays |= {f"targets {name}".strip(): array for name, array in targets.items()}
    if not samples.inputs:
        raise SampleError("There are no inputs", where=f"the {part} samples")
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray) or not array.ndim:
            got = f"a single {array.dtype}" if isinstance(array, np.ndarray) else type(array).__name__
            raise SampleError("Samples are numpy arrays", where=f"{name} of the {part} samples", got=got)
    count = len(samples)
    for name, array in arrays.items():
        where = f"{name} of the {part} samples"
        if len(array) != count or not count:
            raise SampleError("Every array holds each sample", where=where, got=len(array), expected=count or "one")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise SampleError("A sample is not finite", where=f"{where}, sample {_first_broken(array)}")


def _first_broken(array: Array) -> int:
    return int(np.argmin(np.isfinite(array.reshape(len(array), -1)).all(axis=1)))


def _check_arrays(specs: list[TensorSpec], arrays: Mapping[str, Array], what: str, *, steps: bool = False) -> None:
    names = [spec.name for spec in specs]
    if sorted(names) != sorted(arrays):
        raise SampleError(f"There are other names in {what}", got=", ".join(arrays), expected=", ".join(names))
    for spec in specs:
        array = arrays[spec.name]
        shapes = [array.shape, array.shape[:1] + array.shape[2:]] if steps else [array.shape]
        if array.dtype != spec.dtype or not any(map(spec.accepts, shapes)):
            raise SampleError(f"There are other shapes or types in {what}", got=_form(array, spec.name), expected=spec)


def _check_specs(part: str, side: str, promised: tuple[TensorSpec, ...], built: list[TensorSpec]) -> None:
    by_name = {spec.name: spec for spec in built}
    if sorted(by_name) != sorted(spec.name for spec in promised):
        raise UsageError(
            f"The model and its contract have other {side}s",
            where=part,
            got=", ".join(by_name),
            expected=", ".join(spec.name for spec in promised),
            fix=f"name the model's {side} layers as the contract does",
        )
    for spec in promised:
        found = by_name[spec.name]
        if found.dtype != spec.dtype or not _compatible(spec.shape, found.shape):
            raise UsageError(f"The model and its contract differ in an {side}", where=part, got=found, expected=spec)


def _compatible(promised: tuple[int | None, ...], found: tuple[int | None, ...]) -> bool:
    return len(promised) == len(found) and all(
        one is None or other is None or one == other for one, other in zip(promised, found, strict=True)
    )


def _specs(names: list[str], tensors: Any) -> list[TensorSpec]:
    return [
        TensorSpec(name, tuple(tensor.shape), tensor.dtype.name) for name, tensor in zip(names, tensors, strict=True)
    ]


def _form(array: Array, name: str = "") -> TensorSpec:
    return TensorSpec(name, (None, *array.shape[1:]), array.dtype.name)
