"""One worker's process: start, question, answer, and what is said when it crashes, hangs or talks nonsense."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

from litefoot.runtime import errors
from litefoot.runtime.errors import ConversionCrashed, ConversionFailed, ConversionTimedOut, LitefootError

Progress = Callable[[str, int, int], None]
"""Called with what is going on, how much of it is done, and all of it."""

_LAST_LINES = 8
_LAST_FRAMES = 5
_PROGRESS = b'{"progress"'
_SECONDS_TO_DIE = 10.0
_LONGEST_WAIT = 3600.0
_KILLED_FIX = "the machine may have run out of memory; close other programs or convert fewer variants at once"
_CRASHED_FIX = (
    "the other variants are not affected; quantizing loops (GRU, LSTM that is not fused) is known to crash: "
    "use the dynamic variant, or unroll the layer"
)


class Process:
    """A worker, started.

    Args:
        program: Its program, as ``python -m`` takes it.
        preload: Modules that it imports before its first task.
    """

    def __init__(self, program: str, preload: Sequence[str] = ()) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `stop`
        environment = {
            **os.environ,
            "TF_CPP_MIN_LOG_LEVEL": "2",
            "TF_ENABLE_ONEDNN_OPTS": "0",
            "PYTHONUNBUFFERED": "1",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-m", program, *preload],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=environment,
            start_new_session=True,  # an interrupt at the terminal reaches this process, which then ends its workers
        )

    def ask(
        self, name: str, task: str, arguments: dict[str, Any], time_limit: float, progress: Progress | None = None
    ) -> Any:
        """Send a task and wait for its end.

        Args:
            name: What it makes, for messages.
            task: A task that the program knows.
            arguments: Of the task, as JSON.
            time_limit: In seconds.
            progress: Called when the task tells how far it has come.

        Returns:
            What the task returned.

        Raises:
            ConversionCrashed: The process died, or answered nonsense; it is of no further use.
            ConversionTimedOut: It took too long; it is of no further use.
            ConversionFailed: The task raised something.
            LitefootError: The task raised this error of litefoot's own.
        """
        assert self._process.stdin is not None
        begin = os.fstat(self._log.fileno()).st_size
        try:
            self._process.stdin.write(json.dumps({"task": task, "arguments": arguments}).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._crashed(name, begin) from None
        reply = self._reply(time_limit, progress)
        if reply is None:
            self._process.kill()
            raise ConversionTimedOut(
                "The converter did not finish in its time limit",
                where=place_of(name),
                got=f"{time_limit:g} s",
                fix="a longer --time-limit",
            )
        if not reply:
            raise self._crashed(name, begin)
        answer = _parse(reply)
        if answer is None:
            self._process.kill()
            raise ConversionCrashed(
                "The converter's process answered nonsense",
                where=place_of(name),
                got=repr(reply[:160]),
                expected="one line of JSON",
            )
        if answer["error"] is not None:
            raise _error(name, answer)
        return answer["value"]

    def kill(self) -> None:
        """End the process, whatever it is at."""
        self._process.kill()

    def stop(self) -> None:
        """End the process and close what belongs to it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):  # a task that it no longer took
            self._process.stdin.close()
        self._process.stdout.close()
        self._log.close()

    def _reply(self, time_limit: float, progress: Progress | None) -> bytes | None:
        """The worker's last line; empty when it died, None when it took too long."""
        assert self._process.stdout is not None
        deadline = time.monotonic() + time_limit
        reply = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while not reply.endswith(b"\n"):  # half a line is no reason to wait longer than the limit
                left = deadline - time.monotonic()
                if left <= 0:
                    return None
                if selector.select(min(left, _LONGEST_WAIT)):
                    part = os.read(self._process.stdout.fileno(), 65536)
                    if not part:
                        return b""
                    reply = _without_progress(reply + part, progress)
        return reply

    def _crashed(self, name: str, begin: int) -> ConversionCrashed:
        try:
            code = self._process.wait(_SECONDS_TO_DIE)
        except subprocess.TimeoutExpired:  # it closed its output and lives on
            self._process.kill()
            code = self._process.wait()
        cause = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        self._log.seek(begin)
        words = _last_words(self._log.read().decode(errors="replace"))
        tail = "".join(f"\n    {line[:160]}" for line in words)
        return ConversionCrashed(
            "The converter crashed",
            where=place_of(name),
            got=f"{cause}; its last words:{tail or ' none'}",
            fix=_KILLED_FIX if code == -signal.SIGKILL else _CRASHED_FIX,
        )


def place_of(name: str) -> str:
    """What a message is about.

    Args:
        name: Of a job, which for one that makes a file is the file's.

    Returns:
        What stands behind ``where``.
    """
    return f"variant {name}" if name.endswith((".tflite", ".onnx")) and " " not in name else name


def _without_progress(reply: bytes, progress: Progress | None) -> bytes:
    """What a worker has written, but for the whole lines that tell how far it has come."""
    while reply.startswith(_PROGRESS) and b"\n" in reply:
        line, _, reply = reply.partition(b"\n")
        if progress is not None:
            what, done, total = json.loads(line)["progress"]
            progress(what, done, total)
    return reply


def _parse(reply: bytes) -> dict[str, Any] | None:
    """The worker's answer; None where it is not one."""
    try:
        answer = json.loads(reply)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) and {"value", "error", "kind", "fix"} <= answer.keys() else None


def _error(name: str, answer: dict[str, Any]) -> LitefootError:
    kind = getattr(errors, answer["kind"] or "", None)
    if isinstance(kind, type) and issubclass(kind, LitefootError):
        return kind(answer["error"])
    return ConversionFailed(
        "The converter refused the model", where=place_of(name), got=answer["error"], fix=answer["fix"]
    )


def _last_words(log: str) -> list[str]:
    """The end of a log; of the stack that Python prints at a crash only the innermost calls, which name the culprit."""
    lines = [line for line in log.splitlines() if line.strip()]
    fatal = next((i for i, line in enumerate(lines) if line.startswith("Fatal Python error")), None)
    return (lines if fatal is None else lines[: fatal + _LAST_FRAMES])[-_LAST_LINES:]
