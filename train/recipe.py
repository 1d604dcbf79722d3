"""What a recipe is: a data set, a model for it, and what of the model is shipped."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import UsageError
from litefoot.runtime.generation.document import Pipeline

from .data.samples import Data
from .data.splits import calibration_indices
from .fitting.user_code import in_user_code

Array = npt.NDArray[Any]

RECIPES = {
    "answer": ".recipes.answer",
    "cats-dogs": ".recipes.cats_dogs",
    "detect": ".recipes.detect",
    "digits": ".recipes.digits",
    "forecast": ".recipes.forecast",
    "gan": ".recipes.gan",
    "generate": ".recipes.generate",
    "inpaint": ".recipes.inpaint",
    "mnist": ".recipes.mnist",
    "segment": ".recipes.segment",
    "speech": ".recipes.speech",
    "text-class": ".recipes.text_class",
    "translate": ".recipes.translate",
}
"""By the recipe's name, the module that holds it as ``RECIPE``."""


@dataclass(frozen=True)
class Request:
    """Which data are asked for.

    Attributes:
        source: The user's file or folder; None for the recipe's own data.
        quick: Whether a small set will do that is there without a network: embedded, or generated with the seed.
        seed: Of the split and of generated samples.
    """

    source: Path | None = None
    quick: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Plan:
    """How long and how fast a model is fitted.

    Attributes:
        epochs: Passes over the training data.
        steps: Batches in one pass.
        learning_rate: The optimizer's, at its highest.
    """

    epochs: int
    steps: int
    learning_rate: float

    def cosine(self, warm_up: float = 0.0) -> Any:
        """A learning rate that falls from `learning_rate` to zero along half a cosine.

        Loshchilov and Hutter, "SGDR", arXiv:1608.03983, equation 5, without restarts.

        Args:
            warm_up: Part of all steps over which the rate rises from zero first, in 0..1.

        Returns:
            A schedule for any optimizer of tf_keras.
        """
        import tf_keras

        total = self.epochs * self.steps
        rising = int(total * warm_up)
        if not rising:
            return tf_keras.optimizers.schedules.CosineDecay(self.learning_rate, total)
        return tf_keras.optimizers.schedules.CosineDecay(
            0.0, total - rising, warmup_target=self.learning_rate, warmup_steps=rising
        )


@dataclass(frozen=True)
class Delivery:
    """What is shipped of a trained model.

    Attributes:
        model: A tf_keras model whose inputs and outputs are those of the contract.
        contract: What it promises.
        calibration: By input name, preprocessed training samples to measure activation ranges on, (samples, ...).
        evaluation: By input name, preprocessed test samples, (samples, ...).
        targets: The right answer for each test sample, as the contract's metric takes it; None without.
        figures: Further figures on the test samples, by name; they are shown and kept beside the metric.
    """

    model: Any
    contract: ModelContract
    calibration: dict[str, Array]
    evaluation: dict[str, Array]
    targets: Array | None
    figures: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Whole:
    """How the parts that are shipped work together, and samples to judge that on.

    Attributes:
        pipeline: What becomes ``pipeline.json``; its parts are those that `Recipe.deliver` names.
        evaluation: By the name of each of the whole's inputs, test samples, (samples, ...).
        targets: The right tokens, (samples, length) int32, 0 for padding; None without.
    """

    pipeline: Pipeline
    evaluation: dict[str, Array]
    targets: Array | None


class Recipe(ABC):
    """A data set and a model for it; a user's own is a subclass in a file that ends with ``RECIPE = MyRecipe()``.

    Attributes:
        name: By which it is asked for.
        summary: What it does, in a line.
        epochs: Passes over the training data, unless asked otherwise.
        quick_epochs: The same for a quick run.
        batch: Samples in a batch, over all devices together.
        learning_rate: The optimizer's, at its highest, unless asked otherwise.
        patience: Epochs without a better `monitor` after which training stops; None to go on to the end.
        monitor: The figure that says which epoch's weights are kept, smaller is better; None to keep the last.
        calibration_per_class: Training samples of each class to measure activation ranges on.
    """

    name: str
    summary: str
    epochs: int
    quick_epochs: int
    batch: int = 32
    learning_rate: float = 1e-3
    patience: int | None = None
    monitor: str | None = "val_loss"
    calibration_per_class: int = 20

    @abstractmethod
    def load(self, request: Request) -> Data:
        """Load, split and preprocess the data set.

        Args:
            request: Which data.

        Returns:
            The samples, preprocessed by the contract's own steps.
        """

    @abstractmethod
    def build(self, data: Data, plan: Plan) -> Any:
        """Build the model and compile it.

        Args:
            data: What `load` returned.
            plan: For learning-rate schedules.

        Returns:
            A compiled tf_keras model. It is built again in float32 to be shipped, so its form depends on nothing else.
            What is random in its steps is kept by its layers, by a ``tf.random.Generator`` among its attributes, or
            follows from the number of the step: then an interrupted training goes on with the same numbers.
        """

    def augment(self, inputs: dict[str, Any], targets: Any, seed: Any) -> tuple[dict[str, Any], Any]:
        """Vary a training sample; as it is, unless a recipe says otherwise.

        Args:
            inputs: One sample by input name, tensors.
            targets: Its right answer.
            seed: (2,) int64, another for each sample and epoch, for TensorFlow's stateless functions.

        Returns:
            The sample as it is trained on.
        """
        del seed
        return inputs, targets

    def after_epoch(self, model: Any, data: Data, epoch: int, folder: Path) -> None:  # noqa: B027 - most keep nothing
        """Keep something to look at after an epoch; nothing, unless a recipe says otherwise.

        Args:
            model: As it is now.
            data: What `load` returned.
            epoch: Of which it is the end, from 1.
            folder: For files that are kept with the trained model.
        """

    def deliver(self, model: Any, data: Data) -> dict[str, Delivery]:
        """What is shipped: the model itself, unless a recipe says otherwise. Tried once before the model is trained.

        Args:
            model: In float32.
            data: What `load` returned.

        Returns:
            By the part's name; one part has the recipe's own name.
        """
        chosen = self.calibrate_on(data)
        targets = data.test.targets
        return {
            self.name: Delivery(
                model=model,
                contract=data.contract,
                calibration={name: array[chosen] for name, array in data.train.inputs.items()},
                evaluation=data.test.inputs,
                targets=targets if isinstance(targets, np.ndarray) else None,
            )
        }

    def whole(self, data: Data) -> Whole | None:
        """How the parts work together, where they generate tokens; nothing, unless a recipe says otherwise.

        Args:
            data: What `load` returned.

        Returns:
            It; None where each part is used for itself.
        """
        del data
        return None

    def calibrate_on(self, data: Data) -> Array:
        """Which training samples activation ranges are measured on.

        Args:
            data: What `load` returned.

        Returns:
            Indices of training samples: the first of each class where the targets are classes, else the first.
        """
        targets = data.train.targets
        if isinstance(targets, np.ndarray) and targets.ndim == 1 and targets.dtype.kind in "iu":
            return calibration_indices(targets, self.calibration_per_class)
        return np.arange(min(len(data.train), 10 * self.calibration_per_class))


def check_name(name: str) -> None:
    """Refuse a name that stands for no recipe, before anything is imported.

    Args:
        name: One of `RECIPES`, or the path of a Python file.

    Raises:
        UsageError: There is none of this name.
    """
    if name.endswith(".py"):
        if not Path(name).is_file():
            raise UsageError("There is no such recipe file", where=name)
    elif name not in RECIPES:
        raise UsageError(
            "There is no such recipe",
            got=name,
            expected=f"one of {', '.join(sorted(RECIPES))}, or a Python file with a RECIPE of your own",
        )


def find_recipe(name: str) -> Recipe:
    """The recipe of this name.

    Args:
        name: One of `RECIPES`, or the path of a Python file with a `RECIPE` of the user's own.

    Returns:
        The recipe.

    Raises:
        UsageError: There is none of this name, or the file holds none.
    """
    check_name(name)
    if name in RECIPES:
        recipe: Recipe = importlib.import_module(RECIPES[name], __package__).RECIPE
        return recipe
    return _read_recipe(Path(name))


def _read_recipe(path: Path) -> Recipe:
    """Run the user's file; what it raises is theirs to read, in one line with its place."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # dataclasses look their module up there
    sys.path.insert(0, str(path.parent.resolve()))  # for modules of the user's beside it
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise in_user_code(error, path, "The recipe file stops with an error") from error
    recipe = getattr(module, "RECIPE", None)
    if not isinstance(recipe, Recipe):
        raise UsageError(
            "This file holds no recipe",
            where=path,
            got=f"RECIPE is a {type(recipe).__name__}" if recipe is not None else "no RECIPE",
            expected="RECIPE = MyRecipe(), of a subclass of litefoot.train.Recipe",
        )
    return recipe
