"""What the user gave, as a model file that a worker can open: a path as it is, a live model saved first."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import UnreadableModel, UsageError, first_line
from litefoot.runtime.sequences import check_wiring
from litefoot.runtime.storage.trained import MODEL, TrainedModel, read_trained

from .contracts import check_tolerances
from .data import check_given, check_metric, check_targets
from .model.keras3 import named_call
from .model.opened import owner_of
from .source import Source, find_layout, is_trained

Arrays = dict[str, npt.NDArray[Any]]

MIN_CALIBRATION_SAMPLES = 10
_TRUSTED = ("keras", "tf_keras")


@dataclass(frozen=True)
class Training:
    """The rest of a TrainedModel folder, checked.

    Attributes:
        document: Its ``trained.json``.
        calibration: By input name, (samples, ...).
        evaluation: By input name, (samples, ...).
        targets: The right answers; None without labels.
    """

    document: TrainedModel
    calibration: Arrays
    evaluation: Arrays
    targets: npt.NDArray[Any] | None

    @property
    def contract(self) -> ModelContract:
        """What the model promises."""
        return self.document.contract


@dataclass(frozen=True)
class Staged:
    """A model where a worker can open it.

    Attributes:
        source: The model.
        name: What people call it.
        training: What came with it; None for a model that litefoot did not train.
    """

    source: Source
    name: str
    training: Training | None = None


def stage(model: Any, scratch: Path) -> Staged:
    """Put a model where a worker can open it.

    Args:
        model: A path, or a live Keras 3 or tf_keras model.
        scratch: A folder for what has to be written.

    Returns:
        The model, and what came with it.

    Raises:
        UnreadableModel: There is no model at the path.
        UsageError: It is neither a path nor a Keras model, or its samples do not fit its contract.
    """
    if not isinstance(model, (str, Path)):
        return _stage_live(model, scratch)
    path = Path(model)
    if not is_trained(path):
        return Staged(Source(str(path), find_layout(path)), path.resolve().name if path.is_dir() else path.stem)
    training = Training(*read_trained(path))
    _check(training)
    return Staged(Source(str(path / MODEL), "keras"), training.document.name, training)


def _check(training: Training) -> None:
    contract = training.contract
    check_wiring(contract.inputs, contract.outputs, contract.state, training.document.name)
    check_given(training.calibration, contract, what="calibration", at_least=MIN_CALIBRATION_SAMPLES)
    check_given(training.evaluation, contract, what="evaluation", at_least=1)
    check_metric(contract)
    check_tolerances(contract)
    if training.targets is not None:
        check_targets(training.targets, min(len(array) for array in training.evaluation.values()), contract)


def _stage_live(model: Any, scratch: Path) -> Staged:
    """Save a live model; one with classes of the user's own as a graph, for which a worker needs none of them."""
    if not any(base.__module__.split(".")[0] in _TRUSTED and base.__name__ == "Model" for base in type(model).__mro__):
        raise UsageError(
            "This is no model", got=type(model).__name__, expected="a path, or a Keras 3 or tf_keras model object"
        )
    try:
        if _only_known_layers(model):
            path = scratch / "live.keras"
            model.save(path)
            return Staged(
                Source(str(path), "keras", allow_code=True), model.name
            )  # the user's own code, in their hands
        folder = scratch / "live"
        _export(model, folder)
    except Exception as error:
        raise UnreadableModel(
            "This live model cannot be saved for conversion",
            where=f"model {model.name}",
            got=f"{type(error).__name__}: {first_line(error)}",
            fix="export it as a SavedModel with a signature, and convert that folder",
        ) from error
    return Staged(Source(str(folder), "saved_model", allow_code=True), model.name)


def _only_known_layers(model: Any) -> bool:
    layers = [model, *model._flatten_layers(include_self=False)]
    return all(type(layer).__module__.split(".")[0] in _TRUSTED for layer in layers)


def _export(model: Any, folder: Path) -> None:
    """Write a SavedModel whose signature has the model's own names; Keras 3's export would number them."""
    import tensorflow as tf

    if not hasattr(model, "_build_shapes_dict"):  # Keras 2, which keeps them
        tf.saved_model.save(model, str(folder))
        return
    call, inputs, _ = named_call(model)
    holder = owner_of(variable.value for variable in model.variables)
    function = tf.function(lambda **given: call(given), autograph=False)
    specs = {spec.name: tf.TensorSpec(spec.shape, spec.dtype, name=spec.name) for spec in inputs}
    tf.saved_model.save(holder, str(folder), signatures=function.get_concrete_function(**specs))
