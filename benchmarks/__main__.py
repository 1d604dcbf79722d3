"""Run every benchmark and write the tables of the docs: ``make bench``. The digits' bundle is made by ``make demo``."""

from __future__ import annotations

import sys
from pathlib import Path

from litefoot.runtime.machine.board import cpu_name, usable_cores

from . import calls, conversion, harness, models, rescue, startup, throughput, training

BUNDLE = Path("dist/digits")
RUNTIME_PAGE = Path("docs/runtime.md")
CONVERSION_PAGE = Path("docs/converting.md")
TRAINING_PAGE = Path("docs/training.md")


def main() -> int:
    """Run them; 0 when every target was met."""
    if not BUNDLE.is_dir():
        sys.stderr.write("dist/digits is missing: run make demo first\n")
        return 2
    models.make()
    machine = f"{cpu_name()}, {usable_cores()} cores"
    rows = [*calls.run(BUNDLE), *throughput.run(), *startup.run(BUNDLE)]
    harness.write(RUNTIME_PAGE, "bench", rows, machine)
    conversions = conversion.run()
    harness.write(CONVERSION_PAGE, "bench", conversions, machine)
    trainings = training.run()
    harness.write(TRAINING_PAGE, "bench", trainings, machine)
    rows += conversions + trainings + rescue.run()
    harness.show(rows)
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
