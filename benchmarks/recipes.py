"""Every recipe on real data, trained, converted, verified: ``make recipes``, with ``LITEFOOT_DATA`` set.

A recipe's result is a file of its own, so an interrupted run goes on where it stopped, and a training goes on from its
last epoch. The table stands in ``docs/recipes.md``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litefoot.convert.report.report import Report
from litefoot.convert.whole import WholeReport
from litefoot.runtime.machine.board import cpu_name, usable_cores
from litefoot.runtime.storage.codec import read_document
from litefoot.runtime.storage.files import read_json
from litefoot.runtime.verification.metrics import shown

from .harness import between

FOLDER = Path("build/recipes")
PAGE = Path("docs/recipes.md")
COLUMNS = ("recipe", "data", "metric", "expected", "float", "int8.tflite", "int8.onnx", "recommended", "bytes", "ms")
FLOAT, QUANTIZED = "fp32.tflite", "int8.tflite"


@dataclass(frozen=True)
class Row:
    """A recipe to measure.

    Attributes:
        name: The recipe's.
        data: Where its data are in ``LITEFOOT_DATA``; None for the recipe's own.
        least: The smallest metric of the float model that is expected; None where nothing is.
        most: The largest one, for a metric of which less is better.
        beats: Two of the recipe's further figures: the first is expected to be no worse than the second, or than 1
            where that is a ratio.
    """

    name: str
    data: str | None = None
    least: float | None = None
    most: float | None = None
    beats: tuple[str, str | None] | None = None


ROWS = (
    Row("digits"),
    Row("mnist", "mnist", least=0.985),
    Row("cats-dogs", "cats_dogs", least=0.70),
    Row("detect"),
    Row("segment"),
    Row("gan", "mnist"),
    Row("inpaint", "mnist"),
    Row("text-class", "text/sms_spam.tsv", least=0.93),
    Row("speech", "speech_digits", least=0.95),
    Row("forecast", "stocks/sp500.csv", beats=("rmse to naive", None)),
    Row("translate", "translation", beats=("bleu_greedy", "bleu_word_by_word")),
    Row("generate", "text/shakespeare.txt", most=6.0),
    Row("answer"),
)


def main() -> int:
    """Measure what is missing, then write the table; 0 when what was expected was met."""
    root = os.environ.get("LITEFOOT_DATA")
    if not root:
        sys.stderr.write("LITEFOOT_DATA is not set: the folder with mnist/, cats_dogs/, ... (docs/training.md)\n")
        return 2
    FOLDER.mkdir(parents=True, exist_ok=True)
    for number, row in enumerate(ROWS, start=1):
        result = FOLDER / f"{row.name}.json"
        if not result.is_file():
            sys.stderr.write(f"{number}/{len(ROWS)} {row.name}\n")
            measured = _measure(row, Path(root))
            partial = result.with_suffix(".partial")
            partial.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
            partial.replace(result)
    results = [json.loads((FOLDER / f"{row.name}.json").read_text(encoding="utf-8")) for row in ROWS]
    _write(results)
    return 0 if all(result["met"] for result in results) else 1


def _measure(row: Row, root: Path) -> dict[str, Any]:
    run, bundle, clock = (FOLDER / row.name / name for name in ("run", "bundle", "train_seconds.txt"))
    begin = time.perf_counter()
    data = [] if row.data is None else ["--data", str(root / row.data)]
    if not run.is_dir():
        _litefoot("train", row.name, *data, "--out", str(run), "--resume")
        clock.write_text(f"{time.perf_counter() - begin:.1f}\n", encoding="utf-8")
    trained = time.perf_counter()
    shutil.rmtree(bundle, ignore_errors=True)
    _litefoot("convert", str(run), "--out", str(bundle), passed=(0, 1))
    _litefoot("verify", str(bundle), passed=(0, 1))
    documents = [read_json(path) for path in sorted(run.glob("**/trained.json"))]
    figures = {name: value for document in documents for name, value in document["provenance"]["figures"].items()}
    told = {
        "name": row.name,
        "data": row.data or "its own",
        "figures": figures,
        "train_seconds": float(clock.read_text(encoding="utf-8")),
        "convert_seconds": time.perf_counter() - trained,
    }
    told |= _of_whole(bundle) if (bundle / "pipeline.json").is_file() else _of_bundle(bundle)
    return told | {"expected": _expected(row), "met": _met(row, told["metric_value"], figures)}


def _of_bundle(bundle: Path) -> dict[str, Any]:
    report = read_document(Report, bundle / "report.json")
    files = {
        artifact.name: {
            "bytes": artifact.bytes,
            "p50_ms": artifact.p50_ms,
            "status": artifact.status,
            "reason": artifact.reason,
            "metric": artifact.verdict.task.artifact if artifact.verdict.task is not None else None,
            "sqnr_db": artifact.verdict.worst.drift.sqnr_db if artifact.verdict.worst.drift is not None else None,
        }
        for artifact in report.artifacts
    }
    metric = next((artifact.verdict.task.metric for artifact in report.artifacts if artifact.verdict.task), None)
    return {
        "metric": metric,
        "metric_value": report.metric_value,
        "files": files,
        "recommended": list(report.recommended),
        "failures": {failure.name: failure.message for failure in report.failures},
    }


def _of_whole(folder: Path) -> dict[str, Any]:
    """Models that work together: the bytes and the times of their parts summed.

    What is drawn has no right answer: then the metric is that of the part that scores it, the last one.
    """
    report = read_document(WholeReport, folder / "report.json")
    *_, last = report.parts.values()
    tasks = {artifact.name: artifact.verdict.task for artifact in report.artifacts if artifact.verdict.task}
    tasks = tasks or {artifact.name: artifact.verdict.task for artifact in last.artifacts if artifact.verdict.task}
    times: dict[str, float] = {}
    for part in report.parts.values():
        for artifact in part.artifacts:
            times[artifact.name] = times.get(artifact.name, 0.0) + artifact.p50_ms
    files = {
        artifact.name: {
            "bytes": artifact.bytes,
            "p50_ms": times[artifact.name],
            "status": artifact.status,
            "reason": artifact.reason,
            "metric": tasks[artifact.name].artifact if artifact.name in tasks else None,
            "sqnr_db": None,
        }
        for artifact in report.artifacts
    }
    task = next(iter(tasks.values()), None)
    failures = {
        f"{name}/{failure.name}": failure.message for name, part in report.parts.items() for failure in part.failures
    }
    return {
        "metric": task.metric if task else None,
        "metric_value": task.reference if task else None,
        "files": files,
        "recommended": list(report.recommended),
        "failures": failures,
    }


def _expected(row: Row) -> str:
    if row.least is not None:
        return f">= {row.least}"
    if row.most is not None:
        return f"< {row.most}"
    if row.beats is not None:
        first, second = row.beats
        return f"{first} <= 1" if second is None else f"{first} > {second}"
    return ""


def _met(row: Row, metric: float | None, figures: dict[str, float]) -> bool:
    if row.beats is not None:
        first, second = row.beats
        return figures[first] <= 1.0 if second is None else figures[first] > figures[second]
    if row.least is not None:
        return metric is not None and metric >= row.least
    return row.most is None or (metric is not None and metric < row.most)


def _write(results: list[dict[str, Any]]) -> None:
    columns = (
        "recipe",
        "data",
        "metric",
        "expected",
        "float",
        "int8.tflite",
        "int8.onnx",
        "recommended",
        "bytes",
        "ms",
    )
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}", *map(_row, results), ""]
    for result in results:
        if result["figures"]:
            told = ", ".join(f"{name} {value:.4g}" for name, value in result["figures"].items())
            lines.append(f"- {result['name']}: {told}")
    for result in results:
        lines += [f"- {result['name']} {name}: not made: {_short(text)}" for name, text in result["failures"].items()]
        for name, file in result["files"].items():
            if file["status"] != "passed":
                lines.append(f"- {result['name']} {name}: {file['status']}: {_short(file['reason'])}")
            elif name.startswith("mixed"):
                lines.append(f"- {result['name']} {name}: {_judged(file, result['metric'])}, {file['bytes']:,} bytes")
    minutes = sum(result["train_seconds"] + result["convert_seconds"] for result in results) / 60
    lines += [
        "",
        f"`make recipes` on {cpu_name()}, {usable_cores()} cores, {minutes:.0f} minutes. Bytes and milliseconds",
    ]
    lines.append("of one call: `fp32.tflite`, then the recommended file; of models that work together, their sum.")
    between(PAGE, "recipes", "\n".join(lines))


def _row(result: dict[str, Any]) -> str:
    files, metric = result["files"], result["metric"]
    best = result["recommended"][0] if result["recommended"] else None
    whole = "" if result["metric_value"] is None else shown(metric, result["metric_value"])
    sizes, times = (
        " / ".join(form.format(files[name][key]) for name in (FLOAT, best) if name in files)
        for key, form in (("bytes", "{:,}"), ("p50_ms", "{:.3f}"))
    )
    expected = f"{result['expected']}{'' if result['met'] else ' MISSED'}"
    judged = [_judged(files.get(name), metric) for name in (QUANTIZED, "int8.onnx")]
    cells = [
        result["name"],
        result["data"],
        metric or "drift alone",
        expected,
        whole,
        *judged,
        best or "none",
        sizes,
        times,
    ]
    return f"| {' | '.join(cells)} |"


def _judged(file: dict[str, Any] | None, metric: str | None) -> str:
    if file is None:
        return "not made"
    if file["metric"] is not None and metric is not None:
        value = shown(metric, file["metric"])
    else:
        value = "" if file["sqnr_db"] is None else f"{file['sqnr_db']:.1f} dB"
    return value if file["status"] == "passed" else f"{value} {file['status']}"


def _short(text: str) -> str:
    cause, _, _ = text.partition("; its last words:")
    return " ".join(cause.split())[:200]


def _litefoot(*arguments: str, passed: tuple[int, ...] = (0,)) -> None:
    command = [sys.executable, "-m", "litefoot.cli.main", *arguments]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    if done.returncode not in passed:
        raise SystemExit(f"litefoot {' '.join(arguments)} ended with {done.returncode}")


if __name__ == "__main__":
    sys.exit(main())
