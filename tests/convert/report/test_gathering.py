"""What is measured for the page: few calls of a fast model, none of a slow one; a failure costs its section alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from reports import CONTRACT, REFERENCE, intake_of, report_of

from litefoot.convert.report.gathering import gather
from litefoot.convert.report.material import Material
from litefoot.convert.workers.pool import Job
from litefoot.runtime.errors import ConversionCrashed
from litefoot.runtime.storage.golden import Golden
from litefoot.runtime.storage.manifest import Artifact, FileRecord, Manifest


class Worker:
    """Answers jobs as it is told to."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.jobs: list[Job] = []

    def ask(self, job: Job) -> Any:
        self.jobs.append(job)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def gathered(
    worker: Worker, *, p50_ms: float = 0.1, names: tuple[str, ...] = ("fp32.tflite", "int8.tflite")
) -> Material:
    report = report_of(dict.fromkeys(names, REFERENCE))
    report = replace(report, artifacts=tuple(replace(each, p50_ms=p50_ms) for each in report.artifacts))
    artifacts = tuple(
        Artifact(name, name.partition(".")[2], name.partition(".")[0], f"models/{name}", "abc", 1, 1, (), (), {}, {})  # type: ignore[arg-type]
        for name in names
    )
    manifest = Manifest("litefoot-bundle", 1, "m", CONTRACT, artifacts, (), (FileRecord("golden.npz", "def"),), {})
    golden = Golden({}, {"y": REFERENCE})
    return gather(worker, Path("b"), Path("s.npz"), report, manifest, golden, intake_of(), [])  # type: ignore[arg-type]


@pytest.mark.parametrize(("p50_ms", "calls"), [(0.01, 8), (0.5, 8), (2.0, 2), (9.0, 1)])
def test_a_faster_model_is_called_more_often(p50_ms: float, calls: int) -> None:
    worker = Worker([])
    material = gathered(worker, p50_ms=p50_ms)
    (job,) = worker.jobs
    assert (job.task, job.arguments["limit"], job.arguments["samples"]) == ("explain", calls, "s.npz")
    assert job.arguments["original"] == str(Path("b/models/fp32.tflite"))
    assert job.arguments["quantized"] == str(Path("b/models/int8.tflite"))
    assert [explained.artifact for explained in material.explanations] == ["int8.tflite"]


def test_a_slow_model_is_left_to_the_command() -> None:
    worker = Worker([])
    assert "litefoot explain --artifact int8.tflite" in gathered(worker, p50_ms=30.0).unexplained["int8.tflite"]
    assert worker.jobs == []


def test_an_engine_that_crashes_costs_the_section_alone() -> None:
    material = gathered(Worker(ConversionCrashed("The converter crashed")))
    assert material.unexplained == {"int8.tflite": "The converter crashed"}
    assert material.explanations == ()


def test_without_the_float_file_there_is_nothing_to_explain() -> None:
    worker = Worker([])
    material = gathered(worker, names=("fp32.tflite", "int8.onnx"))
    assert (worker.jobs, material.explanations, dict(material.unexplained)) == ([], (), {})


def test_every_file_is_there_with_its_digest() -> None:
    digests = gathered(Worker([])).digests
    assert digests == {"fp32.tflite": "abc", "int8.tflite": "abc", "golden.npz": "def"}
