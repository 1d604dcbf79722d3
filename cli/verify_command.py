"""Replay every artifact of a bundle against the full-precision model's recorded answers, on this machine's engines."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .junit import add_junit, cases_of, write_junit
from .terminal import Advance, print_json, print_table, progress_bar, say, thread_count
from .verdicts import DRIFT_COLUMNS, drift_cells, exit_code

if TYPE_CHECKING:
    from litefoot.runtime import Verdict

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
    add_junit(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Carry out the command.

    Args:
        arguments: What was parsed.

    Returns:
        The exit code: 0 when every artifact passed, else 1.
    """
    from litefoot.runtime.generation.document import is_pipeline

    with progress_bar("verifying") as advance:
        verify = _verify_whole if is_pipeline(arguments.bundle) else _verify
        title, verdicts = verify(arguments.bundle, arguments.artifact, arguments.threads, advance)
    if arguments.junit:
        write_junit(arguments.junit, title, [case for verdict in verdicts for case in cases_of(verdict)])
    if arguments.json:
        print_json([{"status": verdict.status, "reason": verdict.reason, "verdict": verdict} for verdict in verdicts])
    else:
        rows = [[verdict.artifact, verdict.engine, *drift_cells(verdict)] for verdict in verdicts]
        print_table(title, ("artifact", "engine", *DRIFT_COLUMNS), rows)
        for verdict in verdicts:
            if verdict.reason:
                say(f"{verdict.artifact} {verdict.status}: {verdict.reason}")
    return exit_code([verdict.status for verdict in verdicts])


def _verify(folder: Path, asked: list[str] | None, threads: int | str, advance: Advance) -> tuple[str, list[Verdict]]:
    from litefoot.runtime import Bundle, load

    bundle = Bundle(folder)
    bundle.check()
    golden = bundle.golden()
    names = asked or [artifact.name for artifact in bundle.artifacts]
    verdicts = []
    for i, name in enumerate(names):
        verdicts.append(load(folder, artifact=name, threads=threads).selftest(golden))
        advance(name, i + 1, len(names))
    return f"{bundle.manifest.name}: {len(golden)} samples against the full-precision model", verdicts


def _verify_whole(
    folder: Path, asked: list[str] | None, threads: int | str, advance: Advance
) -> tuple[str, list[Verdict]]:
    """Each part by itself, then what they generate together."""
    from dataclasses import replace

    from litefoot.runtime.generation.document import read_golden, read_pipeline
    from litefoot.runtime.generation.generator import load_pipeline

    document, golden = read_pipeline(folder), read_golden(folder)
    by_part = {}
    for part in document.parts:
        own = None if asked is None else list(dict.fromkeys(document.own(part, name) for name in asked))
        by_part[part] = _verify(folder / part, own, threads, advance)[1]
    verified = {part: [verdict.artifact for verdict in found] for part, found in by_part.items()}
    names = [*verified[document.parts[-1]], *document.mixtures] if asked is None else asked
    shared = [
        name
        for name in dict.fromkeys(names)
        if all(document.own(part, name) in found for part, found in verified.items())
    ]
    verdicts = [
        replace(verdict, artifact=f"{part}/{verdict.artifact}") for part in by_part for verdict in by_part[part]
    ]
    for i, name in enumerate(shared):
        verdicts.append(load_pipeline(folder, artifact=name, threads=threads).selftest(golden))
        advance(f"generate by {name}", i + 1, len(shared))
    return (
        f"{document.name}: its parts against the full-precision models, and {len(golden)} samples generated",
        verdicts,
    )
