"""Having a model compressed: what it is fine-tuned with, the folder beside the result, and the worker that does it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import OutputExists, SampleError, TrainingFailed, UsageError
from litefoot.runtime.storage.codec import decode, encode
from litefoot.runtime.storage.folder import write_json

from ..data import Given, read_data
from ..kept import Kept, digest
from ..source import CompressedForm, Description, Source
from ..workers.pool import Job, Workers
from ..workers.process import Progress
from .losses import choose_loss
from .recipe import Compression
from .steps import StepReport
from .training_data import TrainingData

KEY = "key.json"
_LEAST_SAMPLES = 10


@dataclass(frozen=True)
class CompressionReport:
    """What a compression did, for the report.

    Attributes:
        recipe: What was asked for.
        steps: What each step did.
        samples: How many samples the model was fine-tuned with.
        source: Where those are from.
        resumed: Whether it went on where it had been interrupted.
    """

    recipe: Compression
    steps: tuple[StepReport, ...]
    samples: int
    source: str
    resumed: bool

    @property
    def left(self) -> dict[str, tuple[str, ...]]:
        """For a step's name, the layers that it left alone."""
        return {step.name: tuple(step.left) for step in self.steps}

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know."""
        lines = [f"compressed: {self.recipe}; fine-tuned on {self.samples:,} samples of {self.source}"]
        if self.resumed:
            lines.append("the compression went on where it had been interrupted")
        for step in self.steps:
            lines.append(f"{step.name}: {step.epochs} epochs, the best was {step.best}")
            if step.left:
                layers = ", ".join(f"{name} ({kind})" for name, kind in step.left.items())
                lines.append(f"{step.name} left these layers as they were: {layers}{self._why_left(step.name)}")
        lines.append(
            "files are compared value by value with the compressed model in float; whether it is still good enough is"
            " told by the metric, against the model before compression"
        )
        return tuple(lines)

    def _why_left(self, step: str) -> str:
        if step == "prune" and self.recipe.prune is not None:
            return _SUITED.get(self.recipe.prune.pattern, "")
        quantized = "; in int8 files they are quantized after training or stay in float, in mixed ones too"
        return quantized if step == "quantize_aware" else ""


_SUITED = {
    "2:4": "; groups of four are cut from the input's channels of dense layers and convolutions, if four divides them",
    "block": "; blocks of four are cut from matrices, the kernels of dense layers and 1 x 1 convolutions",
    "xnnpack": "; XNNPACK has sparse kernels for 1 x 1 convolutions",
}


def take_training(
    given: Given | TrainingData | None, contract: ModelContract, found: Description, compression: Compression
) -> TrainingData:
    """Read and check what a model is fine-tuned with.

    Args:
        given: What the caller has.
        contract: Of the model.
        found: The model, as a worker found it.
        compression: Whose loss counts where it has one.

    Returns:
        The training data, with a loss.

    Raises:
        UsageError: The model cannot be compressed, or there is nothing to fine-tune it with.
        SampleError: The samples do not fit the model.
    """
    if not found.compressible:
        raise UsageError("This model cannot be compressed", where=f"model {found.name}", got="; ".join(found.notes))
    if contract.state:
        raise UsageError(
            "A model of one step cannot be fine-tuned: its training goes through whole sequences",
            where=f"model {found.name}",
            fix="train it smaller, or convert it without compression: dynamic and int8 files are small too",
        )
    if given is None:
        raise UsageError(
            "A compression fine-tunes the model, and there is nothing to do that with",
            fix="--training-data DATA with labels; a folder that `litefoot train` wrote brings its own",
        )
    data = given if isinstance(given, TrainingData) else _read(given, contract)
    _check(data, contract)
    return replace(data, loss=choose_loss(contract, data, compression.loss))


def _read(given: Given, contract: ModelContract) -> TrainingData:
    read = read_data(given, contract, what="training")
    if read.targets is None:
        raise UsageError(
            "Training data need labels",
            where=read.source,
            fix="an array named labels, a folder for each class, or a column named label",
        )
    return TrainingData(read.inputs, read.targets, source=read.source)


def _check(data: TrainingData, contract: ModelContract) -> None:
    names = [spec.name for spec in contract.inputs]
    if sorted(data.inputs) != sorted(names):
        raise SampleError("The training data are for other inputs", got=sorted(data.inputs), expected=sorted(names))
    targets = data.targets if isinstance(data.targets, dict) else {"": data.targets}
    outputs = [spec.name for spec in contract.outputs]
    if isinstance(data.targets, dict) and not set(outputs) <= set(targets):
        raise SampleError("Some outputs have no right answers", got=sorted(targets), expected=sorted(outputs))
    counts = {len(array) for array in (*data.inputs.values(), *targets.values())}
    if len(counts) != 1 or min(counts) < _LEAST_SAMPLES:
        raise SampleError(
            "The training data are too few, or not as many answers as samples",
            where=data.source,
            got=sorted(counts),
            expected=f"{_LEAST_SAMPLES} of each at least",
        )


@dataclass(frozen=True)
class Working:
    """The folder where a compression keeps its state until the bundle is there: ``OUT.compressing``.

    Attributes:
        kept: The folder.
        key: What must be the same for a compression to be gone on with.
        compression: The steps.
        data: What the model is fine-tuned with.
    """

    kept: Kept
    key: dict[str, Any]
    compression: Compression
    data: TrainingData

    @classmethod
    def of(cls, out: Path, source: Source, compression: Compression, data: TrainingData) -> Working:
        """The folder for a bundle.

        Args:
            out: The bundle.
            source: The model.
            compression: The steps.
            data: What it is fine-tuned with.

        Returns:
            The folder; it need not be there.
        """
        given = {"rest": data.rest, **data.arrays}
        key = {"model": digest(Path(source.path)), "data": digest(given), "recipe": encode(compression)}
        return cls(Kept(out, ".compressing"), json.loads(json.dumps(key)), compression, data)

    @property
    def path(self) -> Path:
        """The folder's path."""
        return self.kept.path

    def make(self, *, force: bool) -> bool:
        """Make the folder.

        Args:
            force: Begin anew where another compression was interrupted.

        Returns:
            Whether there is something to go on with.

        Raises:
            OutputExists: Another compression was interrupted, or a folder of this name is not litefoot's.
        """
        self.kept.make()
        key = self.path / KEY
        if key.is_file() and json.loads(key.read_text(encoding="utf-8")) != self.key:
            if not force:
                raise OutputExists(
                    "Another compression to this folder was interrupted: its model, data or steps differ",
                    where=self.path,
                    fix="the same options to go on with it, or --force to begin anew",
                )
            self.remove()
            self.kept.make()
        write_json(key, self.key)
        return self.kept.holds(KEY)

    def remove(self) -> None:
        """Remove it: the bundle is there."""
        self.kept.remove()

    def carry_out(
        self, workers: Workers, source: Source, scratch: Path, progress: Progress, *, force: bool
    ) -> tuple[Source, CompressionReport]:
        """Have the model compressed.

        Args:
            workers: Who does it.
            source: The model.
            scratch: A folder for what has to be written.
            progress: Called several times a second.
            force: Begin anew where another compression was interrupted.

        Returns:
            The model with its compressed form, and what was done.

        Raises:
            OutputExists: Another compression was interrupted.
            UsageError: A step takes no layer of this model, or the training data do not fit.
            TrainingFailed: The loss is no longer finite.
        """
        compression, data = self.compression, self.data
        resumed = self.make(force=force)
        training = scratch / "training.npz"
        data.write(training)
        task = {
            "source": encode(source),
            "compression": encode(compression),
            "training": str(training.resolve()),
            "folder": str(self.path.resolve()),
        }
        job = Job("the compression", "compress", task, lane="keras", time_limit=math.inf)
        try:
            answer = workers.ask(job, progress)
        except (TrainingFailed, UsageError):  # to go on from there would end there again
            self.remove()
            raise
        steps = decode(tuple[StepReport, ...], answer, "steps")
        aware = compression.quantize_aware
        form = CompressedForm(
            folder=str(self.path.resolve()),
            one_scale=compression.one_scale,
            trained_tflite=task if aware is not None else None,
            trained_onnx=aware is not None and aware.carry_ranges,
        )
        report = CompressionReport(compression, steps, len(data), data.source, resumed)
        return replace(source, compressed=form), report
