"""Open models and run them. A program: TensorFlow is imported into its process, once for all of them.

Reads {case: {"source": a `Source`, encoded; "inputs": {name: values}}}; writes {case: what a worker would answer, with
"original" and "exported": {name: values} in place of the description where there are inputs}.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np

from litefoot.convert.workers import program


def run(source: dict[str, Any], inputs: dict[str, Any]) -> dict[str, Any]:
    import tensorflow as tf

    from litefoot.convert.model.opening import open_model

    opened = open_model(source)
    given = {spec.name: tf.constant(np.array(inputs[spec.name]), spec.dtype) for spec in opened.description.inputs}
    calls = {"original": opened.original, "exported": opened.exported}
    return {
        which: {name: np.asarray(tensor).tolist() for name, tensor in call(given).items()}
        for which, call in calls.items()
    }


def main() -> None:
    answers = {}
    for case, request in json.load(sys.stdin).items():
        answer = program.carry_out({"task": "open", "arguments": {"source": request["source"]}})
        if answer["error"] is None and "inputs" in request:
            answer |= run(request["source"], request["inputs"])
        answers[case] = answer
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
