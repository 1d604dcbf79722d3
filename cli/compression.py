"""The options of ``litefoot convert`` that make a model smaller by fine-tuning it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litefoot.runtime.errors import UsageError, require

from .budget_options import budgets_of
from .terminal import say

if TYPE_CHECKING:
    from litefoot.convert import Compression
    from litefoot.runtime.verification.verdict import Verdict

_OPTIONS = ("prune", "cluster", "quantize_aware", "epochs", "loss")


def add_compression(group: argparse._ArgumentGroup) -> None:
    """Declare the options.

    Args:
        group: Of the command.
    """
    group.add_argument("--prune", metavar="SHARE", help="share of weights that become zero, such as 0.8; or 2:4")
    group.add_argument("--cluster", type=int, metavar="N", help="values that the weights of a layer share, such as 16")
    group.add_argument(
        "--quantize-aware", action="store_true", default=None, help="train with the roundings of int8 files"
    )
    group.add_argument(
        "--compress", type=Path, metavar="FILE", help="a recipe of these steps and more, TOML (docs/compression.md)"
    )
    group.add_argument(
        "--training-data",
        metavar="DATA",
        help="labelled samples to fine-tune on, in the forms of --calibration (default: those of the TrainedModel)",
    )
    group.add_argument("--loss", metavar="NAME", help="of Keras (default: the model's own, or one for its outputs)")
    group.add_argument(
        "--epochs", type=int, metavar="N", help="passes over the training data in each step (default: 8 or more)"
    )


def asked_compression(arguments: argparse.Namespace) -> Compression | None:
    """The compression that is asked for.

    Args:
        arguments: What was parsed.

    Returns:
        It; None where none is.
    """
    from litefoot.convert.compress import choose_compression

    compression = choose_compression(arguments.compress, {name: getattr(arguments, name) for name in _OPTIONS})
    if compression is None and arguments.training_data and budgets_of(arguments) is None:
        what = "--training-data is for a compression"
        raise UsageError(what, fix="--prune, --cluster, --quantize-aware, or a budget of which litefoot chooses one")
    return compression


def can_fine_tune(arguments: argparse.Namespace) -> bool:
    """Whether there is something to fine-tune a model with.

    Args:
        arguments: What was parsed.

    Returns:
        Whether training data were given, or come with the model.
    """
    from litefoot.convert.source import is_trained

    return bool(arguments.training_data) or is_trained(Path(arguments.source))


def training_data(arguments: argparse.Namespace, compression: Compression) -> Any:
    """What the model is fine-tuned with: what was given, or what it was trained with.

    Args:
        arguments: What was parsed.
        compression: Whose loss counts where it has one.

    Returns:
        What `litefoot.convert.convert` takes.
    """
    from litefoot.convert import TrainingData
    from litefoot.convert.source import is_trained

    source = Path(arguments.source)
    if arguments.training_data or not is_trained(source):
        return arguments.training_data
    require("litefoot.train", "train")
    from litefoot.train import trained_with

    return TrainingData(**vars(trained_with(source, needs_loss=compression.loss is None)))


def calibration_data(arguments: argparse.Namespace) -> str | None:
    """What activation ranges are measured on: training samples will do where there are others to judge on.

    Args:
        arguments: What was parsed.

    Returns:
        The samples; None without.
    """
    given: str | None = arguments.calibration
    if given is None and arguments.training_data and arguments.evaluation:
        from litefoot.convert.source import is_trained

        return None if is_trained(Path(arguments.source)) else str(arguments.training_data)
    return given


def say_change(verdict: Verdict) -> None:
    """Say how far an artifact is from the model before compression, where there was one.

    Args:
        verdict: Of the artifact.
    """
    drift = verdict.worst.from_original
    if drift is not None:
        figures = f"{drift.sqnr_db:.1f} dB, max |err| {drift.max_abs:.2g}"
        say(f"{verdict.artifact} against the model before compression: {figures}")


@contextmanager
def saying_how_to_go_on(arguments: argparse.Namespace) -> Iterator[None]:
    """Say at an interrupt that what was finished is not lost.

    Args:
        arguments: What was parsed.

    Yields:
        Nothing.
    """
    try:
        yield
    except KeyboardInterrupt:
        beside = (arguments.out.with_name(f"{arguments.out.name}.{what}") for what in ("compressing", "trials"))
        if any(folder.is_dir() for folder in beside):
            sys.stderr.write("interrupted; the same command goes on where it was\n")
        raise
