"""Measure cold start, latency and memory of a bundle's artifacts, or of one file, each in fresh processes."""

from __future__ import annotations

import argparse
from pathlib import Path

from .terminal import print_json, print_table

HELP = "measure latency and memory on this machine"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments.

    Args:
        parser: Of the command.
    """
    parser.add_argument("model", type=Path, help="bundle folder, .tflite or .onnx")
    parser.add_argument("--threads", type=int, default=1, help="threads inside one inference (default 1)")
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
    from litefoot.runtime.bench import benchmark

    path: Path = arguments.model
    artifacts = [artifact.name for artifact in Bundle(path).artifacts] if path.is_dir() else [None]
    results = benchmark(path, artifacts, threads=arguments.threads, seconds=arguments.seconds, rounds=arguments.rounds)
    if arguments.json:
        print_json(results)
        return 0
    rows = [
        [
            result.artifact,
            f"{result.cold_start_ms:.0f}",
            f"{result.load_ms:.0f}",
            f"{result.first_ms:.2f}",
            f"{result.p50_ms:.4f}",
            f"{result.p95_ms:.4f}",
            f"{result.p99_ms:.4f}",
            f"{result.throughput_per_s:,.0f}",
            f"{result.peak_rss_bytes / 1e6:.1f}",
        ]
        for result in results
    ]
    columns = (
        "artifact",
        "cold start ms",
        "load ms",
        "first ms",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "per second",
        "peak MB",
    )
    print_table(
        f"{results[0].cpu}, {arguments.threads} thread, median of {results[0].rounds} fresh processes",
        columns,
        rows,
    )
    return 0
