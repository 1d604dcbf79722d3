"""The figures of every epoch as TensorBoard reads them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

_VALIDATION = "val_"


class Log:
    """Writes figures so that they are on disk when an epoch has ended, whatever happens then.

    Keras's own callback looks at every batch and keeps figures in memory for up to two minutes.

    Args:
        folder: For the logs ``train`` and ``validation``; made with the first figure.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: dict[str, Any] = {}

    def write(self, figures: Mapping[str, float], epoch: int) -> None:
        """Write the figures of an epoch.

        Args:
            figures: By name; ``val_`` before those of the validation samples.
            epoch: From 1.
        """
        import tensorflow as tf

        for name, value in figures.items():
            part = "validation" if name.startswith(_VALIDATION) else "train"
            with self._writer(part).as_default():
                tf.summary.scalar(name.removeprefix(_VALIDATION), value, step=epoch)
        for writer in self._writers.values():
            writer.flush()

    def _writer(self, part: str) -> Any:
        import tensorflow as tf

        if part not in self._writers:
            self._writers[part] = tf.summary.create_file_writer(str(self._folder / part))
        return self._writers[part]
