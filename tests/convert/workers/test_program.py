"""The worker's own program: whatever a converter raises or prints, one line of JSON answers each request."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from litefoot.convert.workers import program
from litefoot.convert.workers.pool import Job, Outcome, Workers
from litefoot.runtime.errors import ConversionFailed, SampleError, UnreadableModel

NOISY = """
import os
from litefoot.convert.workers import program

def noisy(**arguments):
    print("greetings from Python")
    os.write(1, b"greetings from native code\\n")
    return arguments

program.TASKS["noisy"] = "noisy_worker:noisy"
if __name__ == "__main__":
    program.main()
"""


def carry_out(monkeypatch: pytest.MonkeyPatch, function: Any, **arguments: Any) -> dict[str, Any]:
    monkeypatch.setitem(sys.modules, "a_task", SimpleNamespace(carry_out=function))
    monkeypatch.setitem(program.TASKS, "a task", "a_task:carry_out")
    return program.carry_out({"task": "a task", "arguments": arguments})


def raising(error: Exception) -> Any:
    def task(**arguments: Any) -> None:
        raise error

    return task


def test_a_task_gets_its_arguments_and_what_it_returns_is_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = carry_out(monkeypatch, lambda *, a, b: [a, b], a=1, b=None)
    assert answer == {"value": [1, None], "error": None, "kind": None, "fix": None}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("first line\nsecond line"), "ValueError: first line"),
        (KeyError("weights"), "KeyError: 'weights'"),
        (RuntimeError(), "RuntimeError: RuntimeError"),
    ],
)
def test_a_third_partys_error_becomes_its_first_line(
    error: Exception, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = carry_out(monkeypatch, raising(error))
    assert answer == {"value": None, "error": words, "kind": None, "fix": None}


@pytest.mark.parametrize("error", [SampleError("Too few", got=3), UnreadableModel("Damaged", where="a.keras")])
def test_an_error_of_litefoots_own_keeps_its_type_and_all_its_lines(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = carry_out(monkeypatch, raising(error))
    assert answer == {"value": None, "error": str(error), "kind": type(error).__name__, "fix": None}


def test_a_known_refusal_comes_with_what_to_try(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = carry_out(monkeypatch, raising(ValueError("Tensor data is null. Run allocate_tensors() first")))
    assert "dynamic.tflite" in answer["fix"]


@pytest.mark.parametrize("task", program.TASKS)
def test_every_task_has_its_function(task: str) -> None:
    module, _, function = program.TASKS[task].partition(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_a_task_that_is_not_known_is_an_error_and_not_the_workers_end() -> None:
    with Workers(60.0) as workers:
        outcomes = workers.run([Job(name, "no such task", {}) for name in ("first", "second")], lambda name: None)
    for outcome in outcomes.values():
        assert type(outcome.error) is ConversionFailed
        assert "no such task" in str(outcome.error)


def test_what_converters_print_is_not_taken_for_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "noisy_worker.py").write_text(NOISY)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Workers(60.0, program="noisy_worker") as workers:
        assert workers.run([Job("job", "noisy", {"a": 1})], lambda name: None) == {"job": Outcome({"a": 1})}
