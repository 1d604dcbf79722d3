"""All models carried once, by a program of its own: TensorFlow stays out of this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ENVIRONMENT = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}


@pytest.fixture(scope="session")
def carried_folder(made_once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """Where the program leaves its files: ``kept.keras``, ``kept.npz``, and what it says in ``report.json``."""

    def carry(folder: Path) -> None:
        program = Path(__file__).with_name("program.py")
        done = subprocess.run(
            [sys.executable, str(program), str(folder)],
            capture_output=True, text=True, env=ENVIRONMENT, timeout=580, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        (folder / "report.json").write_text(done.stdout)

    return made_once("carried", carry)


@pytest.fixture(scope="session")
def report(carried_folder: Path) -> dict[str, Any]:
    """What became of every case: ``carried``, ``reloaded``, ``refused``, ``checks``."""
    return dict(json.loads((carried_folder / "report.json").read_text()))
