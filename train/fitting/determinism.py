"""TensorFlow imported without its chatter, seeded, with kernels that repeat their results."""

from __future__ import annotations

import os

from litefoot.runtime.errors import require
from litefoot.runtime.native_log import native_log_silenced


def make_deterministic(seed: int) -> None:
    """Seed Python, numpy and TensorFlow, and choose kernels that repeat their results.

    Layers that are random (dropout) keep their state in variables, so that a checkpoint holds it.

    Args:
        seed: Any integer of 32 bits without sign.

    Raises:
        MissingDependency: TensorFlow or tf_keras is not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with native_log_silenced():
        tf = require("tensorflow", "train")
        tf_keras = require("tf_keras", "train")

    tf_keras.backend.experimental.enable_tf_random_generator()
    tf_keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
