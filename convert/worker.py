"""The program of a worker: one JSON line asks for a task, one JSON line answers, until the input ends."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

from litefoot.runtime.errors import LitefootError, first_line

from . import reference, to_onnx, to_tflite

TASKS: dict[str, Callable[..., None]] = {
    "reference": reference.write,
    "tflite": to_tflite.write,
    "onnx-fp32": to_onnx.write_float,
    "onnx-int8": to_onnx.write_int8,
}


def carry_out(request: dict[str, Any]) -> dict[str, str | None]:
    """Carry out one task.

    Args:
        request: ``task`` and its ``arguments``.

    Returns:
        ``error``: what went wrong, or None; ``fix``: what to try, or None.
    """
    try:
        TASKS[request["task"]](**request["arguments"])
    except LitefootError as error:
        return {"error": str(error), "fix": None}
    except Exception as error:  # noqa: BLE001 - converters raise anything; all of it goes to the parent as text
        return {"error": f"{type(error).__name__}: {_cause(error)}", "fix": None}
    return {"error": None, "fix": None}


def _cause(error: Exception) -> str:
    """The lines of a converter's message that name the cause: MLIR puts them after 'error:'."""
    lines = [line.strip() for line in str(error).splitlines() if "error:" in line]
    return "; ".join(dict.fromkeys(lines))[:800] or first_line(error)


def main() -> None:
    """Answer requests until the standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what converters print goes to the log
    for line in sys.stdin:
        answers.write(json.dumps(carry_out(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
