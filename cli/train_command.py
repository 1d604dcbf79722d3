"""Train a recipe to a folder that `litefoot convert` takes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from litefoot.runtime.errors import UsageError, require

from .terminal import print_json, progress_bar, say

if TYPE_CHECKING:
    from litefoot.train import Trained

HELP = "train a recipe"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments.

    Args:
        parser: Of the command.
    """
    parser.add_argument("recipe", nargs="?", help="one of --list, or a Python file with a recipe of your own")
    parser.add_argument("--out", type=Path, help="folder to write")
    parser.add_argument("--list", action="store_true", help="show the recipes")
    parser.add_argument("--data", type=Path, metavar="PATH", help="your own data (default: the recipe's)")
    parser.add_argument("--quick", action="store_true", help="a small data set and few epochs, without a network")
    parser.add_argument("--seed", type=int, default=0, help="of the split, the weights and the order (default 0)")
    parser.add_argument("--epochs", type=int, help="passes over the data (default: the recipe's own)")
    parser.add_argument("--batch", type=int, help="samples in a batch (default: the recipe's own)")
    parser.add_argument("--learning-rate", type=float, help="at its highest (default: the recipe's own)")
    parser.add_argument("--patience", type=int, help="epochs without a better result before it stops")
    parser.add_argument("--mixed-precision", action="store_true", help="compute in 16 bits; float32 is written")
    parser.add_argument("--xla", action="store_true", help="compile the training step with XLA")
    parser.add_argument("--resume", action="store_true", help="go on where a training to this folder was interrupted")
    parser.add_argument("--force", action="store_true", help="replace the output folder")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def execute(arguments: argparse.Namespace) -> int:
    """Carry out the command.

    Args:
        arguments: What was parsed.

    Returns:
        The exit code.

    Raises:
        MissingDependency: The room that trains is not installed.
    """
    require("litefoot.train", "train")
    if arguments.list:
        return _list()
    if arguments.recipe is None or arguments.out is None:
        raise UsageError("A recipe and the folder to write are needed", fix="litefoot train digits --out runs/digits")
    from litefoot.train import Options, interrupted, train

    options = Options(
        source=arguments.data,
        quick=arguments.quick,
        seed=arguments.seed,
        epochs=arguments.epochs,
        batch=arguments.batch,
        learning_rate=arguments.learning_rate,
        patience=arguments.patience,
        precision="mixed" if arguments.mixed_precision else "float32",
        xla=arguments.xla,
    )
    try:
        with progress_bar(f"training {Path(arguments.recipe).stem}") as advance:
            trained = train(
                arguments.recipe,
                arguments.out,
                options=options,
                force=arguments.force,
                resume=arguments.resume,
                progress=lambda done, total, figures: advance(
                    " ".join(f"{name} {value:.4f}" for name, value in figures.items()), done, total
                ),
            )
    except KeyboardInterrupt:
        epochs = interrupted(arguments.out)
        if not epochs:
            raise
        sys.stderr.write(f"interrupted; the same command with --resume goes on after epoch {epochs}\n")
        return 130
    if arguments.json:
        documents = list(trained.documents.values())
        print_json(documents[0] if len(documents) == 1 else documents)
        return 0
    _show(trained)
    return 0


def _list() -> int:
    from litefoot.train import RECIPES, find_recipe

    recipes = [find_recipe(name) for name in RECIPES]
    for recipe in sorted(recipes, key=lambda recipe: recipe.name):
        say(f"{recipe.name:<12} {recipe.summary}")
    return 0


def _show(trained: Trained) -> None:
    say(f"{trained.parameters:,} weights, {trained.epochs} epochs on {trained.devices}, the best was {trained.best}")
    say("samples: " + ", ".join(f"{count:,} {part}" for part, count in trained.samples.items()))
    for document in trained.documents.values():
        metric = document.contract.metric
        if metric is not None and document.metric_value is not None:
            say(f"{document.name}: test {metric.name} {document.metric_value:.4f}")
        for name, value in document.provenance.get("figures", {}).items():
            say(f"{document.name}: {name} {value:.4f}")
        say(f"{document.name}: data {document.provenance['data_sha256'][:16]}, seed {document.provenance['seed']}")
    say(f"written to {trained.folder}" if trained.written else "the first of the machines has written it")
