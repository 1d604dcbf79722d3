"""From a recipe to a TrainedModel folder: load, fit, bring to float32, deliver."""

from __future__ import annotations

import copy
import hashlib
import importlib.metadata
import json
import math
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litefoot.runtime.errors import UsageError, require
from litefoot.runtime.storage.folder import check_free, new_folder, write_arrays, write_json
from litefoot.runtime.storage.golden import Golden
from litefoot.runtime.storage.trained import EVALUATION, MODEL, TrainedModel

from .again import AGAIN
from .data.samples import Data
from .delivery import metric_value
from .fitting.checks import check_data, check_delivery, check_model, check_rebuilt, check_recipe
from .fitting.determinism import make_deterministic
from .fitting.devices import Devices, Precision, find_devices, read_task, set_precision
from .fitting.loop import Fit, Progress
from .fitting.plot import write_plot
from .fitting.state import State, StateFolder, newest_state
from .fitting.user_code import readable
from .fitting.working import Working
from .recipe import RECIPES, Delivery, Plan, Recipe, Request, Whole, check_name, find_recipe

_PACKAGES = ("tensorflow", "tf-keras", "scikit-learn", "numpy")


@dataclass(frozen=True)
class Options:
    """How a recipe is trained, where that is not left to the recipe.

    Attributes:
        source: The user's data; None for the recipe's own.
        quick: A small data set and few epochs, without a network: to see that everything works.
        seed: Of the split, the weights and the order of the samples.
        epochs: Passes over the data.
        batch: Samples in a batch, over all devices together.
        learning_rate: The optimizer's, at its highest.
        patience: Epochs without a better result after which training stops.
        precision: ``mixed`` computes in 16 bits; what is written is float32 either way.
        xla: Compile the training step with XLA.
    """

    source: Path | None = None
    quick: bool = False
    seed: int = 0
    epochs: int | None = None
    batch: int | None = None
    learning_rate: float | None = None
    patience: int | None = None
    precision: Precision = "float32"
    xla: bool = False

    @property
    def asked_data(self) -> str | None:
        """The path of the user's data, from anywhere; None for the recipe's own."""
        return None if self.source is None else str(self.source.resolve())

    def check(self) -> None:
        """Refuse values that mean nothing.

        Raises:
            UsageError: One of them does.
        """
        for name, value in (("epochs", self.epochs), ("batch", self.batch), ("patience", self.patience)):
            if value is not None and value < 1:
                raise UsageError(f"The number of {name} is at least one", got=value)
        if self.learning_rate is not None and not 0 < self.learning_rate < math.inf:
            raise UsageError("A learning rate is a finite number above zero", got=self.learning_rate)
        if not 0 <= self.seed < 2**32:
            raise UsageError("A seed is an integer of 32 bits", got=self.seed, expected="0 to 4294967295")
        if self.source is not None and not self.source.exists():
            raise UsageError("There are no such data", where=self.source)


@dataclass(frozen=True)
class Trained:
    """What training ended with.

    Attributes:
        folder: Where it is.
        documents: By the part's name, its ``trained.json``.
        samples: For the name of a part of the data, how many samples it holds.
        parameters: Number of weights of what is shipped.
        epochs: How many were done.
        best: The epoch whose weights were kept.
        history: By the name of a figure, its value in each epoch.
        devices: On what it was trained.
        written: Whether this process wrote it: of several machines, one does.
    """

    folder: Path
    documents: dict[str, TrainedModel]
    samples: dict[str, int]
    parameters: int
    epochs: int
    best: int
    history: dict[str, tuple[float, ...]]
    devices: str
    written: bool


def train(
    name: str,
    out: Path,
    *,
    options: Options | None = None,
    force: bool = False,
    resume: bool = False,
    progress: Progress | None = None,
) -> Trained:
    """Train a recipe.

    Args:
        name: One of `RECIPES`, or the path of a Python file with a `RECIPE` of the user's own.
        out: The folder to write. While training goes on its state is in the folder of that name with ``.training``.
        options: What is not left to the recipe.
        force: Replace `out`, and begin anew where a training was interrupted.
        resume: Go on where a training was interrupted; begin where there is none.
        progress: Called as the batches are done.

    Returns:
        Where it is and how good it is.

    Raises:
        UsageError: There is no such recipe, it stops with an error, or `out` cannot be written.
        SampleError: The data are not what the recipe takes.
        MissingDependency: The extra ``train`` is not installed.
        TrainingFailed: The loss is no longer finite, or a machine is lost.
    """
    options = options or Options()
    options.check()
    check_name(name)
    check_free(out, force=force)
    task = read_task()
    working = Working.begin(out, task, over=force or resume)
    require("matplotlib", "train")
    make_deterministic(options.seed)
    devices = find_devices(task)
    fit = _prepare(_adjusted(find_recipe(name), options), options, devices, working, progress)
    try:
        model, shipped = _build(fit, options)
        working.make(resume=resume)
        state = _carry_out(fit, working, model, _key(fit, model, options))
    finally:
        set_precision("float32")
    shipped.set_weights(model.get_weights())
    deliveries, documents, whole = _deliver(fit, shipped, state, options, name)
    if task.is_chief:
        _write(out, working.kept, deliveries, documents, whole, state, force=force)
    working.remove()
    return Trained(
        folder=out,
        documents=documents,
        samples={name: len(samples) for name, samples in fit.data.parts.items()},
        parameters=sum(delivery.model.count_params() for delivery in deliveries.values()),
        epochs=state.epoch,
        best=state.best,
        history=state.history,
        devices=str(devices),
        written=task.is_chief,
    )


def interrupted(out: Path) -> int:
    """How far a training has come whose result is not there yet.

    Args:
        out: The folder that it is to write.

    Returns:
        The epochs that need not be done again; 0 where there is no such training.
    """
    return newest_state(Working.of(out, read_task()).states)


def _prepare(recipe: Recipe, options: Options, devices: Devices, working: Working, progress: Progress | None) -> Fit:
    """Load the data and say how they are fitted to."""
    check_recipe(recipe)
    with readable(recipe, "in load()"):
        data = recipe.load(Request(options.source, options.quick, options.seed))
    check_data(recipe, data)
    recipe.batch = min(recipe.batch, len(data.train))
    devices.check_batch(recipe.batch)
    epochs = options.epochs or (recipe.quick_epochs if options.quick else recipe.epochs)
    plan = Plan(epochs, len(data.train) // recipe.batch, recipe.learning_rate)
    return Fit(recipe, data, plan, devices, options.seed, working.kept, progress)


def _adjusted(recipe: Recipe, options: Options) -> Recipe:
    """A copy of the recipe: what the user asked for stands above the recipe's own."""
    recipe = copy.copy(recipe)
    for name in ("batch", "learning_rate", "patience"):
        value = getattr(options, name)
        if value is not None:
            setattr(recipe, name, value)
    return recipe


def _build(fit: Fit, options: Options) -> tuple[Any, Any]:
    """The model that is trained, and the one in float32, on this process's own device, that will be shipped.

    The second is tried before the first is trained: what would be shipped of it must fit its contract.
    """
    recipe, data = fit.recipe, fit.data
    with readable(recipe, "in build()"):
        with fit.devices.strategy.scope():
            set_precision(options.precision)
            model = recipe.build(data, fit.plan)
            check_model(model, data)
            if hasattr(model.optimizer, "build"):  # those of tf_keras.optimizers.legacy have none, and need none
                model.optimizer.build(model.trainable_variables)  # or its slots could not be restored
        set_precision("float32")
        shipped = recipe.build(data, fit.plan)
    check_rebuilt(model, shipped)
    with readable(recipe, "in deliver(), which is tried before training"):
        for part, delivery in recipe.deliver(shipped, data).items():
            check_delivery(part, delivery)
    if options.xla:
        model.jit_compile = True
    set_precision(options.precision)
    return model, shipped


def _carry_out(fit: Fit, working: Working, model: Any, key: dict[str, Any]) -> State:
    digest = int(hashlib.sha256(json.dumps(key).encode()).hexdigest()[:12], 16)
    if not fit.devices.agree(digest):
        raise UsageError("The machines do not train the same: their recipe, options or data differ", got=key)
    with fit.devices.strategy.scope():
        states = StateFolder(working.states, model)
        state = states.read(key, fit.devices.least(newest_state(working.states)))
    with readable(fit.recipe, "while it is trained"):
        return fit.carry_out(model, states, state)


def _deliver(
    fit: Fit, shipped: Any, state: State, options: Options, name: str
) -> tuple[dict[str, Delivery], dict[str, TrainedModel], Whole | None]:
    with readable(fit.recipe, "in deliver(); once that is put right, --resume goes on from there"):
        deliveries = fit.recipe.deliver(shipped, fit.data)
        documents = {
            part: _document(fit.recipe.name, part, delivery, _provenance(fit.data, delivery, state, options, name))
            for part, delivery in deliveries.items()
        }
        return deliveries, documents, fit.recipe.whole(fit.data)


def _key(fit: Fit, model: Any, options: Options) -> dict[str, Any]:
    """What must be the same for a training to be gone on with."""
    return {
        "recipe": fit.recipe.name,
        "data_sha256": fit.data.digest,
        "seed": options.seed,
        "epochs": fit.plan.epochs,
        "batch": fit.recipe.batch,
        "learning_rate": fit.recipe.learning_rate,
        "patience": fit.recipe.patience,
        "precision": options.precision,
        "xla": options.xla,
        "parameters": model.count_params(),
    }


def _document(name: str, part: str, delivery: Delivery, provenance: dict[str, Any]) -> TrainedModel:
    return TrainedModel(
        format="litefoot-trained",
        version=1,
        name=part if part == name else f"{name}-{part}",
        contract=delivery.contract,
        metric_value=metric_value(delivery),
        provenance=provenance,
    )


def _provenance(data: Data, delivery: Delivery, state: State, options: Options, name: str) -> dict[str, Any]:
    return {
        **state.key,
        AGAIN: {"recipe": name if name in RECIPES else str(Path(name).resolve()), "data": options.asked_data},
        "origin": data.origin,
        "quick": options.quick,
        "epochs_done": state.epoch,
        "best_epoch": state.best,
        "figures": delivery.figures,
        "indices": {part: list(indices) for part, indices in data.indices.items()},
        "python": platform.python_version(),
        "packages": {package: importlib.metadata.version(package) for package in _PACKAGES},
    }


def _write(
    out: Path,
    kept: Path,
    deliveries: dict[str, Delivery],
    documents: dict[str, TrainedModel],
    whole: Whole | None,
    state: State,
    *,
    force: bool,
) -> None:
    with new_folder(out, force=force) as folder:
        for part, delivery in deliveries.items():
            place = folder if len(deliveries) == 1 and whole is None else folder / part
            place.mkdir(exist_ok=True)
            delivery.model.save(place / MODEL)
            documents[part].write(place, delivery.calibration, delivery.evaluation, delivery.targets)
        write_json(folder / "history.json", state.history)
        write_plot(state.history, state.best, folder / "history.png")
        shutil.copytree(kept, folder, dirs_exist_ok=True)
        if whole is not None:
            samples = Golden(whole.evaluation, {}, whole.targets)
            write_arrays(folder / EVALUATION, samples.to_arrays())
            whole.pipeline.write(folder)
