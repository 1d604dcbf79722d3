"""What a compression is made of, read from a TOML file or from the options of the command."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from litefoot.runtime.errors import BadDocument, UsageError, first_line
from litefoot.runtime.storage.codec import decode

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Pattern = Literal["single", "2:4", "block", "xnnpack"]
PATTERNS: tuple[Pattern, ...] = get_args(Pattern)


@dataclass(frozen=True)
class Prune:
    """Magnitude pruning: the smallest weights become zero, more of them from batch to batch.

    The share of zeros rises as ``s(t) = s_f (1 - (1 - t / T)^3)``: Zhu and Gupta, "To prune, or not to prune",
    arXiv:1710.01878, equation 1, from a share of zero.

    Attributes:
        sparsity: The share of zeros at the end, in 0..1, in each layer that is pruned.
        pattern: ``single``: weight by weight; ``2:4``: two of each four neighbours; ``block``: one by four weights at a
            time; ``xnnpack``: weight by weight, and only in the layers that XNNPACK's sparse kernels take.
        settled: The share of the batches at whose end `sparsity` is reached; the rest lets the weights recover.
    """

    sparsity: float = 0.5
    pattern: Pattern = "single"
    settled: float = 0.6

    def check(self) -> None:
        """Refuse values that mean nothing.

        Raises:
            UsageError: One of them does.
        """
        if not 0.0 < self.sparsity < 1.0:
            raise UsageError("A sparsity is the share of zeros", got=self.sparsity, expected="above 0, below 1")
        if self.pattern == "2:4" and self.sparsity != 0.5:
            raise UsageError("Two of four are half", got=f"sparsity {self.sparsity}", expected="sparsity 0.5")
        if not 0.0 < self.settled <= 1.0:
            raise UsageError("settled is a share of the batches", got=self.settled, expected="above 0, at most 1")


@dataclass(frozen=True)
class Cluster:
    """Weight clustering: the weights of a layer share a few values.

    Batch normalisation is folded into the convolution before, or that would make as many values of them as there are
    channels. For the same reason weights in 8 bits then have one scale for a whole layer.

    Attributes:
        clusters: How many values.
        per_channel: Whether each output channel of a convolution has values of its own: as many times more.
    """

    clusters: int = 16
    per_channel: bool = False

    def check(self) -> None:
        """Refuse values that mean nothing.

        Raises:
            UsageError: One of them does.
        """
        if not 2 <= self.clusters <= 256:
            raise UsageError("The weights of a layer share 2 to 256 values", got=self.clusters)


@dataclass(frozen=True)
class QuantizeAware:
    """Quantization-aware training: weights and activations are rounded in training as int8 files will round them.

    Attributes:
        calibrated: Whether activation ranges begin as training samples have them, rather than at -6..6, from where
            they would need thousands of batches.
        carry_ranges: Whether the ONNX file takes over the ranges that training ended with, rather than those that
            calibration samples have.
    """

    calibrated: bool = True
    carry_ranges: bool = True


@dataclass(frozen=True)
class Compression:
    """The steps, in the order in which they are carried out, and how the model is fine-tuned in each.

    Attributes:
        prune: The first step; None to leave it out.
        cluster: The second; zeros stay zeros where pruning came before.
        quantize_aware: The third; zeros and clusters are kept where the steps before made them.
        epochs: Passes over the training samples in each step, at most; None for 8, or as many as make 500 batches.
        batch: Samples in a batch; None for as many as the model was trained with, else 32.
        learning_rate: Adam's at the beginning of a step; it falls to zero along half a cosine.
        patience: Epochs without a smaller loss on held-back samples after which a step ends; None to go on to the end.
        held_back: The share of the training samples that is not trained on and tells which epoch is the best.
        loss: The name of a loss of Keras; None for the one that the model was trained with, else one for its outputs.
        seed: Of the order of the samples, and of what else is random.
        skip: Names of layers that no step touches.
    """

    prune: Prune | None = None
    cluster: Cluster | None = None
    quantize_aware: QuantizeAware | None = None
    epochs: int | None = None
    batch: int | None = None
    learning_rate: float = 1e-3
    patience: int | None = 3
    held_back: float = 0.1
    loss: str | None = None
    seed: int = 0
    skip: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[str, ...]:
        """The names of the steps, in their order."""
        return tuple(name for name in STEPS if getattr(self, name) is not None)

    @property
    def one_scale(self) -> bool:
        """Whether weights in 8 bits have one scale for a whole layer: one for each channel would undo clusters."""
        return self.cluster is not None and not self.cluster.per_channel

    def check(self) -> Compression:
        """Refuse values that mean nothing.

        Returns:
            Itself.

        Raises:
            UsageError: One of them does, or there is no step.
        """
        if not self.steps:
            raise UsageError("A compression has at least one step", expected="prune, cluster or quantize_aware")
        for step in (self.prune, self.cluster):
            if step is not None:
                step.check()
        for name in ("epochs", "batch", "patience"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"The number of {name} is at least one", got=value)
        if not 0 < self.learning_rate < math.inf:
            raise UsageError("A learning rate is a finite number above zero", got=self.learning_rate)
        if not 0.0 <= self.held_back < 1.0:
            raise UsageError("held_back is a share of the samples", got=self.held_back, expected="from 0, below 1")
        if not 0 <= self.seed < 2**32:
            raise UsageError("A seed is an integer of 32 bits", got=self.seed, expected="0 to 4294967295")
        return self

    def __str__(self) -> str:
        texts = []
        if self.prune is not None:
            pattern = "" if self.prune.pattern == "single" else f" {self.prune.pattern}"
            texts.append(f"prune {self.prune.sparsity:.0%}{pattern}")
        if self.cluster is not None:
            texts.append(f"cluster {self.cluster.clusters}{' per channel' if self.cluster.per_channel else ''}")
        if self.quantize_aware is not None:
            texts.append("quantization-aware training")
        return ", ".join(texts)


STEPS = ("prune", "cluster", "quantize_aware")


def read_compression(path: Path) -> Compression:
    """Read a compression from a file.

    Args:
        path: TOML: the fields of `Compression`, and a table for each step; an empty table takes the defaults.

    Returns:
        The compression, checked.

    Raises:
        UsageError: There is no such file, or it breaks the format.
    """
    if not path.is_file():
        raise UsageError("There is no such compression recipe", where=path)
    try:
        return decode(Compression, tomllib.loads(path.read_text(encoding="utf-8")), path.name).check()
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError("This compression recipe is not TOML", where=path, got=first_line(error)) from error
    except BadDocument as error:
        _, _, facts = str(error).partition("\n")
        raise UsageError(f"This compression recipe breaks its format\n{facts}") from error


def choose_compression(path: Path | None, options: Mapping[str, str | int | None]) -> Compression | None:
    """The compression that the options of the command ask for.

    Args:
        path: Of a recipe; None without.
        options: What was given beside it and stands above it, None where nothing was: ``prune``: a share of zeros or
            the name of a pattern; ``cluster``: a number; ``quantize_aware``: anything; ``epochs`` and ``loss``.

    Returns:
        The compression, checked; None where nothing asks for one.

    Raises:
        UsageError: A value means nothing.
    """
    given = {name: _STEP_OF[name](value) for name, value in options.items() if value is not None}
    if path is None and not given.keys() & set(STEPS):
        if given:
            what = f"--{next(iter(given))} is for a compression"
            raise UsageError(what, fix="--prune, --cluster, --quantize-aware or --compress recipe.toml")
        return None
    recipe = Compression() if path is None else read_compression(path)
    return replace(recipe, **given).check()


def _prune(text: Any) -> Prune:
    if text in PATTERNS:
        return Prune(pattern=text)
    try:
        return Prune(float(text))
    except ValueError as error:
        patterns = ", ".join(PATTERNS)
        raise UsageError("This is no way to prune", got=text, expected=f"a share such as 0.8, or {patterns}") from error


_STEP_OF: dict[str, Callable[[Any], Any]] = {
    "prune": _prune,
    "cluster": lambda count: Cluster(int(count)),
    "quantize_aware": lambda _: QuantizeAware(),
    "epochs": int,
    "loss": str,
}
