"""A worker that dies, hangs or talks nonsense costs its own job and nothing else."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from litefoot.convert.isolation import Job, Workers
from litefoot.runtime.errors import ConversionCrashed, ConversionFailed, ConversionTimedOut

TIME_LIMIT = 20.0


@pytest.fixture(autouse=True)
def _scripted_worker_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


def lane(*tasks: str, lane: int = 0) -> list[Job]:
    return [Job(f"{lane}.{i} {task}", task, {}) for i, task in enumerate(tasks)]


def carry_out(*lanes: list[Job], time_limit: float = TIME_LIMIT) -> dict[str, ConversionFailed | None]:
    with Workers(time_limit, "scripted_worker") as workers:
        return workers.run(lanes, lambda name: None)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize(
    ("task", "error", "words"),
    [
        ("segfault", ConversionCrashed, ["signal SIGSEGV", "the operator does not like loops", "dynamic variant"]),
        ("killed", ConversionCrashed, ["signal SIGKILL", "run out of memory"]),
        ("exit", ConversionCrashed, ["exit code 1", "no memory for the graph"]),
        ("chatter", ConversionCrashed, ["nonsense", "Converting, please wait"]),
        ("not an answer", ConversionCrashed, ["nonsense", "[1, 2]"]),
        ("refuse", ConversionFailed, ["ValueError: this layer is not known", "fix:      another layer"]),
    ],
)
def test_what_befell_the_worker_is_told_by_type_cause_and_last_words(
    task: str, error: type[ConversionFailed], words: list[str]
) -> None:
    results = carry_out(lane(task))
    failure = results[f"0.0 {task}"]
    assert type(failure) is error
    assert failure.exit_code == 5
    for word in [*words, f"variant 0.0 {task}"]:
        assert word in str(failure)


@pytest.mark.parametrize("task", ["hang", "half"])
def test_a_worker_that_does_not_finish_is_ended_at_its_time_limit(task: str) -> None:
    begin = time.perf_counter()
    failure = carry_out(lane(task), time_limit=1.0)[f"0.0 {task}"]
    assert time.perf_counter() - begin < 10
    assert type(failure) is ConversionTimedOut
    assert "1 s" in str(failure)
    assert "--time-limit" in str(failure)


@pytest.mark.parametrize("task", ["segfault", "exit", "chatter", "not an answer", "refuse", "loud"])
def test_the_next_job_of_the_lane_and_the_other_lane_go_on(task: str) -> None:
    results = carry_out(lane("good", task, "good"), lane("good", "good", lane=1))
    failed = {name for name, error in results.items() if error is not None}
    assert failed == (set() if task == "loud" else {f"0.1 {task}"})
    assert len(results) == 5


def test_a_late_answer_is_not_taken_for_the_next_jobs() -> None:
    """After a line of chatter the worker is ended: what it says later belongs to nobody."""
    results = carry_out(lane("chatter", "refuse", "good"))
    assert "this layer is not known" in str(results["0.1 refuse"])
    assert results["0.2 good"] is None


def test_a_worker_that_closes_its_output_and_lives_on_does_not_hold_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("litefoot.convert.isolation._SECONDS_TO_DIE", 0.5)
    results = carry_out(lane("deaf", "good"))
    assert isinstance(results["0.0 deaf"], ConversionCrashed)
    assert results["0.1 good"] is None


def test_last_words_are_the_jobs_own_not_those_of_the_job_before() -> None:
    results = carry_out(lane("loud", "exit"))
    assert "noise" not in str(results["0.1 exit"])


def test_a_program_that_cannot_start_is_a_crash_with_pythons_own_words() -> None:
    with Workers(TIME_LIMIT, "no_such_program") as workers:
        failure = workers.run([lane("good")], lambda name: None)["0.0 good"]
    assert isinstance(failure, ConversionCrashed)
    assert "No module named no_such_program" in str(failure)


def test_a_job_whose_source_failed_is_not_tried_and_says_so() -> None:
    source = Job("fp32", "refuse", {})
    made_from_it = Job("int8", "segfault", {}, needs="fp32")
    independent = Job("other", "good", {})
    results = carry_out([source, made_from_it, independent])
    assert type(results["int8"]) is ConversionFailed
    assert "int8 is made from fp32, which failed" in str(results["int8"])
    assert results["other"] is None


def test_a_job_whose_source_is_there_is_carried_out() -> None:
    results = carry_out([Job("fp32", "good", {}), Job("int8", "good", {}, needs="fp32")])
    assert results == {"fp32": None, "int8": None}


def test_each_job_is_reported_when_it_ends() -> None:
    ended: list[str] = []
    with Workers(TIME_LIMIT, "scripted_worker") as workers:
        results = workers.run([lane("good", "segfault"), lane("good", lane=1)], ended.append)
    assert sorted(ended) == sorted(results)


def test_an_infinite_time_limit_waits() -> None:
    assert carry_out(lane("good"), time_limit=float("inf")) == {"0.0 good": None}


def test_no_worker_outlives_the_run(tmp_path: Path) -> None:
    pids = [tmp_path / "first", tmp_path / "second"]
    lanes = [[Job(pid.name, "good", {"pid": str(pid)})] for pid in pids]
    carry_out(*lanes)
    assert all(gone(int(pid.read_text())) for pid in pids)


@pytest.fixture
def interrupt_when() -> Callable[[Callable[[], bool]], threading.Thread]:
    def begin(ready: Callable[[], bool]) -> threading.Thread:
        def wait_and_interrupt() -> None:
            while not ready():
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=wait_and_interrupt, daemon=True)
        thread.start()
        return thread

    return begin


def test_an_interrupt_ends_the_run_at_once_and_every_worker_with_it(
    tmp_path: Path, interrupt_when: Callable[[Callable[[], bool]], threading.Thread]
) -> None:
    pid = tmp_path / "pid"
    jobs = [Job("long", "hang", {"pid": str(pid)}), Job("never", "good", {})]
    thread = interrupt_when(lambda: pid.is_file() and pid.read_text() != "")
    begin = time.perf_counter()
    with pytest.raises(KeyboardInterrupt), Workers(50.0, "scripted_worker") as workers:
        workers.run([jobs], lambda name: None)
    assert time.perf_counter() - begin < 15
    thread.join()
    assert gone(int(pid.read_text()))
