"""All models carried once, by a program of its own: TensorFlow stays out of this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ENVIRONMENT = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}


@pytest.fixture(scope="session")
def carried_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the program leaves its files: ``kept.keras`` and ``kept.npz``."""
    return tmp_path_factory.mktemp("carried")


@pytest.fixture(scope="session")
def report(carried_folder: Path) -> dict[str, Any]:
    """What became of every case: ``carried``, ``reloaded``, ``refused``, ``checks``."""
    program = Path(__file__).with_name("program.py")
    done = subprocess.run(
        [sys.executable, str(program), str(carried_folder)],
        capture_output=True, text=True, env=ENVIRONMENT, timeout=580, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout))
