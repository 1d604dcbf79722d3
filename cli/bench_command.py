"""Measure cold start, latency and memory of a bundle's artifacts, or of one file, each in fresh processes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .terminal import print_json, print_table, progress_bar, say

if TYPE_CHECKING:
    from litefoot.runtime.machine.bench import BenchmarkResult

HELP = "measure latency and memory on this machine"

_COLUMNS = (
    "artifact", "threads", "cold start ms", "load ms", "first ms", "p50 ms", "p95 ms", "p99 ms", "predict/s", "peak MB",
    "C",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments.

    Args:
        parser: Of the command.
    """
    parser.add_argument("model", type=Path, help="bundle folder, .tflite or .onnx")
    parser.add_argument(
        "--threads",
        type=int,
        nargs="+",
        default=[1],
        metavar="N",
        help="threads inside one inference; several to compare",
    )
    parser.add_argument("--seconds", type=float, default=0.3, help="of timed inferences in each process (default 0.3)")
    parser.add_argument("--rounds", type=int, default=3, help="processes for each artifact (default 3)")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")


def execute(arguments: argparse.Namespace) -> int:
    """Carry out the command.

    Args:
        arguments: What was parsed.

    Returns:
        The exit code.
    """
    from litefoot.runtime import Bundle
    from litefoot.runtime.machine.bench import benchmark

    path: Path = arguments.model
    artifacts = [artifact.name for artifact in Bundle(path).artifacts] if path.is_dir() else [None]
    sweep = list(dict.fromkeys(arguments.threads))
    with progress_bar("measuring") as advance:
        results = benchmark(
            path,
            [(artifact, threads) for artifact in artifacts for threads in sweep],
            seconds=arguments.seconds,
            rounds=arguments.rounds,
            progress=advance,
        )
    if arguments.json:
        print_json(results)
        return 0
    title = f"{results[0].cpu}, median of {results[0].rounds} fresh processes"
    print_table(title, _COLUMNS, [_cells(result) for result in results])
    for line in remarks(results):
        say(line)
    return 0


def remarks(results: Sequence[BenchmarkResult]) -> list[str]:
    """What a reader should not overlook: int8 against fp32, and a board that was slowed down.

    Args:
        results: Of all artifacts.

    Returns:
        One line each.
    """
    times = {(result.artifact, result.threads): result.p50_ms for result in results}
    lines = []
    for (name, threads), p50_ms in times.items():
        float_ms = times.get((f"fp32{Path(name).suffix}", threads))
        if not name.startswith("int8") or float_ms is None:
            continue
        if p50_ms > float_ms:
            lines.append(
                f"warning: {name} is slower than fp32 here, {p50_ms / float_ms:.2f} times its time ({threads} thread)"
            )
        else:
            lines.append(f"{name} takes {p50_ms / float_ms:.2f} of the time of fp32 here ({threads} thread)")
    if any(result.throttled for result in results):
        lines.append("warning: the board slowed its processor down while this was measured")
    return lines


def _cells(result: BenchmarkResult) -> list[str]:
    return [
        result.artifact,
        str(result.threads),
        f"{result.cold_start_ms:.0f}",
        f"{result.load_ms:.0f}",
        f"{result.first_ms:.2f}",
        f"{result.p50_ms:.4f}",
        f"{result.p95_ms:.4f}",
        f"{result.p99_ms:.4f}",
        f"{result.throughput_per_s:,.0f}",
        f"{result.peak_rss_bytes / 1e6:.1f}",
        "-" if result.temperature_celsius is None else f"{result.temperature_celsius:.0f}",
    ]
