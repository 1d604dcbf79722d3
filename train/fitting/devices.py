"""The devices that a model is trained on: this processor, all GPUs of this machine, or several machines."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any, Literal

from litefoot.runtime.errors import UsageError

Precision = Literal["float32", "mixed"]


@dataclass(frozen=True)
class Devices:
    """Where a model is trained, and in which arithmetic.

    Attributes:
        strategy: TensorFlow's way of sharing a batch among them.
        worker: This process's number among those that train together, from 0.
        workers: How many processes train together.
    """

    strategy: Any
    worker: int
    workers: int

    @property
    def is_chief(self) -> bool:
        """Whether this process writes the result."""
        return self.worker == 0

    def __str__(self) -> str:
        replicas = self.strategy.num_replicas_in_sync
        return f"{replicas} device{'s' * (replicas > 1)} in {self.workers} process{'es' * (self.workers > 1)}"


def find_devices() -> Devices:
    """Every GPU of this machine, or this processor; with ``TF_CONFIG`` set, the machines that it names.

    To be called before any other operation of TensorFlow: a process cannot join others later.

    Returns:
        The devices.

    Raises:
        UsageError: ``TF_CONFIG`` is not what TensorFlow documents.
    """
    import tensorflow as tf

    task = _task()
    if task is not None:
        worker, workers = task
        return Devices(tf.distribute.MultiWorkerMirroredStrategy(), worker, workers)
    if len(tf.config.list_physical_devices("GPU")) > 1:
        return Devices(tf.distribute.MirroredStrategy(), 0, 1)
    return Devices(tf.distribute.get_strategy(), 0, 1)


def set_precision(precision: Precision) -> None:
    """Choose the arithmetic of the layers that are built from now on; weights are float32 either way.

    Args:
        precision: ``mixed`` computes in float16 on GPUs and in bfloat16 elsewhere.
    """
    import tensorflow as tf
    import tf_keras

    half = "mixed_float16" if tf.config.list_physical_devices("GPU") else "mixed_bfloat16"
    tf_keras.mixed_precision.set_global_policy(half if precision == "mixed" else "float32")


def _task() -> tuple[int, int] | None:
    """The number of this worker and of all workers that ``TF_CONFIG`` names."""
    text = os.environ.get("TF_CONFIG")
    if not text:
        return None
    try:
        config = json.loads(text)
        task, workers = config["task"], config["cluster"]["worker"]
        worker, kind = int(task["index"]), task["type"]
    except (ValueError, TypeError, KeyError) as error:
        raise UsageError(
            "The environment variable TF_CONFIG is not readable",
            got=text[:200],
            expected='{"cluster": {"worker": ["host:port", ...]}, "task": {"type": "worker", "index": 0}}',
        ) from error
    if kind != "worker" or not 0 <= worker < len(workers):
        raise UsageError(
            "TF_CONFIG names a task that is not one of its workers",
            got=f"{kind} {worker}",
            expected=f"worker 0 to {len(workers) - 1}",
        )
    return worker, len(workers)
