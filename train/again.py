"""What a model was trained with, once more: for whoever fine-tunes it, from what its folder says of itself."""

from __future__ import annotations

import importlib
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
    """What a model was trained with.

    Attributes:
        inputs: By input name, preprocessed samples, (samples, ...).
        targets: The right answers as the loss takes them, (samples, ...); by output name where there are several.
        loss: Its name, its configuration or ``module:name``; by output name where they differ. None without.
        loss_weights: By output name.
        batch: Samples in a batch.
        source: Where the samples are from, for people.
    """

    inputs: dict[str, Array]
    targets: Array | dict[str, Array]
    loss: Any
    loss_weights: dict[str, float] | None
    batch: int
    source: str


def trained_with(folder: Path, *, needs_loss: bool = True) -> TrainedWith:
    """Load what a model was trained with, as the recipe did.

    Args:
        folder: A TrainedModel folder.
        needs_loss: Whether the recipe's own loss is wanted, and not another.

    Returns:
        The samples and the loss.

    Raises:
        UsageError: The recipe or the data are gone or have changed, another model is shipped than the one that was
            trained, or its loss cannot be handed over.
    """
    document = read_trained(folder)[0]
    found = document.provenance
    if missing := sorted({"recipe", "seed", "quick", "batch", "data_sha256"} - found.keys()):
        raise UsageError(
            "This folder does not say how its model was trained",
            where=folder,
            got=f"no {', '.join(missing)}",
            fix="--training-data with labelled samples",
        )
    make_deterministic(found["seed"])
    asked = found.get(AGAIN, {"recipe": found["recipe"], "data": None})
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
    loss, weights = _loss(recipe, data, document, folder, needed=needs_loss)
    return TrainedWith(data.train.inputs, data.train.targets, loss, weights, found["batch"], f"recipe {recipe.name}")


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


def _loss(recipe: Recipe, data: Data, document: TrainedModel, folder: Path, *, needed: bool) -> tuple[Any, Any]:
    """The recipe's loss, as its model is compiled with it; and whether that model is the one that is shipped."""
    plan = Plan(1, max(len(data.train) // document.provenance["batch"], 1), recipe.learning_rate)
    with readable(recipe, "in build()"):
        model = recipe.build(data, plan)
        shipped = [delivery.model for delivery in recipe.deliver(model, data).values()]
    if shipped != [model]:
        raise UsageError(
            "This recipe ships another model than the one that it trains, so that its data do not fit",
            where=folder,
            got=f"recipe {recipe.name}",
            fix="--training-data with samples of the shipped model's inputs, or convert it without compression",
        )
    if not needed:
        return None, None
    names = list(model.output_names)
    loss, weights = model.loss, model.compiled_loss._user_loss_weights
    if isinstance(loss, (list, tuple)):
        loss = dict(zip(names, loss, strict=True))
    if isinstance(weights, (list, tuple)):
        weights = dict(zip(names, weights, strict=True))
    if isinstance(loss, dict):
        return {name: _described(one, recipe) for name, one in loss.items()}, weights
    return _described(loss, recipe), weights


def _described(loss: Any, recipe: Recipe) -> Any:
    """A loss as text or a configuration."""
    import tf_keras

    if isinstance(loss, str):
        return loss
    if isinstance(loss, tf_keras.losses.Loss) and type(loss).__module__.split(".")[0] == "tf_keras":
        return tf_keras.losses.serialize(loss, use_legacy_format=True)
    module, name = getattr(loss, "__module__", ""), getattr(loss, "__qualname__", "")
    if module.startswith("litefoot.") and getattr(importlib.import_module(module), name, None) is loss:
        return f"{module}:{name}"
    raise UsageError(
        "The loss of this recipe is made while it trains and cannot be handed over",
        where=f"recipe {recipe.name}",
        fix="--loss with the name of a loss of Keras, such as sparse_categorical_crossentropy",
    )
