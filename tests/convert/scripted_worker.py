"""A worker that misbehaves on demand: it speaks the protocol of `litefoot.convert.worker`, without TensorFlow."""

import json
import os
import signal
import sys
import time
from pathlib import Path


def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        if "pid" in request["arguments"]:
            Path(request["arguments"]["pid"]).write_text(str(os.getpid()))
        TASKS[request["task"]]()


def answer(error: str | None = None, fix: str | None = None) -> None:
    sys.stdout.write(json.dumps({"error": error, "fix": fix}) + "\n")
    sys.stdout.flush()


def last_words_then(signal_number: int) -> None:
    sys.stderr.write("loc(callsite): error: the operator does not like loops\n")
    sys.stderr.flush()
    os.kill(os.getpid(), signal_number)


def raw(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def half_an_answer() -> None:
    raw('{"error": ')
    time.sleep(60)


def close_output_and_live() -> None:
    os.close(1)
    time.sleep(60)


TASKS = {
    "good": answer,
    "refuse": lambda: answer("ValueError: this layer is not known", "another layer"),
    "segfault": lambda: last_words_then(signal.SIGSEGV),
    "killed": lambda: last_words_then(signal.SIGKILL),
    "exit": lambda: sys.exit("no memory for the graph"),
    "hang": lambda: time.sleep(60),
    "half": half_an_answer,
    "deaf": close_output_and_live,
    "chatter": lambda: raw("Converting, please wait\n"),
    "not an answer": lambda: raw("[1, 2]\n"),
    "loud": lambda: (sys.stderr.write("noise\n" * 50_000), answer()),
}

if __name__ == "__main__":
    main()
