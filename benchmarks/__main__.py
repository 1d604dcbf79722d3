"""Run every benchmark: ``make bench``. The digits' bundle is made by ``make demo``."""

from __future__ import annotations

import sys
from pathlib import Path

from litefoot.runtime.board import cpu_name

from . import calls, models, startup, throughput

BUNDLE = Path("dist/digits")


def main() -> int:
    """Run them; 0 when every target was met."""
    if not BUNDLE.is_dir():
        sys.stderr.write("dist/digits is missing: run make demo first\n")
        return 2
    models.make()
    print(f"{cpu_name()}; medians of alternating runs")
    met = [calls.run(BUNDLE), throughput.run(), startup.run(BUNDLE)]
    print("\nevery target met" if all(met) else "\na target was missed")
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
