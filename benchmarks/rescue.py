"""Models that 8 bits ruin, or that the stock converter refuses: stock int8 beside litefoot's choice. ``make rescue``.

A case's result is a file of its own, so an interrupted run goes on where it stopped. The table stands in
``docs/rescue.md``. ``LITEFOOT_DATA`` is the folder that holds ``mnist/``.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from litefoot.convert.latencies import latencies
from litefoot.convert.report.report import Report
from litefoot.runtime import load
from litefoot.runtime.machine.board import cpu_name, usable_cores
from litefoot.runtime.storage.codec import read_document

from .harness import Row, between

FOLDER = Path("build/rescue")
PAGE = Path("docs/rescue.md")
STOCK = Path(__file__).with_name("stock_int8.py")
CASES = {
    "separable": "depthwise-separable convolutions, channels badly scaled",
    "recurrent": "an LSTM",
    "attention": "a Transformer with a causal mask",
}
FLOAT = "fp32.tflite"
MOST_BYTES = 0.6
MOST_LOST = 0.01
_TIME_LIMIT = 600
_COLUMNS = ("model", "file", "accuracy", "bytes", "of float", "p50 ms", "")


def main() -> int:
    """Measure what is missing, then write the table; 0 when every target was met."""
    if not os.environ.get("LITEFOOT_DATA"):
        sys.stderr.write("LITEFOOT_DATA is not set: the folder with mnist/ (docs/training.md)\n")
        return 2
    results = [measured(name) for name in CASES]
    _write(results)
    return 0 if all(result["met"] for result in results) else 1


def run() -> list[Row]:
    """Measure what is missing.

    Returns:
        A comparison for each case; none without the data.
    """
    if not os.environ.get("LITEFOOT_DATA"):
        sys.stderr.write("LITEFOOT_DATA is not set: the three models of make rescue are left out\n")
        return []
    results = [measured(name) for name in CASES]
    _write(results)
    return [
        Row(
            f"{result['name']}: accuracy, float {result['float']['accuracy']:.2%}",
            f"{result['chosen']['accuracy']:.2%}",
            _stock(result["stock"]),
            f"within {MOST_LOST:.0%} of float at <= {MOST_BYTES:.0%} of its bytes, where stock int8 is not",
            result["met"],
        )
        for result in results
    ]


def measured(name: str) -> dict[str, Any]:
    """One case, measured now or before.

    Args:
        name: Of `CASES`.

    Returns:
        Its figures.
    """
    result = FOLDER / f"{name}.json"
    if not result.is_file():
        sys.stderr.write(f"rescue: {name}\n")
        FOLDER.mkdir(parents=True, exist_ok=True)
        partial = result.with_suffix(".partial")
        partial.write_text(json.dumps(_measure(name, FOLDER / name), indent=1) + "\n", encoding="utf-8")
        partial.replace(result)
    found: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    return found


def _measure(name: str, folder: Path) -> dict[str, Any]:
    if not (folder / "model.keras").is_file():
        _python("-m", "benchmarks.rescue_models", name, str(folder))
    refused = _stock_int8(folder)
    # The first conversion tells what the float file weighs, which the budget of the second is a share of.
    plain, chosen = folder / "plain", folder / "chosen"
    begin = time.perf_counter()
    _litefoot(folder, plain)
    seconds = time.perf_counter() - begin
    whole = (plain / "models" / FLOAT).stat().st_size
    _litefoot(folder, chosen, "--max-bytes", str(int(whole * MOST_BYTES)))
    report = read_document(Report, chosen / "report.json")
    files = {"float": chosen / "models" / FLOAT}
    if report.choice is not None and report.choice.picked is not None:
        files["chosen"] = chosen / "models" / report.choice.picked.name
    files |= {mixed.stem: mixed for mixed in sorted((chosen / "models").glob("mixed.tflite"))}
    if refused is None:
        files["stock"] = folder / "stock.tflite"
    figures = _figures(files, folder / "evaluation.npz")
    told = {"name": name, "refused": refused, "seconds": seconds, **figures}
    told["rescues"] = {
        rescue.name: [*rescue.remedies, *(f"{layer} in float" for layer in dict.fromkeys(rescue.in_float))]
        for rescue in report.rescues
    }
    told.setdefault("stock", {"refused": refused})
    return told | {"met": _met(told)}


def _met(told: dict[str, Any]) -> bool:
    def kept(file: dict[str, Any]) -> bool:
        small = file["bytes"] <= MOST_BYTES * told["float"]["bytes"]
        return small and file["accuracy"] >= told["float"]["accuracy"] - MOST_LOST

    stock = told["stock"]
    return "chosen" in told and kept(told["chosen"]) and ("accuracy" not in stock or not kept(stock))


def _figures(files: dict[str, Path], samples: Path) -> dict[str, Any]:
    """Accuracy one by one, latency in turn."""
    with np.load(samples) as arrays:
        rows, labels = arrays["rows"], arrays["labels"]
    models = [load(path) for path in files.values()]
    times = latencies(models, {models[0].inputs[0].name: rows[:1]}, seconds=3.0) if _alike(models) else []
    found = {}
    for i, (name, path) in enumerate(files.items()):
        answers = models[i].predict({models[i].inputs[0].name: rows})
        assert isinstance(answers, np.ndarray)
        accuracy = float((answers.argmax(axis=-1).reshape(-1) == labels).mean())
        alone = times[i] if times else latencies([models[i]], {models[i].inputs[0].name: rows[:1]}, seconds=1.0)[0]
        found[name] = {"file": path.name, "accuracy": accuracy, "bytes": path.stat().st_size, "p50_ms": alone}
    return found


def _alike(models: list[Any]) -> bool:
    """Whether all take the input by the same name; the stock converter gives it one of its own."""
    return len({model.inputs[0].name for model in models}) == 1


def _stock_int8(folder: Path) -> str | None:
    """Convert as the guide says; why that was not possible, or None."""
    out = folder / "stock.tflite"
    command = [sys.executable, str(STOCK), str(folder / "model.keras"), str(folder / "calibration.npz"), str(out)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIME_LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return f"no end after {_TIME_LIMIT} s"
    if done.returncode < 0:
        return f"the converter crashed: {signal.Signals(-done.returncode).name}"
    if done.returncode > 0:
        words = [line for line in done.stderr.splitlines() if "rror" in line]
        return f"the converter refused: {(words or ['no message'])[-1].strip()[:160]}"
    return None


def _litefoot(folder: Path, out: Path, *more: str) -> None:
    samples = ["--calibration", str(folder / "calibration.npz"), "--evaluation", str(folder / "evaluation.npz")]
    options = ["--metric", "accuracy", "--max-drop", f"{MOST_LOST:.0%}", "--out", str(out), "--force", *more]
    _python("-m", "litefoot.cli.main", "convert", str(folder / "model.keras"), *samples, *options, passed=(0, 1, 5))


def _python(*arguments: str, passed: tuple[int, ...] = (0,)) -> None:
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, env=environment, check=False)
    if done.returncode not in passed:
        raise SystemExit(f"{' '.join(arguments)} ended with {done.returncode}")


def _write(results: list[dict[str, Any]]) -> None:
    lines = [f"| {' | '.join(_COLUMNS)} |", f"|{'---|' * len(_COLUMNS)}"]
    for result in results:
        lines += _rows(result)
    lines.append("")
    for result in results:
        lines += [f"- {result['name']}, {name}: {', '.join(done)}" for name, done in result["rescues"].items()]
    lines += [
        "",
        f"`make rescue` on {cpu_name()}, {usable_cores()} cores: accuracy on 2,000 pictures that no training and no "
        "calibration saw,",
        "median of one inference on one thread through litefoot, the files of a model in turn.",
    ]
    between(PAGE, "rescue", "\n".join(lines))


def _rows(result: dict[str, Any]) -> list[str]:
    whole = result["float"]
    rows = [_row(CASES[result["name"]], "float", whole, whole, "")]
    stock = result["stock"]
    rows.append(
        _row("", "stock int8", stock, whole, "") if "bytes" in stock else f"|  | stock int8 | {_stock(stock)} |||||"
    )
    if "chosen" in result:
        chosen = result["chosen"]
        rows.append(
            _row("", f"litefoot's choice, {chosen['file']}", chosen, whole, "met" if result["met"] else "MISSED")
        )
        if "mixed" in result and chosen["file"] != result["mixed"]["file"]:
            rows.append(_row("", "mixed.tflite", result["mixed"], whole))
    else:
        rows.append("|  | litefoot's choice | none ||||| MISSED |")
    return rows


def _row(model: str, file: str, figures: dict[str, Any], whole: dict[str, Any], verdict: str = "") -> str:
    share = f"{figures['bytes'] / whole['bytes']:.0%}"
    cells = [
        model,
        file,
        f"{figures['accuracy']:.2%}",
        f"{figures['bytes']:,}",
        share,
        f"{figures['p50_ms']:.4f}",
        verdict,
    ]
    return f"| {' | '.join(cells)} |"


def _stock(figures: dict[str, Any]) -> str:
    if "accuracy" in figures:
        return f"{figures['accuracy']:.2%}"
    return str(figures["refused"]).replace("<unknown>:0: error: ", "").partition(". ")[0]


if __name__ == "__main__":
    sys.exit(main())
