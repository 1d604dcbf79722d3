"""Replay every artifact of a bundle against the full-precision model's recorded answers, on this machine's engines."""

from __future__ import annotations

import argparse
from pathlib import Path

from .terminal import print_json, print_table, progress_bar, say, thread_count
from .verdicts import DRIFT_COLUMNS, drift_cells, exit_code

HELP = "replay a bundle's artifacts and judge them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments.

    Args:
        parser: Of the command.
    """
    parser.add_argument("bundle", type=Path, help="bundle folder")
    parser.add_argument("--artifact", action="append", metavar="NAME", help="only this one; may be repeated")
    parser.add_argument("--threads", type=thread_count, default=1, help="inside one inference, or auto (default 1)")
    parser.add_argument("--json", action="store_true", help="print the verdicts as JSON")


def execute(arguments: argparse.Namespace) -> int:
    """Carry out the command.

    Args:
        arguments: What was parsed.

    Returns:
        The exit code: 0 when every artifact passed, else 1.
    """
    from litefoot.runtime import Bundle, load

    bundle = Bundle(arguments.bundle)
    bundle.check()
    golden = bundle.golden()
    names = arguments.artifact or [artifact.name for artifact in bundle.artifacts]
    verdicts = []
    with progress_bar("verifying") as advance:
        for i, name in enumerate(names):
            model = load(arguments.bundle, artifact=name, threads=arguments.threads)
            verdicts.append(model.selftest(golden))
            advance(name, i + 1, len(names))
    if arguments.json:
        print_json([{"status": verdict.status, "reason": verdict.reason, "verdict": verdict} for verdict in verdicts])
    else:
        rows = [[verdict.artifact, verdict.engine, *drift_cells(verdict)] for verdict in verdicts]
        title = f"{bundle.manifest.name}: {len(golden)} samples against the full-precision model"
        print_table(title, ("artifact", "engine", *DRIFT_COLUMNS), rows)
        for verdict in verdicts:
            if verdict.reason:
                say(f"{verdict.artifact} {verdict.status}: {verdict.reason}")
    return exit_code([verdict.status for verdict in verdicts])
