"""Tiny TrainedModel folders, made once, by a program of its own: TensorFlow stays out of this process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny_trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the TrainedModels ``two`` and ``recurrent``, and ``order.txt``. Read only."""
    folder = tmp_path_factory.mktemp("tiny")
    program = Path(__file__).with_name("make_models.py")
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, str(program), str(folder)],
        capture_output=True, text=True, env=environment, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder
