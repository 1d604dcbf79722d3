"""A worker that misbehaves on demand: it speaks the protocol of `litefoot.convert.workers`, without TensorFlow."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        if "pid" in request["arguments"]:
            Path(request["arguments"]["pid"]).write_text(str(os.getpid()))
        TASKS[request["task"]](request["arguments"])


def answer(value: Any = None, error: str | None = None, kind: str | None = None, fix: str | None = None) -> None:
    sys.stdout.write(json.dumps({"value": value, "error": error, "kind": kind, "fix": fix}) + "\n")
    sys.stdout.flush()


def refuse(arguments: dict[str, Any]) -> None:
    answer(error="ValueError: this layer is not known", fix="another layer")


def last_words_then(signal_number: int) -> Callable[[dict[str, Any]], None]:
    def task(arguments: dict[str, Any]) -> None:
        sys.stderr.write("loc(callsite): error: the operator does not like loops\n")
        sys.stderr.flush()
        os.kill(os.getpid(), signal_number)

    return task


def raw(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def half_an_answer(arguments: dict[str, Any]) -> None:
    raw('{"error": ')
    time.sleep(60)


def close_output_and_live(arguments: dict[str, Any]) -> None:
    os.close(1)
    time.sleep(60)


def loud(arguments: dict[str, Any]) -> None:
    sys.stderr.write("noise\n" * 50_000)
    answer()


def wait_for_file(arguments: dict[str, Any]) -> None:
    """Answer when another worker has put the file there; answer what has been seen."""
    deadline = time.monotonic() + 20
    while not Path(arguments["path"]).exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    answer(Path(arguments["path"]).exists())


def touch(arguments: dict[str, Any]) -> None:
    Path(arguments["path"]).touch()
    answer()


def long(arguments: dict[str, Any]) -> None:
    """Tell of three parts, the last of them in the same breath as the answer."""
    for done in (1, 2):
        raw(json.dumps({"progress": ["fitting", done, 3]}) + "\n")
        time.sleep(0.05)
    raw(json.dumps({"progress": ["fitting", 3, 3]}) + "\n" + json.dumps(DONE) + "\n")


DONE = {"value": "done", "error": None, "kind": None, "fix": None}
TASKS: dict[str, Callable[[dict[str, Any]], None]] = {
    "good": lambda arguments: answer(),
    "echo": lambda arguments: answer(arguments),
    "process": lambda arguments: answer(os.getpid()),
    "arguments": lambda arguments: answer(sys.argv[1:]),
    "environment": lambda arguments: answer(os.environ.get(arguments["name"])),
    "refuse": refuse,
    "sample error": lambda arguments: answer(error="There are too few samples", kind="SampleError"),
    "not ours": lambda arguments: answer(error="nothing", kind="first_line"),
    "segfault": last_words_then(signal.SIGSEGV),
    "killed": last_words_then(signal.SIGKILL),
    "exit": lambda arguments: sys.exit("no memory for the graph"),
    "hang": lambda arguments: time.sleep(60),
    "half": half_an_answer,
    "deaf": close_output_and_live,
    "chatter": lambda arguments: raw("Converting, please wait\n"),
    "not an answer": lambda arguments: raw("[1, 2]\n"),
    "lacking": lambda arguments: raw('{"error": null, "fix": null}\n'),
    "loud": loud,
    "long": long,
    "touch": touch,
    "wait for file": wait_for_file,
}

if __name__ == "__main__":
    main()
