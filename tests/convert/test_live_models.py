"""Live models given to `convert` from a program of the user's own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory, program_environment: Mapping[str, str]) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("live")
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("convert_live.py"), out],
        capture_output=True, text=True, env=program_environment, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads((out / "answers.json").read_text())
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("name", "compressible", "outputs"),
    [
        ("keras 3 functional", True, {"total": [[14.0, 20.0]], "gap": [[0.0, 0.0]]}),
        ("keras 3 lambda", False, {"halve": [[0.5, 1.0, 1.5]]}),
        ("keras 3 custom", False, {"above": [[2.0, 5.0, 8.0]]}),
        ("keras 3 subclassed", False, {"output": [[12.0]]}),
        ("tf_keras functional", True, {"once": [[7.0, 10.0]], "twice": [[14.0, 20.0]]}),
        ("tf_keras subclassed", False, [[2.0, 4.0, 6.0]]),
    ],
)
def test_a_live_model_is_converted_as_it_is(
    answers: dict[str, Any], name: str, compressible: bool, outputs: dict[str, Any] | list[list[float]]
) -> None:
    answer = answers[name]
    assert answer.get("status") == "passed", answer
    assert answer["compressible"] == compressible
    found = answer["outputs"]
    if isinstance(outputs, list):  # one output, of whatever name the framework gave it
        assert list(found.values()) == [outputs]
    else:
        assert found == {key: [pytest.approx(row, abs=1e-5) for row in value] for key, value in outputs.items()}


def test_a_live_model_that_was_never_called_is_refused_with_a_way_out(answers: dict[str, Any]) -> None:
    refusal = answers["never called"]
    assert refusal["error"] in ("UsageError", "UnreadableModel")
    for words in ("model never", "fix:"):
        assert words in refusal["message"]
