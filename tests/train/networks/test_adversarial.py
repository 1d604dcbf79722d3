"""The losses of adversarial training by hand, the networks' shapes, and that a step moves what it should."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REAL, MADE = (0.0, 2.0, -30.0), (0.0, -1.0, 200.0)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    program = Path(__file__).with_name("adversarial_program.py")
    command = [sys.executable, str(program), str(tmp_path_factory.mktemp("state"))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def softplus(x: float) -> float:
    """``log(1 + e^x)``, which is ``-log(sigmoid(-x))``."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def test_the_discriminators_loss_is_that_of_the_paper(figures: dict[str, Any]) -> None:
    expected = [softplus(-real) + softplus(made) for real, made in zip(REAL, MADE, strict=True)]
    assert figures["discriminator_loss"] == pytest.approx(expected, rel=1e-6)
    assert expected[0] == pytest.approx(2 * math.log(2))


def test_the_generators_loss_does_not_saturate(figures: dict[str, Any]) -> None:
    assert figures["generator_loss"] == pytest.approx([softplus(-made) for made in MADE], rel=1e-6, abs=1e-12)


def test_the_networks_have_the_shapes_that_are_asked_for(figures: dict[str, Any]) -> None:
    assert figures["generator"] == [[7 * 7 * 256], [7, 7, 128], [14, 14, 64]]  # and the output layer, called image
    assert figures["discriminator"] == [[14, 14, 64], [7, 7, 128], [1]]


def test_a_step_moves_both_networks_and_a_network_built_anew_takes_them_over(figures: dict[str, Any]) -> None:
    assert figures["step"] == {"changed": True, "rebuilt": True, "both_optimizers": True}


def test_the_repairer_touches_the_holes_alone(figures: dict[str, Any]) -> None:
    assert figures["repair"]["kept"]
    assert figures["repair"]["filled"]
    assert figures["repair"]["error"] == pytest.approx([0.25, 0.0, 0.0])


def test_two_devices_step_as_one(figures: dict[str, Any]) -> None:
    change, difference = figures["distributed"]
    assert change > 1e-4
    assert difference < 1e-5 * max(1.0, change)
