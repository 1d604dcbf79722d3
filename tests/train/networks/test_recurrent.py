"""A network taken step by step answers as it does over whole sequences."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).with_name("steps_against_sequence.py")


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    done = subprocess.run([sys.executable, PROGRAM], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.slow
def test_streaming_equals_offline_at_each_step_and_at_the_end(found: dict[str, Any]) -> None:
    assert found["largest"] > 1.0
    assert found["at each step"] <= 1e-5
    assert found["at the end"] <= 1e-5


@pytest.mark.slow
def test_the_step_is_of_layers_that_every_converter_takes(found: dict[str, Any]) -> None:
    assert found["layers"] == ["Activation", "Add", "Dense", "InputLayer", "Multiply", "Subtract"]
