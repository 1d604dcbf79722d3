"""Convert a trained model to TFLite and ONNX, replay each file against the full-precision model, write a bundle."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from litefoot.runtime.errors import require

from .terminal import print_json, print_table, progress_bar, say
from .verdicts import DRIFT_COLUMNS, drift_cells, exit_code

if TYPE_CHECKING:
    from litefoot.convert.report import Report

HELP = "convert a trained model to a verified bundle"
_STAGE_FAILED = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments.

    Args:
        parser: Of the command.
    """
    parser.add_argument("source", type=Path, help="folder that `litefoot train` wrote")
    parser.add_argument("--out", type=Path, required=True, help="bundle to write")
    parser.add_argument("--variants", nargs="+", metavar="NAME", help="make only these, for example int8.tflite")
    parser.add_argument("--time-limit", type=float, default=600.0, help="seconds for each conversion (default 600)")
    parser.add_argument("--force", action="store_true", help="replace the output folder")
    parser.add_argument("--json", action="store_true", help="print report.json instead of the table")


def execute(arguments: argparse.Namespace) -> int:
    """Carry out the command.

    Args:
        arguments: What was parsed.

    Returns:
        The exit code: 5 when a variant could not be made, else 1 when an artifact did not pass, else 0.

    Raises:
        MissingDependency: The room that converts is not installed.
    """
    require("litefoot.convert", "convert")
    from litefoot.convert import convert

    with progress_bar("converting") as advance:
        conversion = convert(
            arguments.source,
            out=arguments.out,
            variants=arguments.variants,
            force=arguments.force,
            time_limit=arguments.time_limit,
            progress=advance,
        )
    report = conversion.report
    if arguments.json:
        print_json(report)
    else:
        _show(report)
        say(f"\nbundle  {conversion.bundle}\nreport  {conversion.bundle / 'report.html'}")
    return _STAGE_FAILED if report.failures else exit_code([artifact.status for artifact in report.artifacts])


def _show(report: Report) -> None:
    rows = [
        [
            artifact.name,
            f"{artifact.bytes:,}",
            f"{artifact.gzip_bytes:,}",
            f"{artifact.p50_ms:.4f}",
            "-" if artifact.p50_ratio is None else f"{artifact.p50_ratio:.2f}",
            *drift_cells(artifact.verdict),
        ]
        for artifact in report.artifacts
    ]
    columns = ("artifact", "bytes", "gzip", "p50 ms", "x fp32.tflite", *DRIFT_COLUMNS)
    print_table(f"{report.name}: {report.samples} samples against the full-precision model", columns, rows)
    for artifact in report.artifacts:
        if artifact.reason:
            say(f"{artifact.name} {artifact.status}: {artifact.reason}")
    for failure in report.failures:
        say(f"\n{failure.name} was not made: {failure.message}")
    if report.recommended:
        say(f"recommended: {report.recommended[0]}, the smallest that passed")
