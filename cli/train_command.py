"""Train a recipe to a folder that `litefoot convert` takes."""

from __future__ import annotations

import argparse
from pathlib import Path

from litefoot.runtime.errors import require

from .terminal import print_json, progress_bar, say

HELP = "train a recipe"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments.

    Args:
        parser: Of the command.
    """
    parser.add_argument("recipe", help="name of the recipe: digits")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--seed", type=int, default=0, help="of the split, the weights and the order (default 0)")
    parser.add_argument("--epochs", type=int, help="passes over the data (default: the recipe's own)")
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
    from litefoot.train import train

    with progress_bar(f"training {arguments.recipe}") as advance:
        trained = train(
            arguments.recipe,
            arguments.out,
            seed=arguments.seed,
            epochs=arguments.epochs,
            force=arguments.force,
            progress=lambda done, total, figures: advance(
                " ".join(f"{name} {value:.4f}" for name, value in figures.items()), done, total
            ),
        )
    if arguments.json:
        print_json(trained.document)
        return 0
    document = trained.document
    say(f"{document.name}: {trained.parameters:,} weights, trained on {trained.train_samples} samples")
    say(f"test accuracy {document.metric_value:.2%} on {trained.test_samples} samples not trained on")
    say(f"data {document.provenance['data_sha256'][:16]}, seed {arguments.seed}")
    say(f"written to {trained.folder}")
    return 0
