"""From a recipe to a TrainedModel folder: load, fit, bring to float32, deliver."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litefoot.runtime.errors import OutputExists, UsageError, require
from litefoot.runtime.storage.folder import check_free, new_folder, write_arrays, write_json
from litefoot.runtime.storage.golden import Golden
from litefoot.runtime.storage.trained import EVALUATION, MODEL, TrainedModel

from .data.samples import Data
from .delivery import metric_value
from .fitting.determinism import make_deterministic
from .fitting.devices import Devices, Precision, find_devices, set_precision
from .fitting.loop import Fit, Progress
from .fitting.plot import write_plot
from .fitting.state import State, StateFolder
from .recipe import Delivery, Plan, Recipe, Request, Whole, find_recipe

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

    def check(self) -> None:
        """Refuse values that mean nothing.

        Raises:
            UsageError: One of them does.
        """
        for name, value in (("epochs", self.epochs), ("batch", self.batch), ("patience", self.patience)):
            if value is not None and value < 1:
                raise UsageError(f"The number of {name} is at least one", got=value)
        if self.learning_rate is not None and not self.learning_rate > 0:
            raise UsageError("A learning rate is above zero", got=self.learning_rate)
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
        devices: On what it was trained.
    """

    folder: Path
    documents: dict[str, TrainedModel]
    samples: dict[str, int]
    parameters: int
    epochs: int
    best: int
    devices: str


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
        UsageError: There is no such recipe, or `out` cannot be written.
        SampleError: The data are not what the recipe takes.
        MissingDependency: The extra ``train`` is not installed.
        TrainingFailed: The loss is no longer finite.
    """
    options = options or Options()
    options.check()
    recipe = find_recipe(name)
    check_free(out, force=force)
    working = _working_folder(out, force=force, resume=resume)
    for module in ("sklearn", "matplotlib"):
        require(module, "train")
    make_deterministic(options.seed)
    devices = find_devices()
    _adjust(recipe, options)
    data = recipe.load(Request(options.source, options.quick, options.seed))
    plan = _plan(recipe, data, options)
    model = _build(recipe, data, plan, devices, options)
    states = StateFolder(working / f"worker-{devices.worker}", model)
    state = states.read(_key(recipe, data, plan, options))
    state = Fit(recipe, data, plan, options.seed, working, progress).carry_out(model, states, state)
    shipped = _in_float32(recipe, data, plan, model)
    deliveries = recipe.deliver(shipped, data)
    documents = {
        part: _document(recipe.name, part, delivery, _provenance(data, delivery, state, options))
        for part, delivery in deliveries.items()
    }
    if devices.is_chief:
        _write(out, working, deliveries, documents, recipe.whole(data), state, force=force)
    return Trained(
        folder=out,
        documents=documents,
        samples={name: len(samples) for name, samples in data.parts.items()},
        parameters=sum(delivery.model.count_params() for delivery in deliveries.values()),
        epochs=state.epoch,
        best=state.best,
        devices=str(devices),
    )


def _working_folder(out: Path, *, force: bool, resume: bool) -> Path:
    """Where the state is while training goes on, beside what it will become."""
    working = out.with_name(f"{out.name}.training")
    if working.exists() and not resume:
        if not force:
            raise OutputExists(
                "A training to this folder was interrupted",
                where=working,
                fix="--resume to go on with it, or --force to begin anew",
            )
        shutil.rmtree(working)
    return working


def _adjust(recipe: Recipe, options: Options) -> None:
    """What the user asked for stands above the recipe's own."""
    for name in ("batch", "learning_rate", "patience"):
        value = getattr(options, name)
        if value is not None:
            setattr(recipe, name, value)


def _plan(recipe: Recipe, data: Data, options: Options) -> Plan:
    epochs = options.epochs or (recipe.quick_epochs if options.quick else recipe.epochs)
    return Plan(epochs, -(-len(data.train) // recipe.batch), recipe.learning_rate)


def _build(recipe: Recipe, data: Data, plan: Plan, devices: Devices, options: Options) -> Any:
    with devices.strategy.scope():
        set_precision(options.precision)
        model = recipe.build(data, plan)
        if options.xla:
            model.jit_compile = True
    return model


def _in_float32(recipe: Recipe, data: Data, plan: Plan, model: Any) -> Any:
    """The same model, in float32, on this process's own device."""
    weights = model.get_weights()
    set_precision("float32")
    shipped = recipe.build(data, plan)
    shipped.set_weights(weights)
    return shipped


def _key(recipe: Recipe, data: Data, plan: Plan, options: Options) -> dict[str, Any]:
    """What must be the same for a training to be gone on with."""
    return {
        "recipe": recipe.name,
        "data_sha256": data.digest,
        "seed": options.seed,
        "epochs": plan.epochs,
        "batch": recipe.batch,
        "learning_rate": recipe.learning_rate,
        "patience": recipe.patience,
        "precision": options.precision,
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


def _provenance(data: Data, delivery: Delivery, state: State, options: Options) -> dict[str, Any]:
    return {
        **state.key,
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
    working: Path,
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
        for entry in working.iterdir():
            if not entry.name.startswith("worker-"):
                shutil.move(entry, folder / entry.name)
        if whole is not None:
            samples = Golden(whole.evaluation, {}, whole.targets)
            write_arrays(folder / EVALUATION, samples.to_arrays())
            whole.pipeline.write(folder)
    shutil.rmtree(working)
