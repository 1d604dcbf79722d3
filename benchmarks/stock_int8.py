"""What TensorFlow's guide to full integer quantization says, and no more.

Called as ``python stock_int8.py MODEL.keras SAMPLES.npz OUT.tflite``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

model = keras.saving.load_model(sys.argv[1])
samples = np.load(sys.argv[2])["rows"]


def representative() -> Iterator[list[Any]]:
    """The samples, one by one."""
    for sample in samples:
        yield [sample[np.newaxis]]


converter = tf.lite.TFLiteConverter.from_keras_model(model)
converter.optimizations = [tf.lite.Optimize.DEFAULT]
converter.representative_dataset = representative
converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
Path(sys.argv[3]).write_bytes(converter.convert())
