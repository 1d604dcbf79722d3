"""Make a TrainedModel whose channels span five orders of magnitude: a program, so that TensorFlow stays in it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import tf_keras
from tf_keras import layers

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.storage.trained import MODEL, TrainedModel
from litefoot.runtime.tensors import TensorSpec


def main() -> None:
    out = Path(sys.argv[1])
    tf_keras.utils.set_random_seed(0)
    given = layers.Input((6, 6, 4), name="x")
    wide = layers.Conv2D(64, 1, activation="swish", name="wide")
    narrow = layers.DepthwiseConv2D(3, activation="swish", name="narrow")
    mixed = layers.Conv2D(64, 1, activation="swish", name="mixed")
    scores = layers.Dense(4, name="scores")
    model = tf_keras.Model(given, scores(layers.GlobalAveragePooling2D()(mixed(narrow(wide(given))))))
    # Swish lets no factor pass, so that no equalisation undoes what is done to the channels here.
    factors = 10.0 ** np.linspace(0, 5, 64).astype(np.float32)
    kernel, bias = wide.get_weights()
    wide.set_weights([kernel * factors, bias])
    kernel, bias = narrow.get_weights()
    narrow.set_weights([kernel / factors[:, np.newaxis] * 4, bias])
    kernel, bias = mixed.get_weights()
    mixed.set_weights([kernel * 4, bias])
    kernel, bias = scores.get_weights()
    scores.set_weights([kernel * 8, bias])
    samples = np.random.default_rng(0).normal(size=(400, 6, 6, 4)).astype(np.float32)
    calibration, evaluation = samples[:100], samples[100:]
    contract = ModelContract(
        inputs=(TensorSpec("x", (None, 6, 6, 4), "float32"),),
        outputs=(TensorSpec("scores", (None, 4), "float32", kind="regression"),),
        task="regression",
    )
    out.mkdir()
    model.save(out / MODEL)
    document = TrainedModel(
        "litefoot-trained", 1, "wild", contract, metric_value=None, provenance={"made": "by a test"}
    )
    document.write(out, {"x": calibration}, {"x": evaluation}, targets=None)


if __name__ == "__main__":
    main()
