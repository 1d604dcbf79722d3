"""The doctor: engines tried in children, and the line to type on each kind of board."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from litefoot.runtime.engines import ENGINES
from litefoot.runtime.machine.doctor import EngineReport, advise, diagnose, try_engine

LITERT, _, ORT = ENGINES
NOTHING = tuple(EngineReport(choice.name, "missing") for choice in ENGINES)
PI: dict[str, Any] = {
    "architecture": "aarch64", "bits": 64, "c_library": "glibc 2.36", "python": (3, 11), "throttled": None,
}  # fmt: skip


def child(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_the_engines_of_this_machine_work() -> None:
    diagnosis = diagnose()
    statuses = {engine.name: engine.status for engine in diagnosis.engines}
    assert statuses == {"litert": "works", "tflite-runtime": "missing", "onnxruntime": "works"}
    assert diagnosis.healthy
    assert diagnosis.advice == ()
    assert diagnosis.cores >= 1
    assert diagnosis.bits == (64 if sys.maxsize > 2**32 else 32)


def test_an_illegal_instruction_is_named_with_the_fix() -> None:
    report = try_engine(ORT, child("import os, signal; os.kill(os.getpid(), signal.SIGILL)"))
    assert report.status == "crashes"
    assert "SIGILL" in report.problem
    assert '"onnxruntime>=1.22"' in report.fix


def test_another_signal_is_named_too() -> None:
    report = try_engine(LITERT, child("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"))
    assert report.status == "crashes"
    assert "SIGSEGV" in report.problem
    assert "litefoot[tflite]" in report.fix


def test_an_engine_built_for_another_numpy_is_told_apart() -> None:
    code = "import sys; sys.exit('A module that was compiled using NumPy 1.x cannot be run in numpy 2')"
    assert try_engine(LITERT, child(code)).fix == 'pip install "numpy<2"'


def test_any_other_failure_shows_its_last_line() -> None:
    report = try_engine(LITERT, child("raise OSError('libfoo.so.1: cannot open')"))
    assert report.status == "fails"
    assert "libfoo.so.1" in report.problem


@pytest.mark.parametrize(
    ("machine", "line"),
    [
        ({}, 'pip install "litefoot[tflite]"'),
        ({"architecture": "armv7l", "bits": 32}, 'pip install "litefoot[tflite-runtime]"'),
        ({"bits": 32}, "64-bit system"),
        ({"bits": 32, "python": (3, 13)}, "Python 3.11 or older"),
        ({"c_library": "musl"}, "glibc"),
        ({"python": (3, 9)}, "3.10 to 3.14"),
    ],
)
def test_a_board_without_engines_is_told_what_to_install(machine: dict[str, object], line: str) -> None:
    assert line in "\n".join(advise(NOTHING, **{**PI, **machine}))


@pytest.mark.parametrize(("throttled", "told"), [(True, True), (False, False), (None, False)])
def test_a_throttled_board_is_told(throttled: bool | None, told: bool) -> None:
    assert ("slowed down" in "\n".join(advise(NOTHING, **{**PI, "throttled": throttled}))) is told


def test_a_working_machine_needs_no_advice() -> None:
    assert advise((EngineReport("litert", "works"), *NOTHING[1:]), **PI) == ()
