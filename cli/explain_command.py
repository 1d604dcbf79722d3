"""Show which layers of a quantized file lose accuracy, the worst first, and which calibration ranges do not fit."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from litefoot.runtime.errors import require

from .terminal import print_json, print_table, say

if TYPE_CHECKING:
    from litefoot.convert.explain import LayerError

HELP = "show where a quantized file loses accuracy"
_COLUMNS = (
    "layer", "operator", "of the noise", "SQNR", "its own", "max steps", "mean", "calibrated", "seen", "clipped",
    "dead",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments.

    Args:
        parser: Of the command.
    """
    parser.add_argument("bundle", type=Path, help="bundle folder")
    parser.add_argument("--artifact", required=True, metavar="NAME", help="for example int8.tflite")
    parser.add_argument(
        "--against", type=Path, metavar="FILE", help="the float file that it was made from (default: the bundle's)"
    )
    parser.add_argument("--data", metavar="DATA", help="samples, as for `litefoot convert` (default: the golden ones)")
    parser.add_argument("--samples", type=int, default=32, metavar="N", help="how many to look at (default 32)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write a page with drawings: .html")
    parser.add_argument("--force", action="store_true", help="replace the page where there is one")
    parser.add_argument("--json", action="store_true", help="print the layers as JSON, in execution order")


def execute(arguments: argparse.Namespace) -> int:
    """Carry out the command.

    Args:
        arguments: What was parsed.

    Returns:
        The exit code.

    Raises:
        MissingDependency: The room that converts is not installed.
    """
    require("litefoot.convert", "convert")
    from litefoot.convert.explain.artifact import explain_artifact
    from litefoot.convert.explain.layers import worst
    from litefoot.convert.explain.page import check_page, write_page

    if arguments.out is not None:
        check_page(arguments.out, force=arguments.force)
    explanation = explain_artifact(
        arguments.bundle,
        arguments.artifact,
        arguments.data,
        float_file=arguments.against,
        limit=arguments.samples,
    )
    if arguments.json:
        print_json(explanation)
    else:
        title = f"{explanation.model}: {explanation.artifact} against {explanation.float_artifact} on"
        rows = [_cells(layer) for layer in worst(explanation.layers)]
        print_table(f"{title} {explanation.evidence}", _COLUMNS, rows)
    if arguments.out is not None:
        write_page(arguments.out, explanation)
        if not arguments.json:
            say(f"{arguments.out}: the same with drawings")
    return 0


def _cells(layer: LayerError) -> list[str]:
    steps = ["-" if figure is None else f"{figure:.2f}" for figure in (layer.max_error_steps, layer.mean_error_steps)]
    ranges = ["-"] * 4
    if (seen := layer.range) is not None:
        ranges = [
            f"{seen.low:.3g}..{seen.high:.3g}",
            f"{seen.seen_low:.3g}..{seen.seen_high:.3g}",
            f"{seen.clipped:.2%}",
            f"{seen.dead:.0%}",
        ]
    decibels = [f"{figure:.1f} dB" for figure in (layer.sqnr_db, layer.own_sqnr_db)]
    return [layer.layer or "?", layer.operator, f"{layer.noise_share:.1%}", *decibels, *steps, *ranges]
