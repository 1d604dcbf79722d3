"""Budgets of bytes and latency: their options, and how the choice is shown."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

from .terminal import print_table, say

if TYPE_CHECKING:
    from litefoot.convert.budgets import Budgets, Choice

_BYTES = {"": 1, "B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "KiB": 1024, "MiB": 1024**2}
_MILLISECONDS = {"": 1.0, "ms": 1.0, "us": 1e-3, "s": 1e3}


def add_budgets(group: argparse._ArgumentGroup) -> None:
    """Declare the options.

    Args:
        group: Where they are listed.
    """
    group.add_argument("--max-bytes", type=_bytes, metavar="SIZE", help="of the file, for example 200kB")
    group.add_argument("--max-gzip-bytes", type=_bytes, metavar="SIZE", help="of it after gzip, as it is downloaded")
    group.add_argument(
        "--max-latency", type=_milliseconds, metavar="TIME", help="median inference on the target, for example 5ms"
    )
    group.add_argument(
        "--target", metavar="MACHINE", help="where it will run: here (default), x86, arm64, pi3, pi4 or pi5"
    )
    group.add_argument(
        "--latency-factor",
        type=float,
        metavar="N",
        help="how many times longer than here a file takes on the target, as `litefoot bench` on both has measured",
    )


def budgets_of(arguments: argparse.Namespace) -> Budgets | None:
    """The budgets that were given.

    Args:
        arguments: What was parsed.

    Returns:
        The budgets; None where none of the options was given.
    """
    given = (
        arguments.max_bytes,
        arguments.max_gzip_bytes,
        arguments.max_latency,
        arguments.target,
        arguments.latency_factor,
    )
    if all(value is None for value in given):
        return None
    from litefoot.convert.budgets import Budgets

    return Budgets(*given[:3], target=arguments.target or "here", latency_factor=arguments.latency_factor)


def show_choice(choice: Choice) -> None:
    """Show the files that no other one beats, and which was picked.

    Args:
        choice: What was chosen.
    """
    budgets = choice.budgets
    of_target = f"ms on {budgets.target}, estimated" if budgets.latency_factor is not None else "p50 ms"
    gzip = budgets.max_gzip_bytes is not None
    rows = [
        [
            one.called,
            f"{one.bytes:,}",
            *([f"{one.gzip_bytes:,}"] if gzip else []),
            *([f"{one.target_ms:.4f}"] if one.target_ms is not None else []),
            "-" if one.sqnr_db is None else f"{one.sqnr_db:.1f} dB",
            "-" if one.drop is None else f"{one.drop:+.4g}",
            "picked" if one == choice.picked else "",
        ]
        for one in choice.front
    ]
    sizes = ("bytes", *(["gzip"] if gzip else []), *([of_target] if budgets.timed else []))
    print_table("Files that no other one beats", ("artifact", *sizes, "SQNR", "metric drop", ""), rows)
    for attempt in choice.attempts:
        say(f"tried {attempt.conversion}: {attempt.reason or 'a file of it fits'}")
    say(choice.reason)


def _bytes(text: str) -> int:
    return int(_quantity(text, _BYTES, "200kB"))


def _milliseconds(text: str) -> float:
    return _quantity(text, _MILLISECONDS, "5ms")


def _quantity(text: str, units: dict[str, float], example: str) -> float:
    """A number and its unit."""
    match = re.fullmatch(r"([0-9.]+) ?([A-Za-z]*)", text)
    try:
        value = float(match[1]) * units[match[2]] if match else 0.0
    except (KeyError, ValueError):
        value = 0.0
    if value <= 0:
        known = ", ".join(unit for unit in units if unit)
        raise argparse.ArgumentTypeError(f"{text!r} is no quantity such as {example}; units are {known}")
    return value
