"""Conversions in child processes: a converter that crashes or hangs takes nothing else with it.

A worker imports TensorFlow once and carries out jobs one after another; when it dies, the job that it was at has
crashed and a new worker goes on with the next. Workers speak JSON lines over their standard input and output.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from litefoot.runtime.errors import ConversionCrashed, ConversionFailed, ConversionTimedOut

_LAST_LINES = 8
_LAST_FRAMES = 5
_SECONDS_TO_DIE = 10.0
_LONGEST_WAIT = 3600.0
_KILLED_FIX = "the machine may have run out of memory; close other programs or convert fewer variants at once"
_CRASHED_FIX = (
    "the other variants are not affected; quantizing loops (GRU, LSTM that is not fused) is known to crash: "
    "use the dynamic variant, or unroll the layer"
)


@dataclass(frozen=True)
class Job:
    """One piece of work for a worker.

    Attributes:
        name: What it makes, for messages.
        task: A task that the worker knows.
        arguments: Of the task, as JSON.
        needs: The job of the same lane without whose result this one cannot be done.
    """

    name: str
    task: str
    arguments: dict[str, Any]
    needs: str | None = None


class Workers:
    """Workers for some lanes of jobs, ended with the block.

    Args:
        time_limit: For each job, in seconds.
        module: The program of a worker, as ``python -m`` takes it.
    """

    def __init__(self, time_limit: float, module: str = "litefoot.convert.worker") -> None:
        self._time_limit = time_limit
        self._module = module
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._closed = True
            for process in self._processes:
                process.kill()

    def run(self, lanes: Sequence[Sequence[Job]], done: Callable[[str], None]) -> dict[str, ConversionFailed | None]:
        """Carry out lanes side by side, the jobs of a lane one after another in one worker.

        Args:
            lanes: The jobs.
            done: Called with a job's name when it ended, from another thread.

        Returns:
            By job name, None where it ended well, else the error.
        """
        results: dict[str, ConversionFailed | None] = {}
        with ThreadPoolExecutor(max_workers=max(len(lanes), 1)) as pool:
            try:
                for future in [pool.submit(self._run_lane, lane, results, done) for lane in lanes]:
                    future.result()
            except BaseException:
                self.__exit__(None, None, None)  # lanes end when their workers do; only then can the pool be left
                raise
        return results

    def _run_lane(
        self, lane: Sequence[Job], results: dict[str, ConversionFailed | None], done: Callable[[str], None]
    ) -> None:
        worker: _Worker | None = None
        try:
            for job in lane:
                if job.needs is not None and results.get(job.needs) is not None:
                    results[job.name] = ConversionFailed(
                        f"{job.name} is made from {job.needs}, which failed", where=f"variant {job.name}"
                    )
                else:
                    worker = worker or self._start()
                    results[job.name] = worker.ask(job, self._time_limit)
                    if isinstance(results[job.name], (ConversionCrashed, ConversionTimedOut)):
                        self._stop(worker)
                        worker = None
                done(job.name)
        finally:
            if worker is not None:
                self._stop(worker)

    def _start(self) -> _Worker:
        with self._lock:
            if self._closed:
                raise ConversionFailed("The conversion was interrupted")
            worker = _Worker(self._module)
            self._processes.add(worker.process)
            return worker

    def _stop(self, worker: _Worker) -> None:
        worker.stop()
        with self._lock:
            self._processes.discard(worker.process)


class _Worker:
    def __init__(self, module: str) -> None:
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `stop`
        environment = {
            **os.environ,
            "TF_CPP_MIN_LOG_LEVEL": "2",
            "TF_ENABLE_ONEDNN_OPTS": "0",
            "PYTHONUNBUFFERED": "1",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=environment,
            start_new_session=True,  # an interrupt at the terminal reaches this process, which then ends its workers
        )

    def ask(self, job: Job, time_limit: float) -> ConversionFailed | None:
        """Send a job and wait for its end; the error, if there is one."""
        assert self.process.stdin is not None
        begin = os.fstat(self.log.fileno()).st_size
        request = {"task": job.task, "arguments": job.arguments}
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return self._crashed(job, begin)
        reply = self._reply(time_limit)
        if reply is None:
            self.process.kill()
            return ConversionTimedOut(
                "The converter did not finish in its time limit",
                where=f"variant {job.name}",
                got=f"{time_limit:g} s",
                fix="a longer --time-limit",
            )
        if not reply:
            return self._crashed(job, begin)
        answer = _parse(reply)
        if answer is None:
            return ConversionCrashed(
                "The converter's process answered nonsense",
                where=f"variant {job.name}",
                got=repr(reply[:160]),
                expected="one line of JSON",
            )
        if answer["error"] is None:
            return None
        return ConversionFailed(
            "The converter refused the model",
            where=f"variant {job.name}",
            got=answer["error"],
            fix=answer["fix"],
        )

    def stop(self) -> None:
        """End the process and close what belongs to it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.log.close()

    def _reply(self, time_limit: float) -> bytes | None:
        """The worker's line; empty when it died, None when it took too long."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + time_limit
        reply = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while not reply.endswith(b"\n"):  # half a line is no reason to wait longer than the limit
                left = deadline - time.monotonic()
                if left <= 0:
                    return None
                if selector.select(min(left, _LONGEST_WAIT)):
                    part = os.read(self.process.stdout.fileno(), 65536)
                    if not part:
                        return b""
                    reply += part
        return reply

    def _crashed(self, job: Job, begin: int) -> ConversionCrashed:
        try:
            code = self.process.wait(_SECONDS_TO_DIE)
        except subprocess.TimeoutExpired:  # it closed its output and lives on
            self.process.kill()
            code = self.process.wait()
        cause = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        self.log.seek(begin)
        words = _last_words(self.log.read().decode(errors="replace"))
        tail = "".join(f"\n    {line[:160]}" for line in words)
        return ConversionCrashed(
            "The converter crashed",
            where=f"variant {job.name}",
            got=f"{cause}; its last words:{tail or ' none'}",
            fix=_KILLED_FIX if code == -signal.SIGKILL else _CRASHED_FIX,
        )


def _parse(reply: bytes) -> dict[str, Any] | None:
    """The worker's answer; None where it is not one."""
    try:
        answer = json.loads(reply)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) and {"error", "fix"} <= answer.keys() else None


def _last_words(log: str) -> list[str]:
    """The end of a log; of the stack that Python prints at a crash only the innermost calls, which name the culprit."""
    lines = [line for line in log.splitlines() if line.strip()]
    fatal = next((i for i, line in enumerate(lines) if line.startswith("Fatal Python error")), None)
    return (lines if fatal is None else lines[: fatal + _LAST_FRAMES])[-_LAST_LINES:]
