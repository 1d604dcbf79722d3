"""What a recipe is, which there are, and how one becomes a TrainedModel folder."""

from __future__ import annotations

import importlib
import importlib.metadata
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import UsageError, require
from litefoot.runtime.storage.folder import check_free, new_folder, write_json
from litefoot.runtime.storage.trained import MODEL, TrainedModel
from litefoot.runtime.verification.metrics import accuracy

from .data import Split, calibration_indices
from .fit import Progress, fit, make_deterministic

RECIPES = {"digits": ".digits"}
"""By the recipe's name, the module that holds it as ``RECIPE``."""

_PACKAGES = ("tensorflow", "tf-keras", "scikit-learn", "numpy")


class Recipe(Protocol):
    """A data set and a model for it.

    Attributes:
        name: By which it is asked for.
        contract: What its models promise.
        epochs: Passes over the training data, unless asked otherwise.
        calibration_per_class: Training samples of each class to measure activation ranges on.
    """

    name: str
    contract: ModelContract
    epochs: int
    calibration_per_class: int

    def load(self, seed: int) -> Split:
        """Load, split and preprocess the data set.

        Args:
            seed: Of the split.

        Returns:
            The samples, preprocessed by the contract.
        """

    def build(self) -> Any:
        """Build the model, not yet compiled."""

    def compile(self, model: Any, split: Split, *, epochs: int, seed: int) -> Any:
        """Compile the model and prepare its training batches.

        Args:
            model: What `build` returned; compiled in place.
            split: What `load` returned.
            epochs: Passes over the data, for schedules.
            seed: Of the order of the samples and of what is random in them.

        Returns:
            A ``tf.data.Dataset`` of (inputs, labels).
        """


@dataclass(frozen=True)
class Trained:
    """What training ended with.

    Attributes:
        folder: Where it is.
        document: Its ``trained.json``.
        train_samples: Number of samples trained on.
        test_samples: Number of samples tested on.
        parameters: Number of weights.
    """

    folder: Path
    document: TrainedModel
    train_samples: int
    test_samples: int
    parameters: int


def find_recipe(name: str) -> Recipe:
    """The recipe of this name.

    Args:
        name: One of `RECIPES`.

    Returns:
        The recipe.

    Raises:
        UsageError: There is none of this name.
    """
    if name not in RECIPES:
        raise UsageError("There is no such recipe", got=name, expected=f"one of {', '.join(sorted(RECIPES))}")
    recipe: Recipe = importlib.import_module(RECIPES[name], __package__).RECIPE
    return recipe


def train(
    name: str,
    out: Path,
    *,
    seed: int = 0,
    epochs: int | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> Trained:
    """Train a recipe.

    Args:
        name: One of `RECIPES`.
        out: The TrainedModel folder to write.
        seed: Of the split, the weights and the order of the samples.
        epochs: Passes over the data; None for the recipe's own.
        force: Replace `out`.
        progress: Called after each epoch.

    Returns:
        Where it is and how good it is.

    Raises:
        UsageError: There is no such recipe, or `out` cannot be written.
        MissingDependency: The extra ``train`` is not installed.
        TrainingFailed: The loss is no longer finite.
    """
    recipe = find_recipe(name)
    epochs = recipe.epochs if epochs is None else epochs
    if epochs < 1:
        raise UsageError("Training takes at least one epoch", got=epochs)
    if not 0 <= seed < 2**32:
        raise UsageError("A seed is an integer of 32 bits", got=seed, expected="0 to 4294967295")
    check_free(out, force=force)
    require("sklearn", "train")
    make_deterministic(seed)
    split = recipe.load(seed)
    model = recipe.build()
    history = fit(model, recipe.compile(model, split, epochs=epochs, seed=seed), epochs=epochs, progress=progress)
    scores = model.predict(split.test, verbose=0)
    document = TrainedModel(
        format="litefoot-trained",
        version=1,
        name=recipe.name,
        contract=recipe.contract,
        metric_value=accuracy(scores, split.test_labels),
        provenance=_provenance(recipe, split, seed, epochs),
    )
    chosen = calibration_indices(split.train_labels, recipe.calibration_per_class)
    with new_folder(out, force=force) as folder:
        model.save(folder / MODEL)
        document.write(
            folder, {key: array[chosen] for key, array in split.train.items()}, split.test, split.test_labels
        )
        write_json(folder / "history.json", history)
    return Trained(out, document, len(split.train_labels), len(split.test_labels), model.count_params())


def _provenance(recipe: Recipe, split: Split, seed: int, epochs: int) -> dict[str, Any]:
    return {
        "recipe": recipe.name,
        "seed": seed,
        "epochs": epochs,
        "data_sha256": split.digest,
        "test_indices": [int(index) for index in split.test_indices],
        "python": platform.python_version(),
        "packages": {package: importlib.metadata.version(package) for package in _PACKAGES},
    }
