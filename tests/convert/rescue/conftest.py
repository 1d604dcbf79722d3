"""A model that 8 bits ruin, made once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def wild(made_once: Callable[[str, Callable[[Path], None]], Path], program_environment: dict[str, str]) -> Path:
    """A TrainedModel folder whose channels span five orders of magnitude. Read only."""

    def make(folder: Path) -> None:
        program = [sys.executable, str(Path(__file__).with_name("make_wild.py")), str(folder / "trained")]
        made = subprocess.run(
            program, capture_output=True, text=True, env=program_environment, timeout=120, check=False
        )
        assert made.returncode == 0, made.stderr

    return made_once("wild", make) / "trained"


@pytest.fixture(scope="session")
def rescued(
    made_once: Callable[[str, Callable[[Path], None]], Path],
    wild: Path,
    litefoot: Callable[..., subprocess.CompletedProcess[str]],
) -> Path:
    """The bundle of that model with both mixed files, and what the command said, in ``said``. Read only."""

    def convert(folder: Path) -> None:
        names = ["int8.tflite", "mixed.tflite", "mixed.onnx"]
        done = litefoot("convert", wild, "--out", folder / "bundle", "--variants", *names)
        assert done.returncode == 1, done.stderr  # what failed is in the bundle, marked so
        (folder / "said").write_text(done.stdout)

    return made_once("rescued", convert) / "bundle"
