"""Tiny models, made once, by a program of its own: TensorFlow stays out of this process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from litefoot.cli.main import main

HERE = Path(__file__).parent
OWN = HERE / "own"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def program_environment() -> dict[str, str]:
    """For programs that import TensorFlow, and for workers that need the user's own classes."""
    return {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(OWN)}


@pytest.fixture(scope="session")
def tiny_trained(made_once: Callable[[str, Callable[[Path], None]], Path], program_environment: dict[str, str]) -> Path:
    """A folder with the TrainedModels ``two`` and ``fused``, and with ``own``. Read only."""

    def make(folder: Path) -> None:
        done = subprocess.run(
            [sys.executable, str(HERE / "make_models.py"), str(folder)],
            capture_output=True, text=True, env=program_environment, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    return made_once("tiny", make)


@pytest.fixture(scope="session")
def own(tiny_trained: Path) -> Path:
    """A folder with models as users have them: see own/models.py. Read only."""
    return tiny_trained / "own"


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line in this process: exit code, output, errors. Nothing that it says is ever a traceback."""
    monkeypatch.setenv("PYTHONPATH", str(OWN))

    def run(*arguments: object) -> tuple[int, str, str]:
        try:
            code = main(list(map(str, arguments)))
        except SystemExit as usage:  # argparse's own refusal
            code = int(usage.code or 0)
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return code, said.out, said.err

    return run
