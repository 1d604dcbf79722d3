"""The answers of a Keras model, from a worker, to be compared with those of any other model."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy.typing as npt

from litefoot.runtime.errors import require
from litefoot.runtime.storage.codec import decode
from litefoot.runtime.storage.files import read_arrays
from litefoot.runtime.verification.comparison import Subject

from .jobs import KERAS, answering, opening
from .scratch import hand_over
from .source import Description, Reading
from .staging import stage
from .workers.pool import Workers

Arrays = Mapping[str, npt.NDArray[Any]]


@contextmanager
def open_keras(path: Path, *, reading: Reading | None = None, time_limit: float = 600.0) -> Iterator[Subject]:
    """Open a Keras model in a worker, to be compared.

    Args:
        path: As for `convert`.
        reading: As there.
        time_limit: As there.

    Yields:
        What can be compared, until the block ends.

    Raises:
        UnreadableModel: The model cannot be read, or holds code that may not run.
        UsageError: A choice is missing.
        MissingDependency: The extra ``convert`` is not installed.
    """
    for module in ("tensorflow", "tf_keras", "h5py"):
        if find_spec(module) is None:
            require(module, "convert")
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        staged = stage(str(path), scratch)
        source = staged.source.read_as(reading or Reading())
        with Workers(time_limit, {KERAS: ("tensorflow", "tf_keras", "litefoot.convert.model.opening")}) as workers:
            found = decode(Description, workers.ask(opening(source)), "description")
            given, answers = scratch / "samples.npz", scratch / "answers.npz"

            def answer(samples: Arrays, state: Mapping[str, str]) -> Arrays:
                hand_over(given, samples)
                workers.ask(answering(source, given, dict(state), answers))
                return read_arrays(answers)

            contract = None if staged.training is None else staged.training.document.contract
            yield Subject(path.name, found.framework, found.inputs, found.outputs, answer, contract, precision="fp32")
