"""Compressions on real data, and what their files hold: ``make compression``, with ``LITEFOOT_DATA`` set.

Without it the digits, which need no download, are measured alone. Each compression is a command that anyone can run,
its bundle and its figures are kept in ``build/compression``, so an interrupted run goes on where it stopped. Latencies
are measured at the end, all files of a data set in turn. The tables stand in ``docs/compression.md``.
"""

from __future__ import annotations

import gzip
import json
import math
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from litefoot.convert.audit import FileAudit, audit_file
from litefoot.convert.audit.summary import losses, timed
from litefoot.convert.audit.tflite import TFLiteFile
from litefoot.convert.latencies import latencies
from litefoot.convert.report.report import Report
from litefoot.convert.tflite_tables import pack_tables
from litefoot.runtime.machine.board import cpu_name, usable_cores
from litefoot.runtime.machine.fresh import sample_inputs
from litefoot.runtime.model import load
from litefoot.runtime.storage.bundle import Bundle
from litefoot.runtime.storage.codec import decode, encode, read_document
from litefoot.runtime.storage.trained import read_trained
from litefoot.runtime.verification.intervals import paired_interval
from litefoot.train.again import AGAIN

FOLDER = Path("build/compression")
PAGE = Path("docs/compression.md")
BEGIN, END = "<!-- compression table -->", "<!-- end of compression table -->"
FLOAT, FILES = "fp32.tflite", ("int8.tflite", "int8.onnx")
VARIANTS = (FLOAT, "int8.tflite", "fp32.onnx", "int8.onnx")
MOST_LOST = 0.01
SMALLEST_SHARE = 1 / 8
_SECONDS = 6.0


@dataclass(frozen=True)
class Subject:
    """A model to compress.

    Attributes:
        recipe: That trains it.
        data: Where its data are in ``LITEFOOT_DATA``; None for the recipe's own.
    """

    recipe: str
    data: str | None = None


SUBJECTS = (Subject("mnist", "mnist"), Subject("cats-dogs", "cats_dogs"))
WITHOUT_DATA = (Subject("digits"),)
BASELINE, PRUNED, CLUSTERED, AWARE = "int8 alone", "prune 80 %", "cluster 16", "QAT"
ROWS: dict[str, tuple[str, ...]] = {
    BASELINE: (),
    "prune 50 %": ("--prune", "0.5"),
    PRUNED: ("--prune", "0.8"),
    "prune 2:4": ("--prune", "2:4"),
    CLUSTERED: ("--cluster", "16"),
    AWARE: ("--quantize-aware",),
    "prune 80 % + QAT": ("--prune", "0.8", "--quantize-aware"),
    "cluster 16 + QAT": ("--cluster", "16", "--quantize-aware"),
    "prune 80 % + cluster 16 + QAT": ("--prune", "0.8", "--cluster", "16", "--quantize-aware"),
}
"""Options of ``litefoot convert``."""


@dataclass(frozen=True)
class Measured:
    """One file of one compression.

    Attributes:
        audit: What it holds.
        accuracy: On the evaluation samples, 0..1.
        drop: Lost against the float model before any compression.
        low: Lower end of the 95 % interval of that.
        high: Upper end.
        hits: Of each sample, whether it was answered rightly.
    """

    audit: FileAudit
    accuracy: float
    drop: float
    low: float
    high: float
    hits: tuple[bool, ...]

    @property
    def values(self) -> int:
        """Most distinct weights in a layer."""
        return max(weight.values for weight in self.audit.weights)


@dataclass(frozen=True)
class Result:
    """One compression of one model.

    Attributes:
        row: Its name.
        float_bytes: Of the float TFLite file.
        float_gzip_bytes: Of it after gzip.
        reference: Accuracy of the float model before any compression.
        files: By the file's name; what could not be made is missing.
        notes: What was not kept, or not made.
        timed: What the clock said of the zeros.
    """

    row: str
    float_bytes: int
    float_gzip_bytes: int
    reference: float
    files: dict[str, Measured]
    notes: tuple[str, ...]
    timed: tuple[str, ...]


def main() -> int:
    """Measure what is missing, then write the tables; 0 when every target was met."""
    root = os.environ.get("LITEFOOT_DATA")
    subjects = SUBJECTS if root else WITHOUT_DATA
    told, met = [], True
    for subject in subjects:
        run = _trained(subject, Path(root or "."))
        results = [_kept(subject, row, run) for row in ROWS]
        times = _latencies(subject, [result.row for result in results])
        lines, all_met = _table(subject, results, times)
        told += lines
        met = met and all_met
    told += _footer()
    _write("\n".join(told))
    return 0 if met else 1


def _footer() -> list[str]:
    return [
        f"`make compression` on {cpu_name()}, {usable_cores()} cores. Accuracy lost is against the float model before",
        "any compression, with the 95 % interval of the paired samples. Zeros and values are read from the file: the",
        "share of all weights, and the most distinct values in a layer; depthwise convolutions are neither pruned nor",
        "clustered. Milliseconds are medians of one call, all files of a data set in turn.",
    ]


def _trained(subject: Subject, root: Path) -> Path:
    """The model that ``make recipes`` has trained, if it says where its data are, or one trained now."""
    found = Path("build/recipes") / subject.recipe / "run"
    if found.is_dir() and AGAIN in read_trained(found)[0].provenance:
        return found
    run = FOLDER / subject.recipe / "run"
    if not run.is_dir():
        data = [] if subject.data is None else ["--data", str(root / subject.data)]
        _litefoot("train", subject.recipe, *data, "--out", str(run), "--resume")
    return run


def _kept(subject: Subject, row: str, run: Path) -> Result:
    kept = _bundle(subject, row).with_suffix(".json")
    if not kept.is_file():
        sys.stderr.write(f"{subject.recipe}: {row}\n")
        result = _measure(subject, row, run)
        partial = kept.with_suffix(".partial")
        partial.write_text(json.dumps(encode(result)) + "\n", encoding="utf-8")
        partial.replace(kept)
    return decode(Result, json.loads(kept.read_text(encoding="utf-8")), kept.name)


def _bundle(subject: Subject, row: str) -> Path:
    slug = "-".join("".join(letter if letter.isalnum() else " " for letter in row).split())
    return FOLDER / subject.recipe / slug


def _measure(subject: Subject, row: str, run: Path) -> Result:
    bundle = _bundle(subject, row)
    shutil.rmtree(bundle, ignore_errors=True)
    _litefoot("convert", str(run), *ROWS[row], "--variants", *VARIANTS, "--out", str(bundle), passed=(0, 1, 5))
    report = read_document(Report, bundle / "report.json")
    golden = Bundle(bundle).golden()
    files = {}
    for artifact in report.artifacts:
        task = artifact.verdict.task
        if artifact.name in FILES and task is not None:
            answers = load(bundle, artifact=artifact.name).predict_by_name(golden.inputs)
            (scores,) = answers.values()
            files[artifact.name] = Measured(
                audit_file(bundle / "models" / artifact.name),
                task.artifact, task.drop, task.low, task.high,
                tuple((scores.argmax(axis=-1) == golden.targets).tolist()),
            )  # fmt: skip
    whole = next(artifact for artifact in report.artifacts if artifact.name == FLOAT)
    notes = [f"{failure.name} was not made: {failure.message.splitlines()[0]}" for failure in report.failures]
    notes += [f"{each.name} {each.status}: {each.reason}" for each in report.artifacts if each.status == "failed"]
    notes += losses(report.audit) if report.audit is not None else []
    clock = tuple(map(timed, report.audit.sparse_kernels)) if report.audit is not None else ()
    return Result(row, whole.bytes, whole.gzip_bytes, report.metric_value or 0.0, files, tuple(notes), clock)


def _latencies(subject: Subject, rows: list[str]) -> dict[tuple[str, str], float]:
    """Milliseconds, by row and file: all files in turn, so that a slow moment hits all alike."""
    found = [(row, name, _bundle(subject, row)) for row in rows for name in FILES]
    found = [(row, name, bundle) for row, name, bundle in found if (bundle / "models" / name).is_file()]
    models = [load(bundle, artifact=name) for _, name, bundle in found]
    times = latencies(models, sample_inputs(models[0].inputs), seconds=_SECONDS)
    return {(row, name): each for (row, name, _), each in zip(found, times, strict=True)}


def _table(subject: Subject, results: list[Result], times: dict[tuple[str, str], float]) -> tuple[list[str], bool]:
    first = results[0]
    besides = _besides_weights(_bundle(subject, BASELINE) / "models" / FILES[0])
    size = f"{first.float_bytes:,} bytes ({first.float_gzip_bytes:,} under gzip)"
    lines = [
        f"**{subject.recipe}**: the float model answers {first.reference:.1%} rightly, fp32.tflite has {size}.",
        f"Of the {first.files[FILES[0]].audit.gzip_bytes:,} bytes that {FILES[0]} has under gzip with int8 alone,",
        f"{besides:,} are no weights: scales, biases, names, the graph.",
        "",
        "| compression | file | accuracy | points lost, 95 % | bytes | gzip | of fp32 bytes | zeros | values | ms |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [_line(result, name, first.float_bytes, times) for result in results for name in FILES]
    targets = _targets({result.row: result for result in results})
    lines += ["", *(f"- {text}: **{'met' if met else 'missed'}**" for text, met in targets), ""]
    lines += [*(_floor(subject, row, first.float_bytes) for row in (PRUNED, CLUSTERED)), ""]
    notes = {note: None for result in results for note in (f"{result.row}: {text}" for text in result.notes)}
    lines += [*(f"- {note}" for note in notes), ""] if notes else []
    clock = [f"- {result.row}: {text}" for result in results for text in result.timed if result.row == PRUNED]
    return [*lines, *clock, ""], all(met for _, met in targets)


def _floor(subject: Subject, row: str, float_bytes: int) -> str:
    """What is left of a file's size when its weights are coded as well as can be, one by one."""
    path = _bundle(subject, row) / "models" / FILES[0]
    weights, rest = _entropy(path), _besides_weights(path)
    return (
        f"- the weights of {FILES[0]} with {row} hold {weights:,} bytes of information,"
        f" the rest has {rest:,} under gzip: together 1/{float_bytes / (weights + rest):.1f} of {FLOAT}"
    )


def _entropy(path: Path) -> int:
    """Bytes of all weights of a TFLite file, each in as many bits as its value is rare in its tensor.

    Shannon, "A Mathematical Theory of Communication", 1948, section 6: ``-sum p log2 p`` bits for each.
    """
    opened, bits = TFLiteFile(path), 0.0
    for weight in opened.weights():
        _, counts = np.unique(opened.constant(weight).stored, return_counts=True)
        bits -= float((counts * np.log2(counts / counts.sum())).sum())
    return math.ceil(bits / 8)


def _besides_weights(path: Path) -> int:
    """Bytes under gzip that are left of a TFLite file when all its weights are the same."""
    opened = TFLiteFile(path)
    for weight in opened.weights():
        buffer = opened.model.buffers[weight.tensor.buffer]
        buffer.data = np.zeros(len(buffer.data), np.uint8)
    return len(gzip.compress(pack_tables(opened.model), 9, mtime=0))


def _line(result: Result, name: str, float_bytes: int, times: dict[tuple[str, str], float]) -> str:
    file = result.files.get(name)
    if file is None:
        return f"| {result.row} | {name} | not made | | | | | | | |"
    audit = file.audit
    cells = [
        result.row,
        name,
        f"{file.accuracy:.1%}",
        f"{100 * file.drop:+.1f} [{100 * file.low:+.1f}, {100 * file.high:+.1f}]",
        f"{audit.bytes:,}",
        f"{audit.gzip_bytes:,}",
        f"1/{float_bytes / audit.gzip_bytes:.1f}",
        f"{audit.zeros:.1%}",
        f"{file.values:,}",
        f"{times[result.row, name]:.4f}",
    ]
    return f"| {' | '.join(cells)} |"


def _targets(results: dict[str, Result]) -> list[tuple[str, bool]]:
    """What was asked for, of the TFLite file."""
    pruned, clustered, aware, plain = (results[row].files.get(FILES[0]) for row in (PRUNED, CLUSTERED, AWARE, BASELINE))
    most = SMALLEST_SHARE * results[BASELINE].float_bytes
    told = []
    if pruned is not None:
        lost = f"prune 80 % + int8: at most one point lost ({100 * pruned.drop:+.1f})"
        small = f"gzip at most 1/8 of fp32.tflite ({_shares(pruned, results)})"
        told.append((f"{lost}, {small}", pruned.drop <= MOST_LOST and pruned.audit.gzip_bytes <= most))
    if clustered is not None:
        small = f"gzip at most 1/8 of fp32.tflite ({_shares(clustered, results)})"
        told.append((f"cluster 16 + int8: {small}", clustered.audit.gzip_bytes <= most))
    if aware is not None and plain is not None:
        low, high = _paired(plain, aware)
        text = "QAT not worse than int8 after training by more than noise"
        told.append((f"{text}: {100 * low:+.1f} to {100 * high:+.1f} points lost, 95 %", low <= 0))
    return told


def _shares(file: Measured, results: dict[str, Result]) -> str:
    """Of the float file as it is, which the target means, and of the float file under gzip."""
    whole = results[BASELINE]
    of_bytes, of_gzip = (size / file.audit.gzip_bytes for size in (whole.float_bytes, whole.float_gzip_bytes))
    return f"1/{of_bytes:.1f} of its bytes, 1/{of_gzip:.1f} of its bytes under gzip"


def _paired(before: Measured, after: Measured) -> tuple[float, float]:
    """Ends of the interval of what the second loses against the first."""
    right, still = np.array(before.hits), np.array(after.hits)
    return paired_interval(float((right & ~still).sum()), float((~right & still).sum()), len(right))


def _write(text: str) -> None:
    content = PAGE.read_text(encoding="utf-8")
    first, begin, rest = content.partition(BEGIN)
    _, end, last = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"{PAGE} has no place for the tables")
    PAGE.write_text(f"{first}{begin}\n\n{text}\n\n{end}{last}", encoding="utf-8")


def _litefoot(*arguments: str, passed: tuple[int, ...] = (0,)) -> None:
    command = [sys.executable, "-m", "litefoot.cli.main", *arguments]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    if done.returncode not in passed:
        raise SystemExit(f"litefoot {' '.join(arguments)} ended with {done.returncode}")


if __name__ == "__main__":
    sys.exit(main())
