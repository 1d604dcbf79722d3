"""The devices that a model is trained on: this processor, all GPUs of this machine, or several machines."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any, Literal

from litefoot.runtime.errors import UsageError
from litefoot.runtime.native_log import native_log_silenced

Precision = Literal["float32", "mixed"]


@dataclass(frozen=True)
class Task:
    """Which of the processes that train together this one is.

    Attributes:
        worker: Its number, from 0.
        workers: How many there are.
        given: Whether ``TF_CONFIG`` says so.
    """

    worker: int = 0
    workers: int = 1
    given: bool = False

    @property
    def is_chief(self) -> bool:
        """Whether this process writes the result."""
        return self.worker == 0


@dataclass(frozen=True)
class Devices:
    """Where a model is trained.

    Attributes:
        strategy: TensorFlow's way of sharing a batch among them.
        task: Which of the processes this one is.
    """

    strategy: Any
    task: Task

    @property
    def replicas(self) -> int:
        """How many devices share a batch, over all processes."""
        return int(self.strategy.num_replicas_in_sync)

    def check_batch(self, batch: int) -> None:
        """Refuse a batch that cannot be shared equally.

        Args:
            batch: Samples in it.

        Raises:
            UsageError: It cannot.
        """
        if batch % self.replicas:
            fitting = max(batch // self.replicas, 1) * self.replicas
            raise UsageError(
                "The samples of a batch cannot be shared equally",
                got=f"{batch} samples for {self.replicas} devices",
                fix=f"--batch {fitting}, or another multiple of {self.replicas}",
            )

    def least(self, value: int) -> int:
        """The least of a value over all processes, which all call this.

        Args:
            value: This process's.

        Returns:
            The least.
        """
        return min(self._gathered(value))

    def agree(self, value: int) -> bool:
        """Whether a value is the same in all processes, which all call this.

        Args:
            value: This process's, of 63 bits.

        Returns:
            Whether it is.
        """
        return len(set(self._gathered(value))) == 1

    def _gathered(self, value: int) -> list[int]:
        import tensorflow as tf

        if self.task.workers == 1:
            return [value]

        def gather() -> Any:
            return self.strategy.gather(self.strategy.run(lambda: tf.constant([value], tf.int64)), axis=0)

        return [int(number) for number in tf.function(gather)()]

    def __str__(self) -> str:
        workers = self.task.workers
        return f"{_counted(self.replicas, 'device', 's')} in {_counted(workers, 'process', 'es')}"


def _counted(number: int, thing: str, plural: str) -> str:
    return f"{number} {thing}{plural * (number > 1)}"


def find_devices(task: Task) -> Devices:
    """Every GPU of this machine, or this processor; or the machines that ``TF_CONFIG`` names.

    To be called before any other operation of TensorFlow: a process cannot join others later. Waits for the others.

    Args:
        task: Which of the processes this one is.

    Returns:
        The devices.
    """
    import tensorflow as tf

    if task.given:
        with native_log_silenced():
            return Devices(tf.distribute.MultiWorkerMirroredStrategy(), task)
    if len(tf.config.list_physical_devices("GPU")) > 1:
        return Devices(tf.distribute.MirroredStrategy(), task)
    return Devices(tf.distribute.get_strategy(), task)


def set_precision(precision: Precision) -> None:
    """Choose the arithmetic of the layers that are built from now on; weights are float32 either way.

    Args:
        precision: ``mixed`` computes in float16 on GPUs and in bfloat16 elsewhere.
    """
    import tensorflow as tf
    import tf_keras

    half = "mixed_float16" if tf.config.list_physical_devices("GPU") else "mixed_bfloat16"
    tf_keras.mixed_precision.set_global_policy(half if precision == "mixed" else "float32")


def read_task() -> Task:
    """Which of the processes that ``TF_CONFIG`` names this one is.

    https://www.tensorflow.org/guide/distributed_training#setting_up_the_tf_config_environment_variable

    Returns:
        The task; that of a process on its own where the variable is not set.

    Raises:
        UsageError: ``TF_CONFIG`` is not what TensorFlow documents, or names something else than workers.
    """
    text = os.environ.get("TF_CONFIG")
    if not text:
        return Task()
    try:
        config = json.loads(text)
        workers, kind, worker = config["cluster"]["worker"], config["task"]["type"], int(config["task"]["index"])
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
    return Task(worker, len(workers), given=True)
