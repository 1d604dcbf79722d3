"""Convert live models from Python, as a user's own script does. A program: TensorFlow is imported into its process."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import keras
import models
import my_objects
import numpy as np
import tensorflow as tf
import tf_keras

from litefoot.convert import Promises, convert
from litefoot.runtime import load
from litefoot.runtime.errors import LitefootError


class OldDoubling(tf_keras.Model):
    """Subclassed, Keras 2: doubled."""

    def call(self, x: Any) -> Any:
        return x * 2.0


def old_doubling() -> tf_keras.Model:
    model = OldDoubling(name="old_doubling")
    model(tf.zeros((1, 3)))
    return model


def never_called() -> keras.Model:
    return my_objects.Doubling(name="never")


LIVE = {
    "keras 3 functional": models.arms,
    "keras 3 subclassed": models.subclassed,
    "keras 3 lambda": models.with_lambda,
    "keras 3 custom": models.with_custom_objects,
    "tf_keras functional": models.old,
    "tf_keras subclassed": old_doubling,
    "never called": never_called,
}


def answer(model: Any, out: Path) -> dict[str, Any]:
    try:
        conversion = convert(model, out=out, variants=["fp32.onnx"], promises=Promises(task="doubling"))
    except LitefootError as error:
        return {"error": type(error).__name__, "message": str(error)}
    file = load(conversion.bundle)
    given = {spec.name: np.array([[1.0, 2.0, 3.0][: spec.shape[1] or 0]], np.float32) for spec in file.inputs}
    outputs = file.run(given)
    return {
        "status": conversion.report.status,
        "name": conversion.report.name,
        "compressible": conversion.report.source.compressible,
        "outputs": {name: array.tolist() for name, array in outputs.items()},
    }


def main() -> None:
    out = Path(sys.argv[1])
    answers = {name: answer(make(), out / name.replace(" ", "-")) for name, make in LIVE.items()}
    (out / "answers.json").write_text(json.dumps(answers))


if __name__ == "__main__":
    main()
