"""Architectures of keras.applications and the other families, through `convert`: ``make sweep``.

Each model is built with random weights and a fixed seed, and converted to float and int8 in both formats. A model's
result is a file of its own, so an interrupted sweep goes on where it stopped. The table stands in ``docs/sweep.md``.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from litefoot.convert import convert
from litefoot.runtime.errors import LitefootError
from litefoot.runtime.machine.board import cpu_name, usable_cores

from .harness import between
from .zoo import MODELS

FOLDER = Path("build/sweep")
PAGE = Path("docs/sweep.md")
VARIANTS = ("fp32.tflite", "int8.tflite", "fp32.onnx", "int8.onnx")
BRIDGE_LIMIT = 1e-5
FLOAT_LIMIT = 1e-5
SHARE_BRIDGED = 0.9
TIME_LIMIT = 900.0


def main() -> int:
    """Convert what is missing, then write the table; 0 when what was expected was met."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    missing = [name for name in MODELS if not (FOLDER / f"{name}.json").is_file()]
    begin = time.perf_counter()
    for done, name in enumerate(missing):
        spent = time.perf_counter() - begin
        left = f", about {spent / done * (len(missing) - done) / 60:.0f} min left" if done else ""
        sys.stderr.write(f"{len(MODELS) - len(missing) + done + 1}/{len(MODELS)} {name}{left}\n")
        result = _sweep(name)
        (FOLDER / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    results = [json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")) for name in MODELS]
    met = _write(results)
    return 0 if met else 1


def _sweep(name: str) -> dict[str, Any]:
    """One model: built in a child process, converted here."""
    built = FOLDER / f"{name}.keras"
    subprocess.run([sys.executable, "-m", "benchmarks.zoo", name, str(FOLDER)], check=True, stderr=subprocess.DEVNULL)
    begin = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "benchmarks.sweep", name], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        result: dict[str, Any] = json.loads(done.stdout)
    else:
        result = {
            "name": name,
            "error": f"THE PARENT ENDED WITH {done.returncode}: {done.stderr[-500:]}",
            "artifacts": {},
        }
    result["seconds"] = time.perf_counter() - begin
    if any(key.startswith("fp32") and made["relative"] > FLOAT_LIMIT for key, made in result["artifacts"].items()):
        result["float32_error"] = _float32_error(built)
    built.unlink()
    (FOLDER / f"{name}.npz").unlink()
    return result


def _float32_error(built: Path) -> float:
    """How far the model itself, in float32, is from its answer in float64."""
    command = [sys.executable, "-m", "benchmarks.float64", str(built), str(built.with_suffix(".npz"))]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def convert_one(name: str) -> dict[str, Any]:
    """Convert a model of the zoo that was built into `FOLDER`.

    Args:
        name: Of the model.

    Returns:
        What came of it, as JSON.
    """
    result: dict[str, Any] = {"name": name, "error": None, "artifacts": {}}
    with np.load(FOLDER / f"{name}.npz") as arrays:
        samples = dict(arrays)
    try:
        conversion = convert(
            FOLDER / f"{name}.keras",
            out=FOLDER / name,
            calibration={key: array[8:] for key, array in samples.items()},
            evaluation={key: array[:8] for key, array in samples.items()},
            variants=VARIANTS,
            time_limit=TIME_LIMIT,
            force=True,
        )
    except LitefootError as error:
        result["error"] = str(error)
    else:
        result |= _told(conversion.report, FOLDER / name)
    result["peak_mb"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
    return result


def _told(report: Any, bundle: Path) -> dict[str, Any]:
    with np.load(bundle / "golden.npz") as golden:
        largest = {
            key.removeprefix("reference/"): float(np.abs(golden[key]).max())
            for key in golden.files
            if key.startswith("reference/")
        }
    artifacts = {}
    for artifact in report.artifacts:
        drifts = [output for output in artifact.verdict.outputs if output.drift is not None]
        artifacts[artifact.name] = {
            "relative": max(output.drift.max_abs / (largest[output.output] or 1.0) for output in drifts),
            "sqnr_db": min(min(output.drift.sqnr_db, 999.0) for output in drifts),
            "bytes": artifact.bytes,
            "status": artifact.status,
        }
    return {
        "parameters": report.source.parameters,
        "bridge_error": report.source.bridge_error,
        "notes": list(report.source.notes),
        "artifacts": artifacts,
        "failures": {failure.name: failure.message for failure in report.failures},
    }


def _write(results: list[dict[str, Any]]) -> bool:
    bridged = [result for result in results if (result.get("bridge_error") or 0.0) <= BRIDGE_LIMIT]
    bridged = [result for result in bridged if result.get("bridge_error") is not None]
    floats = [
        artifact["relative"]
        for result in results
        for name, artifact in result["artifacts"].items()
        if name.startswith("fp32")
    ]
    exact = sum(relative <= FLOAT_LIMIT for relative in floats)
    wanted = 2 * len(results)
    crashes = sum("THE PARENT" in (result["error"] or "") for result in results)
    lines = [
        f"- Bridge below {BRIDGE_LIMIT:.0e}: **{len(bridged)} of {len(results)}** (expected: at least 90 %).",
        f"- Float files within {FLOAT_LIMIT:.0e} of the largest output: **{exact} of {wanted}** (expected: all).",
        f"- Crashes of the parent: **{crashes}**; models that could not be converted at all: "
        f"**{sum(result['error'] is not None for result in results)}**.",
        "",
        "| model | parameters | bridge error | fp32.tflite | fp32.onnx | int8.tflite | int8.onnx | peak GB | s |",
        "|---|---|---|---|---|---|---|---|---|",
        *map(_row, results),
        "",
        *_reasons(results),
        "",
        f"`make sweep` on {cpu_name()}, {usable_cores()} cores. Float files: the largest error in any output,",
        "divided by its largest value; int8 files: signal to noise. Random weights, eight random samples.",
    ]
    between(PAGE, "sweep", "\n".join(lines))
    return len(bridged) >= SHARE_BRIDGED * len(results) and exact == wanted and not crashes


def _row(result: dict[str, Any]) -> str:
    if result["error"] is not None:
        return f"| {result['name']} | | | not converted | | | | | {result['seconds']:.0f} |"
    error = result["bridge_error"]
    cells = [
        result["name"],
        f"{result['parameters']:,}",
        "not carried" if error is None else f"{error:.1e}",
        *(_cell(result, name, "{relative:.1e}") for name in ("fp32.tflite", "fp32.onnx")),
        *(_cell(result, name, "{sqnr_db:.1f} dB") for name in ("int8.tflite", "int8.onnx")),
        f"{result['peak_mb'] / 1e3:.1f}",
        f"{result['seconds']:.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def _cell(result: dict[str, Any], name: str, form: str) -> str:
    artifact = result["artifacts"].get(name)
    return "not made" if artifact is None else form.format(**artifact)


def _reasons(results: list[dict[str, Any]]) -> list[str]:
    told = []
    for result in results:
        texts = {"": result["error"]} if result["error"] else result["failures"]
        told += [f"- {result['name']} {name}: {_short(text)}" for name, text in texts.items()]
        told += [f"- {result['name']}: {_short(note)}" for note in result.get("notes", ())]
        if "float32_error" in result:
            told.append(f"- {result['name']}: Keras's own float32 is {result['float32_error']:.1e} from float64")
    return (
        ["What was not made, not carried, or farther than the limit:", "", *told]
        if told
        else ["Everything was carried and made."]
    )


def _short(text: str) -> str:
    """A message in one line, without the stack of a crash."""
    cause, _, _ = text.partition("; its last words:")
    return " ".join(cause.split())[:300]


if __name__ == "__main__":
    if sys.argv[1:]:
        sys.stdout.write(json.dumps(convert_one(sys.argv[1])))
    else:
        sys.exit(main())
