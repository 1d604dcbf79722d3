"""Many samples through a model, on all cores where that is faster, with the numbers of one call a sample."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from .casting import from_file, to_file
from .engines import Engine
from .errors import InputMismatch, UnreadableModel, UsageError
from .machine.board import usable_cores
from .tensors import TensorSpec

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

Start = Callable[[int | None], Engine]
"""Loads the model's file anew, for a batch size or as it is."""

_BATCH = 16
_BATCH_BYTES = 8 * 1024 * 1024
_WORTH_SECONDS = 0.02
"""Below this much remaining work, starting engines and threads costs more than it saves."""


class Batcher:
    """Runs a model on any number of samples.

    It begins one sample at a time, or as many as the file was made for. Where much remains, it loads the file once for
    each core, resized to a batch where the file allows that and the batch's answers equal those of the single calls to
    the last bit, and shares the rest out among threads: engines release Python's lock while they compute.

    Args:
        start: Loads the model's file.
        threads: Threads inside one inference, as each engine was given.
    """

    def __init__(self, start: Start, threads: int) -> None:
        self._start = start
        self._single = start(None)
        self._own_batch = own_batch(self._single.inputs)
        self._cores = max(usable_cores() // threads, 1)
        self._lock = threading.Lock()
        self._engines: list[Engine] | None = None
        self._batch = 1

    def predict(
        self, inputs: Mapping[str, Array], count: int, progress: Callable[[int, int], None] | None = None
    ) -> dict[str, Array]:
        """Run the model on samples.

        Args:
            inputs: By input name, (samples, ...), real values.
            count: How many samples.
            progress: Called with the samples done and all samples.

        Returns:
            By output name, (samples, ...).

        Raises:
            InputMismatch: A shape or dtype does not fit.
        """
        with self._lock:
            answers = _Answers(self._single.outputs, count, progress)
            done = self._one_by_one(inputs, answers, count)
            if done < count:
                self._in_threads(inputs, answers, done, count)
            return answers.arrays

    def _one_by_one(self, inputs: Mapping[str, Array], answers: _Answers, count: int) -> int:
        """Answer samples singly until little enough is left, or until it shows that much is; how many were answered."""
        begin = time.perf_counter()
        for first in range(0, count, self._own_batch):
            last = min(first + self._own_batch, count)
            chunk = {name: array[first:last] for name, array in inputs.items()}
            answers.put(first, _run_padded(self._single, chunk, self._own_batch), last - first)
            each = (time.perf_counter() - begin) / last
            if last >= _BATCH and each * (count - last) > _WORTH_SECONDS:
                return last
        return count

    def _in_threads(self, inputs: Mapping[str, Array], answers: _Answers, begin: int, count: int) -> None:
        if self._engines is None:
            self._engines = self._start_engines(inputs, answers.arrays)
        chunks = iter(range(begin, count, self._batch))
        taking = threading.Lock()

        def work(engine: Engine) -> None:
            while True:
                with taking:
                    first = next(chunks, None)
                if first is None:
                    return
                last = min(first + self._batch, count)
                chunk = {name: array[first:last] for name, array in inputs.items()}
                answers.put(first, _run_padded(engine, chunk, self._batch), last - first)

        with ThreadPoolExecutor(len(self._engines)) as pool:
            futures = [pool.submit(work, engine) for engine in self._engines]
            try:
                for future in futures:
                    future.result()
            finally:
                with taking:
                    chunks = iter(())  # after an error or an interrupt, threads end with the chunk they are at

    def _start_engines(self, inputs: Mapping[str, Array], answered: dict[str, Array]) -> list[Engine]:
        """One engine for each core, on batches where the first batch is answered exactly as its samples were."""
        each = max(sum(array[:1].nbytes for array in inputs.values()), 1)
        batch = max(min(_BATCH, _BATCH_BYTES // each), 1)
        engine = self._batched(batch, inputs, answered) if batch > self._own_batch else None
        self._batch = batch if engine is not None else self._own_batch
        first = engine or self._single
        return [first, *(self._start(batch if engine is not None else None) for _ in range(self._cores - 1))]

    def _batched(self, batch: int, inputs: Mapping[str, Array], answered: dict[str, Array]) -> Engine | None:
        try:
            engine = self._start(batch)
            answers = _run(engine, {name: array[:batch] for name, array in inputs.items()})
        except (UnreadableModel, UsageError):
            return None  # the file's graph is made for its own batch
        same = all(np.array_equal(answers[name], array[:batch]) for name, array in answered.items())
        return engine if same else None


def own_batch(specs: Sequence[TensorSpec]) -> int:
    """How many samples a file takes at once.

    Args:
        specs: Of its inputs.

    Returns:
        The first dimension that all inputs have; 1 where it is free, or where they differ.
    """
    sizes = {spec.shape[:1] for spec in specs}
    if len(sizes) != 1 or sizes == {()}:
        return 1
    return sizes.pop()[0] or 1


def count_samples(inputs: Mapping[str, Array]) -> int:
    """How many samples arrays hold.

    Args:
        inputs: By input name, (samples, ...).

    Returns:
        The number.

    Raises:
        InputMismatch: They hold different numbers, or one is no array of samples.
    """
    counts = {name: len(array) if np.ndim(array) else None for name, array in inputs.items()}
    if len(set(counts.values())) > 1 or None in counts.values():
        raise InputMismatch("The inputs are not arrays of one number of samples", got=counts)
    return next(iter(counts.values()), 0) or 0


def no_answers(specs: Mapping[str, TensorSpec], *steps: int) -> dict[str, Array]:
    """What a file answers to no samples.

    Args:
        specs: Its outputs, by name.
        *steps: How many, of sequences.

    Returns:
        By output name, (0, ...), or (0, steps, ...).
    """
    return {
        name: np.empty(
            (0, *steps, *(size or 0 for size in spec.shape[1:])), "float32" if spec.quantization else spec.dtype
        )
        for name, spec in specs.items()
    }


class _Answers:
    """The outputs of all samples, filled in from several threads."""

    def __init__(self, specs: Sequence[TensorSpec], count: int, progress: Callable[[int, int], None] | None) -> None:
        self.arrays = no_answers({spec.name: spec for spec in specs})
        self._count = count
        self._done = 0
        self._progress = progress
        self._lock = threading.Lock()

    def put(self, first: int, outputs: dict[str, Array], count: int) -> None:
        """Keep the outputs of `count` samples, the first of which is number `first`."""
        with self._lock:
            for name, array in outputs.items():
                if array.shape[:1] != (count,):
                    raise UsageError(
                        "This model does not answer sample by sample",
                        where=f"output {name}",
                        got=f"shape {array.shape} for {count} samples",
                        fix="call the model itself instead of predict",
                    )
                if not len(self.arrays[name]):
                    self.arrays[name] = np.empty((self._count, *array.shape[1:]), array.dtype)
                self.arrays[name][first : first + len(array)] = array
            self._done += count
            if self._progress is not None:
                self._progress(self._done, self._count)


def _run(engine: Engine, inputs: Mapping[str, Array]) -> dict[str, Array]:
    arrays = to_file(engine.inputs, inputs, raw=False, model=engine.name)
    engine.reset()
    return from_file(engine.outputs, engine.run(arrays), raw=False)


def _run_padded(engine: Engine, chunk: Mapping[str, Array], batch: int) -> dict[str, Array]:
    """Fill the last batch up with its own last sample, and cut the answers back."""
    count = len(next(iter(chunk.values())))
    if count == batch:
        return _run(engine, chunk)
    full = {
        name: np.concatenate([array, np.repeat(array[-1:], batch - count, axis=0)]) for name, array in chunk.items()
    }
    return {name: array[:count] for name, array in _run(engine, full).items()}
