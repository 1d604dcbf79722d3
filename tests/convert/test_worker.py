"""The worker's own program: whatever a converter raises or prints, one line of JSON answers each request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from litefoot.convert import worker
from litefoot.convert.isolation import Job, Workers
from litefoot.runtime.errors import ConversionFailed, SampleError

MLIR = """Could not translate MLIR to FlatBuffer.
<unknown>:0: note: loc("while"): called from
<unknown>:0: error: loc("lstm"): 'tf.TensorListReserve' op requires element_shape to be static
<unknown>:0: error: loc("lstm"): 'tf.TensorListReserve' op requires element_shape to be static
<unknown>:0: error: failed while converting: 'main'"""

NOISY = """
import os
from litefoot.convert import worker

def noisy(**arguments):
    print("greetings from Python")
    os.write(1, b"greetings from native code\\n")

worker.TASKS["noisy"] = noisy
worker.main()
"""


def raising(error: Exception) -> Any:
    def task(**arguments: Any) -> None:
        raise error

    return task


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (ValueError("first line\nsecond line"), "ValueError: first line"),
        (KeyError("weights"), "KeyError: 'weights'"),
        (RuntimeError(), "RuntimeError: RuntimeError"),
        (SampleError("Too few", got=3), "Too few\n  got:      3"),
    ],
)
def test_an_error_becomes_its_first_line(error: Exception, answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(worker.TASKS, "raise", raising(error))
    assert worker.carry_out({"task": "raise", "arguments": {}}) == {"error": answer, "fix": None}


def test_of_a_converters_pages_only_the_causes_are_told_and_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(worker.TASKS, "raise", raising(RuntimeError(MLIR)))
    error = worker.carry_out({"task": "raise", "arguments": {}})["error"]
    assert error is not None
    assert error.count("element_shape to be static") == 1
    assert "failed while converting: 'main'" in error
    assert "note:" not in error


def test_a_task_that_is_not_known_is_an_error_and_not_the_workers_end() -> None:
    jobs = [Job("first", "no such task", {}), Job("second", "no such task", {})]
    with Workers(60.0) as workers:
        results = workers.run([jobs], lambda name: None)
    for error in results.values():
        assert type(error) is ConversionFailed
        assert "no such task" in str(error)


def test_what_converters_print_is_not_taken_for_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "noisy_worker.py").write_text(NOISY)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Workers(60.0, "noisy_worker") as workers:
        assert workers.run([[Job("job", "noisy", {})]], lambda name: None) == {"job": None}
