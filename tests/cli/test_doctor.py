"""What ``litefoot doctor`` says of a machine on which all is well, and of one on which nothing is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from litefoot.runtime.engines import ENGINES
from litefoot.runtime.machine import doctor
from litefoot.runtime.machine.doctor import Diagnosis
from litefoot.runtime.storage.codec import decode


def test_a_healthy_machine_is_shown_with_its_engines(command: Callable[..., Any]) -> None:
    done = command("doctor")
    assert done.code == 0
    for word in ("board", "cores", "Python", "numpy", "LiteRT", "ONNX Runtime", "works"):
        assert word in done.out


def test_json_is_the_diagnosis_and_nothing_else(command: Callable[..., Any]) -> None:
    diagnosis = decode(Diagnosis, json.loads(command("doctor", "--json").out), "stdout")
    assert [engine.name for engine in diagnosis.engines] == [choice.name for choice in ENGINES]
    assert diagnosis.cores >= 1


def test_a_machine_without_engines_is_told_the_pip_line_and_exits_with_3(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "try_engine", lambda choice: doctor.EngineReport(choice.name, "missing"))
    done = command("doctor")
    assert done.code == 3
    assert 'pip install "litefoot[tflite]"' in done.out
