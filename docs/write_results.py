"""Write the README's table of results from the bundle that ``make demo`` made."""

from __future__ import annotations

import sys
from pathlib import Path

from litefoot.convert.report.report import ArtifactReport, Report
from litefoot.runtime.storage.codec import read_document

ROOT = Path(__file__).parents[1]
BUNDLE = ROOT / "dist" / "digits"
BEGIN, END = "<!-- results: written by `make demo results` -->\n", "<!-- /results -->"


COLUMNS = (
    "artifact", "bytes", "gzip", "p50 ms", "x fp32.tflite", "max error", "in steps", "SQNR",
    "accuracy drop, 95 % interval", "verdict",
)  # fmt: skip
SOURCE = (
    "`litefoot convert runs/digits --out dist/digits` in `make demo`: {samples} test digits, accuracy of the "
    "full-precision model {accuracy:.2%}; {cpu}, one thread, LiteRT {litert}, ONNX Runtime {ort}; conversion and "
    "verification took {seconds:.0f} s. The errors are against the full-precision Keras model; `int8-io` stores its "
    "input and output as integers, and its time includes converting them."
)


def render(report: Report) -> str:
    """The table and the line that says where its numbers come from."""
    packages = report.machine["packages"]
    source = SOURCE.format(
        samples=report.samples,
        accuracy=report.metric_value,
        cpu=report.machine["cpu"],
        litert=packages["ai-edge-litert"],
        ort=packages["onnxruntime"],
        seconds=report.seconds,
    )
    rows = [COLUMNS, ("---",) * len(COLUMNS), *[_cells(artifact) for artifact in report.artifacts]]
    return "\n".join([*[f"| {' | '.join(row)} |" for row in rows], "", source, ""])


def _cells(artifact: ArtifactReport) -> tuple[str, ...]:
    drift, task = artifact.verdict.worst.drift, artifact.verdict.task
    assert drift is not None
    assert task is not None
    return (
        f"`{artifact.name}`",
        f"{artifact.bytes:,}",
        f"{artifact.gzip_bytes:,}",
        f"{artifact.p50_ms:.4f}",
        f"{artifact.p50_ratio:.2f}",
        f"{drift.max_abs:.2g}",
        "" if drift.max_steps is None else f"{drift.max_steps:.1f}",
        f"{drift.sqnr_db:.1f} dB",
        f"{task.drop:+.2%} [{task.low:+.2%}, {task.high:+.2%}]",
        artifact.status,
    )


def main() -> int:
    """Put the table between the README's marks."""
    readme = ROOT / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    table = render(read_document(Report, BUNDLE / "report.json"))
    readme.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
