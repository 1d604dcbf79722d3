"""Trainings in processes of their own, steered to their end where a test wants one."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

HERE = Path(__file__).parent
COUNTING = HERE / "counting_recipe.py"
OWN = HERE.parents[1] / "samples" / "my_recipe.py"

Weights = dict[str, np.ndarray]
Steered = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def steered() -> Steered:
    """`litefoot train` by steered.py; environment variables by name."""

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(HERE / "steered.py"), "train", *map(str, arguments)]
        env = {**os.environ, **environment}
        return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=env)

    return run


@pytest.fixture(scope="session")
def weights() -> Callable[[Path], Weights]:
    """Every array of a saved model by its path; the times of writing that the file also holds left out."""

    def read(folder: Path) -> Weights:
        arrays: Weights = {}
        with zipfile.ZipFile(folder / "model.keras") as archive:
            stored = io.BytesIO(archive.read("model.weights.h5"))
        with h5py.File(stored) as file:
            file.visititems(
                lambda name, item: arrays.update({name: item[()]} if isinstance(item, h5py.Dataset) else {})
            )
        return arrays

    return read


@pytest.fixture(scope="session")
def counting() -> Path:
    """A recipe whose every figure is known."""
    return COUNTING


@pytest.fixture(scope="session")
def own_recipe() -> Path:
    """The sample of a user's own recipe, with dropout, batch normalisation, variation and a schedule."""
    return OWN
