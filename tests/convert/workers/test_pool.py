"""Lanes of workers: one that dies, hangs or refuses costs its own job, what needs that, and nothing else."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from litefoot.convert.workers.pool import Job, Outcome, Workers
from litefoot.runtime.errors import ConversionCrashed, ConversionFailed, ConversionTimedOut, SampleError

TIME_LIMIT = 20.0


def workers_of(time_limit: float = TIME_LIMIT, preload: dict[str, tuple[str, ...]] | None = None) -> Workers:
    return Workers(time_limit, preload, "scripted_worker")


def lane(*tasks: str, lane: str = "") -> list[Job]:
    return [Job(f"{lane}{i} {task}", task, {}, lane=lane) for i, task in enumerate(tasks)]


def carry_out(*jobs: Job, time_limit: float = TIME_LIMIT) -> dict[str, Outcome]:
    with workers_of(time_limit) as workers:
        return workers.run(jobs, lambda name: None)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_what_the_tasks_returned_is_the_outcome_by_name() -> None:
    assert carry_out(Job("a", "echo", {"x": 1}), Job("b", "echo", {}, lane="other")) == {
        "a": Outcome({"x": 1}),
        "b": Outcome({}),
    }


def test_without_jobs_there_is_nothing_to_do() -> None:
    assert carry_out() == {}


@pytest.mark.parametrize("task", ["segfault", "exit", "chatter", "not an answer", "refuse", "loud"])
def test_the_next_job_of_the_lane_and_the_other_lane_go_on(task: str) -> None:
    outcomes = carry_out(*lane("good", task, "good"), *lane("good", "good", lane="b"))
    failed = {name for name, outcome in outcomes.items() if outcome.error is not None}
    assert failed == (set() if task == "loud" else {f"1 {task}"})
    assert len(outcomes) == 5


def test_a_job_that_takes_too_long_costs_itself() -> None:
    outcomes = carry_out(*lane("hang", "good"), time_limit=1.0)
    assert isinstance(outcomes["0 hang"].error, ConversionTimedOut)
    assert outcomes["1 good"].error is None


def test_a_late_answer_is_not_taken_for_the_next_jobs() -> None:
    """After a line of chatter the worker is ended: what it says later belongs to nobody."""
    outcomes = carry_out(*lane("chatter", "refuse", "good"))
    assert "this layer is not known" in str(outcomes["1 refuse"].error)
    assert outcomes["2 good"].error is None


def test_a_lane_has_one_worker_until_it_dies_and_lanes_have_different_ones() -> None:
    jobs = [*lane("process", "process", "segfault", "process"), *lane("process", lane="b")]
    outcomes = carry_out(*jobs)
    first, second, after = (outcomes[f"{i} process"].value for i in (0, 1, 3))
    assert first == second
    assert len({first, after, outcomes["b0 process"].value}) == 3


def test_lanes_work_side_by_side(tmp_path: Path) -> None:
    path = {"path": str(tmp_path / "there")}
    waiting, touching = Job("waiting", "wait for file", path, lane="a"), Job("touching", "touch", path, lane="b")
    assert carry_out(waiting, touching)["waiting"].value is True


def test_an_error_of_the_task_is_told_with_the_variant_as_a_failed_stage() -> None:
    """In a run the model is known to be good: what a task says of its input is this variant's failure."""
    failure = carry_out(Job("int8.onnx", "sample error", {}))["int8.onnx"].error
    assert type(failure) is ConversionFailed
    assert "variant int8.onnx" in str(failure)
    assert "There are too few samples" in str(failure)


def test_one_job_alone_keeps_the_type_of_its_error() -> None:
    with workers_of() as workers:
        with pytest.raises(SampleError, match="too few samples"):
            workers.ask(Job("the model", "sample error", {}))
        assert workers.ask(Job("the model", "echo", {"x": 1})) == {"x": 1}


@pytest.mark.parametrize(("task", "error"), [("segfault", ConversionCrashed), ("hang", ConversionTimedOut)])
def test_a_worker_that_died_at_one_job_alone_is_replaced(task: str, error: type[Exception]) -> None:
    with workers_of(1.0) as workers:
        with pytest.raises(error):
            workers.ask(Job("the model", task, {}))
        assert workers.ask(Job("the model", "echo", {"x": 1})) == {"x": 1}


def test_workers_that_are_preloaded_are_there_before_the_first_job() -> None:
    with workers_of(preload={"a": ("first", "second"), "b": ()}) as workers:
        assert workers.ask(Job("job", "arguments", {}, lane="a")) == ["first", "second"]
        assert workers.ask(Job("job", "arguments", {}, lane="b")) == []


# What is made of what


def test_a_job_waits_for_what_it_is_made_of_in_its_own_lane_and_in_another(tmp_path: Path) -> None:
    ended: list[str] = []
    jobs = [
        Job("third", "good", {}, lane="b", needs="second"),
        Job("second", "good", {}, lane="a", needs="first"),
        Job("first", "good", {}, lane="b"),
    ]
    with workers_of() as workers:
        assert workers.run(jobs, ended.append).keys() == {"first", "second", "third"}
    assert ended == ["first", "second", "third"]


def test_a_lane_does_what_it_can_while_a_job_waits() -> None:
    ended: list[str] = []
    jobs = [Job("late", "good", {}, lane="a", needs="slow"), *lane("good", "good", lane="a")]
    jobs.append(Job("slow", "good", {}, lane="b", needs="a1 good"))
    with workers_of() as workers:
        workers.run(jobs, ended.append)
    assert ended == ["a0 good", "a1 good", "slow", "late"]


@pytest.mark.parametrize("other", ["", "b"])
def test_a_job_whose_source_failed_is_not_tried_and_says_so(other: str) -> None:
    source = Job("fp32", "refuse", {})
    made_from_it = Job("int8", "segfault", {}, lane=other, needs="fp32")
    made_from_that = Job("checked", "good", {}, needs="int8")
    outcomes = carry_out(source, made_from_it, made_from_that, Job("other", "good", {}))
    assert type(outcomes["int8"].error) is ConversionFailed
    assert "int8 needs fp32, which failed" in str(outcomes["int8"].error)
    assert "checked needs int8, which failed" in str(outcomes["checked"].error)
    assert outcomes["other"].error is None


def test_each_job_is_reported_once_when_it_ends_orphans_too() -> None:
    ended: list[str] = []
    jobs = [*lane("good", "segfault"), *lane("good", lane="b"), Job("orphan", "good", {}, needs="1 segfault")]
    with workers_of() as workers:
        outcomes = workers.run(jobs, ended.append)
    assert sorted(ended) == sorted(outcomes)


# Second tries


def with_second(first: str, second: str, **settings: Any) -> Job:
    return Job("int8", first, {}, lane="a", otherwise=Job("int8", second, {"by": "second"}, lane="b", **settings))


def test_a_second_try_is_made_only_after_the_first_failed() -> None:
    assert carry_out(with_second("good", "echo"))["int8"] == Outcome(None)
    assert carry_out(with_second("refuse", "echo"))["int8"] == Outcome({"by": "second"})
    assert carry_out(with_second("segfault", "echo"))["int8"] == Outcome({"by": "second"})


def test_a_second_try_is_reported_as_one_job_and_feeds_what_is_made_of_it() -> None:
    ended: list[str] = []
    jobs = [with_second("refuse", "echo"), Job("checked", "good", {}, lane="a", needs="int8")]
    with workers_of() as workers:
        outcomes = workers.run(jobs, ended.append)
    assert ended == ["int8", "checked"]
    assert outcomes["checked"].error is None


def test_when_both_tries_fail_the_second_is_the_error_and_the_first_is_told() -> None:
    failure = carry_out(with_second("refuse", "segfault"))["int8"].error
    assert type(failure) is ConversionCrashed
    second, _, first = str(failure).partition("\n  before:   ")
    assert "signal SIGSEGV" in second
    assert first.startswith("The converter refused the model\n")
    assert "this layer is not known" in first
    assert all(line.startswith("  ") for line in first.splitlines()[1:])


def test_a_second_try_waits_for_what_it_needs_and_is_an_orphan_where_that_failed() -> None:
    after = Job("other", "good", {}, lane="a")
    assert carry_out(with_second("refuse", "echo", needs="other"), after)["int8"].value == {"by": "second"}
    failed = Job("other", "refuse", {}, lane="a")
    failure = carry_out(with_second("refuse", "echo", needs="other"), failed)["int8"].error
    assert "int8 needs other, which failed" in str(failure)
    assert "before:" in str(failure)


def test_a_second_try_in_a_lane_that_has_nothing_else_to_do_is_made() -> None:
    """The lane has to stay open for it."""
    outcomes = carry_out(with_second("refuse", "echo"), Job("quick", "good", {}, lane="b"))
    assert outcomes["int8"].error is None


# The end


def test_no_worker_outlives_the_run(tmp_path: Path) -> None:
    pids = [tmp_path / "first", tmp_path / "second"]
    carry_out(*[Job(pid.name, "good", {"pid": str(pid)}, lane=pid.name) for pid in pids])
    assert all(gone(int(pid.read_text())) for pid in pids)


@pytest.mark.parametrize("task", ["hang", "good"])
def test_a_watcher_that_raises_ends_the_run_with_its_error(task: str) -> None:
    def watcher(name: str) -> None:
        raise RuntimeError(f"no room to draw {name}")

    begin = time.perf_counter()
    jobs = [Job("other", task, {}, lane="a"), Job("job", "good", {}, lane="b"), Job("next", "good", {}, needs="job")]
    with pytest.raises(RuntimeError, match="no room to draw"), workers_of() as workers:
        workers.run(jobs, watcher)
    assert time.perf_counter() - begin < 10


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


@pytest.mark.parametrize("otherwise", [None, Job("long", "good", {}, lane="b")], ids=["no second try", "second try"])
def test_an_interrupt_ends_the_run_at_once_and_every_worker_with_it(
    tmp_path: Path, interrupt_when: Callable[[Callable[[], bool]], threading.Thread], otherwise: Job | None
) -> None:
    pids = [tmp_path / "first", tmp_path / "second"]
    jobs = [
        Job("long", "hang", {"pid": str(pids[0])}, otherwise=otherwise),
        Job("long too", "hang", {"pid": str(pids[1])}, lane="c"),
        Job("never", "good", {}),
        Job("nor this", "good", {}, lane="b", needs="long"),
    ]
    thread = interrupt_when(lambda: all(pid.is_file() and pid.read_text() != "" for pid in pids))
    begin = time.perf_counter()
    with pytest.raises(KeyboardInterrupt), workers_of(50.0) as workers:
        workers.run(jobs, lambda name: None)
    assert time.perf_counter() - begin < 15
    thread.join()
    assert all(gone(int(pid.read_text())) for pid in pids)
