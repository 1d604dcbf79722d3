"""Conversions in child processes: a converter that crashes or hangs takes nothing else with it.

Each lane has one worker, which imports its libraries once and carries out jobs one after another; when it dies, the job
that it was at has crashed and a new worker goes on with the next. Lanes work side by side; a job may wait for one of
another lane. Workers speak JSON lines over their standard input and output.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from litefoot.runtime.errors import ConversionCrashed, ConversionFailed, ConversionTimedOut, LitefootError

from .process import Process, Progress, place_of

PROGRAM = "litefoot.convert.workers.program"


@dataclass(frozen=True)
class Job:
    """One piece of work for a worker.

    Attributes:
        name: What it makes, for messages.
        task: A task that the worker knows.
        arguments: Of the task, as JSON.
        lane: Whose worker carries it out.
        needs: The job without whose result this one cannot be done.
        otherwise: What is tried when this one fails; it has the same name, and often another lane.
        time_limit: In seconds; None for that of its workers.
    """

    name: str
    task: str
    arguments: dict[str, Any]
    lane: str = ""
    needs: str | None = None
    otherwise: Job | None = None
    time_limit: float | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a job.

    Attributes:
        value: What its task returned.
        error: What went wrong; None where it ended well.
    """

    value: Any = None
    error: ConversionFailed | None = None


class Workers:
    """Workers for some lanes, ended with the block.

    Args:
        time_limit: For each job, in seconds.
        preload: For each lane, the modules that its worker imports before its first job.
        program: The program of a worker, as ``python -m`` takes it.
    """

    def __init__(
        self, time_limit: float, preload: Mapping[str, Sequence[str]] | None = None, program: str = PROGRAM
    ) -> None:
        self._time_limit = time_limit
        self._preload = preload or {}
        self._program = program
        self._processes: dict[str, Process] = {}
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self) -> Workers:
        for lane in self._preload:
            self._process(lane)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._kill()
        for process in self._processes.values():
            process.stop()
        self._processes.clear()

    def ask(self, job: Job, progress: Progress | None = None) -> Any:
        """Carry out one job now.

        Args:
            job: The job; nothing else of its lane is under way.
            progress: Called when the task tells how far it has come.

        Returns:
            What its task returned.

        Raises:
            LitefootError: What went wrong; of the type that the task raised, where that was one of litefoot's.
        """
        try:
            limit = self._time_limit if job.time_limit is None else job.time_limit
            return self._process(job.lane).ask(job.name, job.task, job.arguments, limit, progress)
        except (ConversionCrashed, ConversionTimedOut):
            self._drop(job.lane)
            raise

    def run(self, jobs: Sequence[Job], done: Callable[[str], None]) -> dict[str, Outcome]:
        """Carry out jobs, those of different lanes side by side.

        Args:
            jobs: The jobs; those of a lane in the order in which they are best done.
            done: Called with a job's name when it ended, from another thread.

        Returns:
            By job name.
        """
        board = _Board(jobs, done)
        lanes = board.lanes()
        with ThreadPoolExecutor(max_workers=max(len(lanes), 1)) as pool:
            try:
                ended, _ = wait([pool.submit(self._work, lane, board) for lane in lanes], None, FIRST_EXCEPTION)
                for future in ended:
                    future.result()
            except BaseException:
                board.close()
                self._kill()  # lanes end when their workers do; only then can the pool be left
                raise
        return board.results

    def _work(self, lane: str, board: _Board) -> None:
        while (job := board.next(lane)) is not None:
            try:
                outcome = Outcome(self.ask(job))
            except ConversionFailed as failure:
                outcome = Outcome(error=failure)
            except LitefootError as failure:
                refused = ConversionFailed("This could not be made", where=place_of(job.name), got=failure)
                outcome = Outcome(error=refused)
            board.finish(job, outcome)

    def _process(self, lane: str) -> Process:
        with self._lock:
            if self._closed:
                raise ConversionFailed("The conversion was interrupted")
            if lane not in self._processes:
                self._processes[lane] = Process(self._program, self._preload.get(lane, ()))
            return self._processes[lane]

    def _kill(self) -> None:
        """End every worker, whatever it is at, and let no other begin."""
        with self._lock:
            self._closed = True
            for process in self._processes.values():
                process.kill()

    def _drop(self, lane: str) -> None:
        with self._lock:
            process = self._processes.pop(lane, None)
        if process is not None:
            process.stop()


class _Board:
    """Who does what next: jobs that wait, jobs that are being done, and what came of the others."""

    def __init__(self, jobs: Sequence[Job], done: Callable[[str], None]) -> None:
        self.results: dict[str, Outcome] = {}
        self._first_errors: dict[str, ConversionFailed] = {}
        self._waiting = list(jobs)
        self._busy = 0
        self._closed = False
        self._done = done
        self._changed = threading.Condition()

    def lanes(self) -> list[str]:
        """All lanes that may get work, those of second tries too."""
        found: dict[str, None] = {}
        for first in self._waiting:
            job: Job | None = first
            while job is not None:
                found[job.lane] = None
                job = job.otherwise
        return list(found)

    def next(self, lane: str) -> Job | None:
        """The lane's next job that can be done, once there is one; None when there will be none."""
        with self._changed:
            while not self._closed:
                self._fail_orphans()
                ready = [job for job in self._waiting if job.needs is None or job.needs in self.results]
                job = next((job for job in ready if job.lane == lane), None)
                if job is not None:
                    self._waiting.remove(job)
                    self._busy += 1
                    return job
                if not self._waiting and not self._busy:
                    return None
                if not self._busy and not ready:  # what waits needs something that nobody makes
                    self._waiting.clear()
                    self._changed.notify_all()
                    return None
                self._changed.wait()
        return None

    def finish(self, job: Job, outcome: Outcome) -> None:
        """Note what came of a job, or put its second try on the board."""
        with self._changed:
            self._busy -= 1
            if outcome.error is not None and job.otherwise is not None:
                self._first_errors[job.name] = outcome.error
                self._waiting.append(job.otherwise)
            else:
                self._note(job.name, outcome)
            self._changed.notify_all()

    def _note(self, name: str, outcome: Outcome) -> None:
        first = self._first_errors.get(name)
        if outcome.error is not None and first is not None:
            outcome = Outcome(error=type(outcome.error)(f"{outcome.error}\n  before:   {_indented(first)}"))
        self.results[name] = outcome
        self._done(name)

    def close(self) -> None:
        """Let every lane end."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _fail_orphans(self) -> None:
        for job in list(self._waiting):
            source = None if job.needs is None else self.results.get(job.needs)
            if source is not None and source.error is not None:
                self._waiting.remove(job)
                what = f"{job.name} needs {job.needs}, which failed"
                self._note(job.name, Outcome(error=ConversionFailed(what, where=place_of(job.name))))
                self._changed.notify_all()


def _indented(error: ConversionFailed) -> str:
    return str(error).replace("\n", "\n  ")
