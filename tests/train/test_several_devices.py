"""Two processes, or two devices of one, train what one would: the same losses, the same weights but for rounding."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
DENSE = HERE / "dense_recipe.py"
TOLERANCE = 1e-5
"""Of weights and losses after three epochs, absolute: sums are made in another order; Adam divides by small ones."""

DEVICES_TO_ONE = 0.15
"""Of the digits' loss of 1.4 to 2.1: dropout draws other numbers, and batch normalisation sees half of a batch."""


def start(recipe: object, out: Path, epochs: int, *logical: str, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(HERE / "shared.py"), str(recipe), str(out), str(epochs), *logical]
    env = {**os.environ, **environment}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)


def ended(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err[-3000:]
    return json.loads(out.splitlines()[-1])


def cluster() -> list[str]:
    """``TF_CONFIG`` of two workers on ports of this machine that are free."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    hosts = [f"127.0.0.1:{found.getsockname()[1]}" for found in sockets]
    for found in sockets:
        found.close()
    return [json.dumps({"cluster": {"worker": hosts}, "task": {"type": "worker", "index": i}}) for i in range(2)]


def trained_by_two(recipe: object, out: Path, epochs: int) -> list[dict[str, Any]]:
    return [ended(process) for process in [start(recipe, out, epochs, TF_CONFIG=task) for task in cluster()]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="module")
def alone(folder: Path) -> dict[str, Any]:
    return ended(start(DENSE, folder / "alone", 3))


@pytest.fixture(scope="module")
def together(folder: Path) -> list[dict[str, Any]]:
    return trained_by_two(DENSE, folder / "together", 3)


def same(ours: dict[str, Any], theirs: dict[str, Any], tolerance: float = TOLERANCE) -> None:
    assert ours["history"].keys() == theirs["history"].keys()
    for name, values in ours["history"].items():
        np.testing.assert_allclose(values, theirs["history"][name], atol=tolerance, rtol=0, err_msg=name)


def test_both_of_two_processes_see_the_same_figures_and_the_first_has_written(
    folder: Path, together: list[dict[str, Any]]
) -> None:
    first, second = together
    assert first["history"] == second["history"]
    assert first["devices"] == second["devices"] == "2 devices in 2 processes"
    assert (first["written"], second["written"]) == (True, False)
    assert first["metric"] == second["metric"]
    assert json.loads((folder / "together" / "history.json").read_text()) == first["history"]
    assert not (folder / "together.training").exists()


def test_two_processes_end_with_the_weights_of_one(
    folder: Path, alone: dict[str, Any], together: list[dict[str, Any]], weights
) -> None:
    same(alone, together[0])
    ours, theirs = weights(folder / "alone"), weights(folder / "together")
    assert ours.keys() == theirs.keys()
    for name, array in ours.items():
        np.testing.assert_allclose(array, theirs[name], atol=TOLERANCE, rtol=0, err_msg=name)


def test_two_devices_of_one_process_end_with_the_weights_of_one(folder: Path, alone: dict[str, Any], weights) -> None:
    mirrored = ended(start(DENSE, folder / "mirrored", 3, "logical"))
    assert mirrored["devices"] == "2 devices in 1 process"
    same(alone, mirrored)
    ours, theirs = weights(folder / "alone"), weights(folder / "mirrored")
    for name, array in ours.items():
        np.testing.assert_allclose(array, theirs[name], atol=TOLERANCE, rtol=0, err_msg=name)


def test_the_digits_are_trained_by_two_processes_too(folder: Path) -> None:
    first, second = trained_by_two("digits", folder / "digits", 3)
    assert first["history"] == second["history"]
    same(ended(start("digits", folder / "digits-alone", 3)), first, tolerance=DEVICES_TO_ONE)


def test_when_one_process_is_lost_the_other_says_so_and_both_go_on_later(
    folder: Path, together: list[dict[str, Any]]
) -> None:
    command = [sys.executable, str(HERE / "steered.py"), "train", str(DENSE), "--epochs", "3", "--out"]
    left, lost = (
        subprocess.Popen(
            [*command, str(folder / "lost")],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TF_CONFIG": task, **die},
        )
        for task, die in zip(cluster(), ({}, {"DIE": "step:30"}), strict=True)
    )
    told = left.communicate(timeout=200)[1]
    lost.communicate(timeout=200)
    assert (left.returncode, lost.returncode) == (5, -9)
    assert "error: Another machine of this training is gone\n  where:    epoch 3\n" in told
    assert "start it on all machines again, with --resume" in told
    again = trained_by_two(DENSE, folder / "lost", 3)
    assert [one["history"] for one in again] == [one["history"] for one in together]
