"""One worker's process: what it answers, and what is said when it dies, hangs or talks nonsense."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from litefoot.convert.workers.process import Process, place_of
from litefoot.runtime.errors import (
    ConversionCrashed,
    ConversionFailed,
    ConversionTimedOut,
    LitefootError,
    SampleError,
)

TIME_LIMIT = 20.0


@pytest.fixture
def process() -> Iterator[Process]:
    worker = Process("scripted_worker")
    yield worker
    worker.stop()


def test_what_a_task_returned_is_the_answer(process: Process) -> None:
    assert process.ask("first", "echo", {"value": [1, None, "é"]}, TIME_LIMIT) == {"value": [1, None, "é"]}
    assert process.ask("second", "echo", {}, TIME_LIMIT) == {}


@pytest.mark.parametrize(
    ("task", "error", "words"),
    [
        ("segfault", ConversionCrashed, ["signal SIGSEGV", "the operator does not like loops", "dynamic variant"]),
        ("killed", ConversionCrashed, ["signal SIGKILL", "run out of memory"]),
        ("exit", ConversionCrashed, ["exit code 1", "no memory for the graph"]),
        ("chatter", ConversionCrashed, ["nonsense", "Converting, please wait", "one line of JSON"]),
        ("not an answer", ConversionCrashed, ["nonsense", "[1, 2]"]),
        ("lacking", ConversionCrashed, ["nonsense", '"fix": null']),
        ("refuse", ConversionFailed, ["got:      ValueError: this layer is not known", "fix:      another layer"]),
        ("not ours", ConversionFailed, ["got:      nothing"]),
    ],
)
def test_what_befell_the_worker_is_told_by_type_cause_and_last_words(
    process: Process, task: str, error: type[ConversionFailed], words: list[str]
) -> None:
    with pytest.raises(ConversionFailed) as failure:
        process.ask("int8.tflite", task, {}, TIME_LIMIT)
    assert type(failure.value) is error
    assert failure.value.exit_code == 5
    for word in [*words, "where:    variant int8.tflite"]:
        assert word in str(failure.value)


def test_an_error_of_litefoots_own_keeps_its_type_and_words(process: Process) -> None:
    with pytest.raises(LitefootError) as failure:
        process.ask("the model", "sample error", {}, TIME_LIMIT)
    assert type(failure.value) is SampleError
    assert str(failure.value) == "There are too few samples"
    assert failure.value.exit_code == 2


@pytest.mark.parametrize("task", ["hang", "half"])
def test_a_worker_that_does_not_finish_is_ended_at_its_time_limit(process: Process, task: str) -> None:
    begin = time.perf_counter()
    with pytest.raises(ConversionTimedOut) as failure:
        process.ask("int8.tflite", task, {}, 0.5)
    assert time.perf_counter() - begin < 10
    for words in ("where:    variant int8.tflite", "got:      0.5 s", "--time-limit"):
        assert words in str(failure.value)


def test_a_worker_that_closes_its_output_and_lives_on_does_not_hold_the_run(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("litefoot.convert.workers.process._SECONDS_TO_DIE", 0.5)
    with pytest.raises(ConversionCrashed):
        process.ask("job", "deaf", {}, TIME_LIMIT)


def test_last_words_are_the_jobs_own_not_those_of_the_job_before(process: Process) -> None:
    process.ask("first", "loud", {}, TIME_LIMIT)
    with pytest.raises(ConversionCrashed) as failure:
        process.ask("second", "exit", {}, TIME_LIMIT)
    assert "no memory for the graph" in str(failure.value)
    assert "noise" not in str(failure.value)


def test_a_dead_process_that_is_asked_again_is_a_crash_and_no_broken_pipe(process: Process) -> None:
    process.kill()
    time.sleep(0.2)
    with pytest.raises(ConversionCrashed, match="signal SIGKILL"):
        process.ask("job", "good", {}, TIME_LIMIT)


def test_a_program_that_cannot_start_is_a_crash_with_pythons_own_words() -> None:
    process = Process("no_such_program")
    with pytest.raises(ConversionCrashed, match="No module named no_such_program"):
        process.ask("job", "good", {}, TIME_LIMIT)
    process.stop()


def test_an_infinite_time_limit_waits(process: Process) -> None:
    assert process.ask("job", "echo", {"a": 1}, float("inf")) == {"a": 1}


def test_the_program_is_told_what_to_import_and_tensorflow_to_be_quiet_and_repeatable() -> None:
    process = Process("scripted_worker", ("first.module", "second"))
    assert process.ask("job", "arguments", {}, TIME_LIMIT) == ["first.module", "second"]
    assert process.ask("job", "environment", {"name": "TF_CPP_MIN_LOG_LEVEL"}, TIME_LIMIT) == "2"
    assert process.ask("job", "environment", {"name": "TF_ENABLE_ONEDNN_OPTS"}, TIME_LIMIT) == "0"
    process.stop()


def test_progress_is_told_while_a_task_goes_on(process: Process) -> None:
    told: list[tuple[str, int, int]] = []
    assert process.ask("it", "long", {}, TIME_LIMIT, lambda *progress: told.append(progress)) == "done"
    assert told == [("fitting", 1, 3), ("fitting", 2, 3), ("fitting", 3, 3)]
    assert process.ask("it", "long", {}, TIME_LIMIT) == "done", "nobody has to listen"
    assert process.ask("it", "echo", {}, TIME_LIMIT) == {}


@pytest.mark.parametrize(
    ("name", "place"),
    [("int8.tflite", "variant int8.tflite"), ("the model", "the model"), ("check int8.onnx", "check int8.onnx")],
)
def test_a_message_calls_a_variant_what_is_one(name: str, place: str) -> None:
    assert place_of(name) == place
