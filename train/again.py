"""How a model was trained, once more: for whoever fine-tunes it, from what its folder says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from litefoot.runtime.errors import UsageError
from litefoot.runtime.storage.trained import TrainedModel, read_trained

from .data.samples import Data
from .fitting.determinism import make_deterministic
from .fitting.user_code import readable
from .recipe import Plan, Recipe, Request, find_recipe

Array = npt.NDArray[Any]
AGAIN = "again"
"""Where the provenance has the recipe and the data as they were asked for."""


@dataclass(frozen=True)
class TrainedWith:
    """What a model was trained with, as far as it can be handed to another process.

    Attributes:
        inputs: By input name, preprocessed samples, (samples, ...).
        targets: The right answers as the loss takes them, (samples, ...); by output name where there are several.
        batch: Samples in a batch.
        source: Where the samples are from, for people.
        as_trained: The name of `as_trained`, and its argument: what that returns lives in one process.
    """

    inputs: dict[str, Array]
    targets: Array | dict[str, Array]
    batch: int
    source: str
    as_trained: tuple[str, str]


@dataclass(frozen=True)
class AsTrained:
    """By what a model was trained; samples are not varied as then (docs/decisions).

    Attributes:
        losses: As ``compile`` of tf_keras takes them; those of several outputs in the outputs' order.
        loss_weights: The same; None without.
        metrics: The same.
    """

    losses: Any
    loss_weights: Any
    metrics: Any


def trained_with(folder: Path, *, needs_loss: bool = True) -> TrainedWith:
    """Load what a model was trained with, as the recipe did.

    Args:
        folder: A TrainedModel folder.
        needs_loss: Whether the recipe's own loss is wanted, and not another.

    Returns:
        The samples, and where the loss is from.

    Raises:
        UsageError: The recipe or the data are gone or have changed, another model is shipped than the one that was
            trained, or it was not trained by a loss alone.
    """
    recipe, data, document = _load_again(folder)
    model = _build_again(recipe, data, document, folder)
    if needs_loss:
        _check_loss(model, recipe)
    again = f"{__name__}:{as_trained.__name__}", str(folder.resolve())
    batch = document.provenance["batch"]
    return TrainedWith(data.train.inputs, data.train.targets, batch, f"recipe {recipe.name}", again)


def as_trained(folder: str) -> AsTrained:
    """How a model was trained, from its recipe.

    Args:
        folder: A TrainedModel folder that `trained_with` takes.

    Returns:
        Losses and metrics, live.

    Raises:
        UsageError: As `trained_with`.
    """
    recipe, data, document = _load_again(Path(folder))
    model = _build_again(recipe, data, document, Path(folder))
    names, metrics = model.output_names, model.compiled_metrics._user_metrics
    if isinstance(metrics, dict):  # bare in a list, each would be taken for all outputs
        metrics = {name: found if isinstance(found, (list, tuple)) else [found] for name, found in metrics.items()}
    return AsTrained(
        losses=_in_order(model.loss, names, None),
        loss_weights=_in_order(model.compiled_loss._user_loss_weights, names, 1.0),
        metrics=_in_order(metrics, names, []),
    )


def _in_order(given: Any, names: list[str], missing: Any) -> Any:
    return [given.get(name, missing) for name in names] if isinstance(given, dict) else given


def _load_again(folder: Path) -> tuple[Recipe, Data, TrainedModel]:
    document = read_trained(folder)[0]
    found = document.provenance
    if missing := sorted({AGAIN, "seed", "quick", "batch", "data_sha256"} - found.keys()):
        raise UsageError(
            "This folder does not say how its model was trained",
            where=folder,
            got=f"no {', '.join(missing)}",
            fix="--training-data with labelled samples",
        )
    make_deterministic(found["seed"])
    asked = found[AGAIN]
    recipe = find_recipe(asked["recipe"])
    source = None if asked["data"] is None else Path(asked["data"])
    if source is not None and not source.exists():
        raise UsageError(
            "The data that this model was trained with are gone", where=source, fix="--training-data with others"
        )
    request = Request(source, found["quick"], found["seed"])
    with readable(recipe, "in load()"):
        data = recipe.load(request)
    _check_data(data, document, folder)
    return recipe, data, document


def _check_data(data: Data, document: TrainedModel, folder: Path) -> None:
    expected = document.provenance["data_sha256"]
    if data.digest != expected:
        raise UsageError(
            "The training data are no longer those that this model was trained with",
            where=folder,
            got=f"sha256 {data.digest[:16]}...",
            expected=f"sha256 {expected[:16]}...",
            fix="train it again, or give --training-data",
        )


def _build_again(recipe: Recipe, data: Data, document: TrainedModel, folder: Path) -> Any:
    """The recipe's model, compiled, if that is the one which is shipped."""
    plan = Plan(1, max(len(data.train) // document.provenance["batch"], 1), recipe.learning_rate)
    with readable(recipe, "in build()"):
        model = recipe.build(data, plan)
        shipped = {part: delivery.model for part, delivery in recipe.deliver(model, data).items()}
    if list(shipped.values()) != [model]:
        how = f", by {type(model).__name__}.train_step," if _has_own_step(model) else ""
        parts = ", ".join(f"{part} ({', '.join(one.input_names)})" for part, one in shipped.items())
        raise UsageError(
            "This recipe ships another model than the one that it trains, so that its data and loss do not fit",
            where=folder,
            got=f"recipe {recipe.name} trains on {', '.join(data.train.inputs)}{how} and ships {parts}",
            fix="--training-data with samples of the shipped model's inputs, or convert it without compression",
        )
    return model


def _check_loss(model: Any, recipe: Recipe) -> None:
    if model.loss is None or _has_own_step(model):
        raise UsageError(
            "This recipe's model is not trained by a loss alone, but by a step of its own",
            where=f"recipe {recipe.name}, {type(model).__name__}.train_step",
            fix="--loss with the name of a loss of Keras, such as sparse_categorical_crossentropy",
        )


def _has_own_step(model: Any) -> bool:
    import tf_keras

    return type(model).train_step is not tf_keras.Model.train_step
