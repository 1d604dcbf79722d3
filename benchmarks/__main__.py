"""Run every benchmark: ``make bench``. The digits' bundle is made by ``make demo``."""

from __future__ import annotations

import sys
from pathlib import Path

from litefoot.runtime.bench import cpu_name

from . import calls

BUNDLE = Path("dist/digits")


def main() -> int:
    """Run them; 0 when every target was met."""
    if not BUNDLE.is_dir():
        sys.stderr.write("dist/digits is missing: run make demo first\n")
        return 2
    print(f"{cpu_name()}; medians of alternating runs")
    met = [calls.run(BUNDLE)]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
