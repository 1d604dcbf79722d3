"""What the recipes' tests share: quick runs, and where real data are."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

QUICK = """
import sys
from pathlib import Path
from litefoot.cli.main import main
for name in sys.argv[2:]:
    code = main(["train", name, "--quick", "--out", str(Path(sys.argv[1]) / name)])
    if code:
        sys.exit(code)
"""


@pytest.fixture(scope="session")
def train_quick(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Train recipes by name to a folder each; one process, so that TensorFlow is imported once."""

    def train(*names: str) -> Path:
        folder = tmp_path_factory.mktemp("quick")
        command = [sys.executable, "-c", QUICK, str(folder), *names]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, done.stderr
        return folder

    return train


@pytest.fixture(scope="session")
def real() -> Path:
    """The folder of real data."""
    folder = os.environ.get("LITEFOOT_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("LITEFOOT_DATA names no folder of real data")
    return Path(folder)
