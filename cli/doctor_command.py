"""Show what this machine is, try each engine in a process of its own, and say what to install."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .terminal import print_json, print_table, say

if TYPE_CHECKING:
    from litefoot.runtime.machine.doctor import Diagnosis

HELP = "show what this machine is and which engines work on it"
_MISSING = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments.

    Args:
        parser: Of the command.
    """
    parser.add_argument("--json", action="store_true", help="print the diagnosis as JSON")


def execute(arguments: argparse.Namespace) -> int:
    """Carry out the command.

    Args:
        arguments: What was parsed.

    Returns:
        The exit code: 0 when an engine works and none crashes or fails, else 3.
    """
    from litefoot.runtime.machine.doctor import diagnose

    diagnosis = diagnose()
    if arguments.json:
        print_json(diagnosis)
    else:
        _show(diagnosis)
    return 0 if diagnosis.healthy else _MISSING


def _show(diagnosis: Diagnosis) -> None:
    memory = "unknown"
    if diagnosis.memory_bytes is not None and diagnosis.available_bytes is not None:
        memory = f"{diagnosis.memory_bytes / 1e9:.1f} GB, {diagnosis.available_bytes / 1e9:.1f} GB available"
    say(f"board    {diagnosis.board}, {diagnosis.architecture}, {diagnosis.cores} cores, memory {memory}")
    say(f"vectors  {' '.join(diagnosis.features) or 'none known'}")
    say(f"system   {diagnosis.c_library}, Python {diagnosis.python} ({diagnosis.bits} bits), numpy {diagnosis.numpy}")
    if diagnosis.temperature_celsius is not None:
        state = {None: "", False: ", not throttled", True: ", THROTTLED"}[diagnosis.throttled]
        say(f"heat     {diagnosis.temperature_celsius:.1f} C{state}")
    rows = [[engine.name, engine.status, engine.version or engine.problem or "-"] for engine in diagnosis.engines]
    print_table("engines", ("engine", "status", "version or problem"), rows)
    for line in diagnosis.advice:
        say(f"- {line}")
