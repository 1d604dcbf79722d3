"""The program of a worker: one JSON line asks for a task, one JSON line answers, until the input ends."""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any

from litefoot.runtime.errors import LitefootError

from .explain import explain
from .progress import open_channel
from .unneeded import hide_unneeded

TASKS = {
    "open": "litefoot.convert.model.opening:describe",
    "reference": "litefoot.convert.export.reference:write",
    "steps": "litefoot.convert.export.reference:write_steps",
    "tflite": "litefoot.convert.export.tflite:write",
    "onnx": "litefoot.convert.export.onnx:write",
    "quantize-tflite": "litefoot.convert.export.quantize_tflite:write",
    "quantize-onnx": "litefoot.convert.export.quantize_onnx:write",
    "narrow-onnx": "litefoot.convert.export.narrow_onnx:write",
    "compress": "litefoot.convert.compress.job:carry_out",
    "tflite-trained": "litefoot.convert.compress.job:write_tflite",
    "describe": "litefoot.convert.export.describe:describe",
    "explain": "litefoot.convert.explain.task:explain",
    "rescue-prepare": "litefoot.convert.rescue.trying:prepare",
    "rescue-treat": "litefoot.convert.rescue.trying:treat",
    "rescue-rank": "litefoot.convert.rescue.trying:rank",
    "rescue-try": "litefoot.convert.rescue.trying:attempt",
}
"""Each task's function; its module is imported when it is first asked for."""


def carry_out(request: dict[str, Any]) -> dict[str, Any]:
    """Carry out one task.

    Args:
        request: ``task`` and its ``arguments``.

    Returns:
        ``value``: what the task returned; ``error``: what went wrong, or None; ``kind``: the error's type, if it is one
        of litefoot's own; ``fix``: what to try, or None.
    """
    try:
        module, _, function = TASKS[request["task"]].partition(":")
        value = getattr(importlib.import_module(module), function)(**request["arguments"])
    except LitefootError as error:
        return {"value": None, "error": str(error), "kind": type(error).__name__, "fix": None}
    except Exception as error:  # noqa: BLE001 - converters raise anything; all of it goes to the parent as text
        cause, fix = explain(error)
        return {"value": None, "error": cause, "kind": None, "fix": fix}
    return {"value": value, "error": None, "kind": None, "fix": None}


def main() -> None:
    """Import what the arguments name, then answer requests until the standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    open_channel(answers)
    os.dup2(2, 1)  # what converters print goes to the log
    hide_unneeded()
    for name in sys.argv[1:]:
        importlib.import_module(name)
    for line in sys.stdin:
        answers.write(json.dumps(carry_out(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
