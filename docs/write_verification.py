"""Write the tables of docs/verification.md from the code; with ``--check``, say whether they are up to date."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from litefoot.runtime.tensors import TensorSpec
from litefoot.runtime.verification.kinds import FIGURES
from litefoot.runtime.verification.metrics import METRICS
from litefoot.runtime.verification.tolerance import PRECISIONS, default_tolerance, usual_limits

PAGE = Path(__file__).parent / "verification.md"
BEGIN, END = "<!-- {}: written by `python docs/write_verification.py` -->\n", "<!-- /{} -->"
KINDS = ("probabilities or logits", "image", "tokens", "boxes", "mask", "embedding", "sequence")


def render(page: str) -> str:
    """The page with its tables."""
    for name, table in (("tolerances", _tolerances()), ("metrics", _metrics())):
        before, _, rest = page.partition(BEGIN.format(name))
        _, _, after = rest.partition(END.format(name))
        page = f"{before}{BEGIN.format(name)}\n{table}\n\n{END.format(name)}{after}"
    return page


def _tolerances() -> str:
    unit = np.array([[0.0, 1.0]])
    spec = TensorSpec("y", (None, 2), "float32")
    bases = [default_tolerance(precision, spec, unit) for precision in PRECISIONS]
    rows = [
        ["every number", "absolute error, of a span of 1", *(f"<= {base.atol:g}" for base in bases)],
        ["", "relative error, added to it", *(f"{base.rtol:g}" for base in bases)],
        ["", "share of values that may be outside", *(f"{base.max_outside:g}" for base in bases)],
        ["", "SQNR", *(f">= {base.min_sqnr_db:g} dB" for base in bases)],
    ]
    for kind in KINDS:
        limits = [usual_limits(precision, kind.split()[0]) for precision in PRECISIONS]
        names = [name for name in limits[0] if (name == "worst_step_sqnr_db") == (kind == "sequence")]
        for i, name in enumerate(names):
            figure = FIGURES[name]
            found = [_limit(limit[name], figure.format, figure.unit) for limit in limits]
            rows.append(["" if i else "with steps" if kind == "sequence" else kind, figure.name, *found])
    return _table(["output", "figure", *PRECISIONS], rows)


def _limit(value: float, form: str, unit: str) -> str:
    return f">= {value:.1%}" if form.endswith("%") else f">= {value:g}{unit}"


def _metrics() -> str:
    rows = []
    for name, metric in METRICS.items():
        span = "0..1" if metric.most == 1 else "any, in dB" if metric.unit == " dB" else "0 upwards"
        usual = "-" if metric.usual_drop is None else f"{metric.usual_drop:{metric.shown}}{metric.unit}"
        better = "larger" if metric.larger_is_better else "smaller"
        rows.append([f"`{name}`", metric.wanted(), span, better, usual])
    return _table(["metric", "measured on", "values", "better", "limit where none is given"], rows)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in [head, *rows]]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def main() -> int:
    """Write the tables, or compare them."""
    page = PAGE.read_text(encoding="utf-8")
    if "--check" not in sys.argv:
        PAGE.write_text(render(page), encoding="utf-8")
        return 0
    if page == render(page):
        return 0
    sys.stderr.write("docs/verification.md is out of date: run python docs/write_verification.py\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
