"""A model file fed with sequences: step by step, or many whole ones."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np

from .batching import Start, no_answers, own_batch
from .casting import by_name, check_names, from_file, to_file
from .engines import Engine
from .errors import UsageError
from .machine.board import usable_cores
from .sequences import check_wiring, count_steps, fed, given_specs, roll_out, visible, zeros

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]


class Stream:
    """One sequence in progress. Made by `Model.stream`.

    The state is kept as real values: a quantized model's state output and state input have scales of their own, and
    the stored integers of one do not mean the same in the other.

    Args:
        engine: The model, not shared with anybody.
        state: For the name of each input that holds state, the output that is its next value; empty where the file
            keeps its state inside.
        model: Its name, for messages.

    Raises:
        UsageError: The state names no input or output, or their shapes differ.
    """

    def __init__(self, engine: Engine, state: Mapping[str, str], model: str) -> None:
        self._engine = engine
        self._wiring = dict(state)
        self._model = model
        self._lock = threading.Lock()
        check_wiring(engine.inputs, engine.outputs, self._wiring, model)
        self._state: dict[str, Array] = {}
        self.reset()

    def reset(self) -> None:
        """Go back to the beginning of a sequence: every state is zero."""
        with self._lock:
            self._engine.reset()
            self._state = zeros(self._engine.inputs, self._wiring)

    @property
    def state(self) -> dict[str, Array]:
        """What the next step will find, real values by input name; set it to go back to where it was read.

        Raises:
            UsageError: The file keeps its state inside, where it can be neither read nor set; or, when it is set, the
                names are not those of the state.
        """
        self._check_state(self._wiring)
        return dict(self._state)

    @state.setter
    def state(self, state: Mapping[str, Array]) -> None:
        """Go back to a state that was read; see `Stream.state`."""
        self._check_state(state)
        with self._lock:
            self._state = dict(state)

    def __call__(
        self, values: Array | Mapping[str, Array] | None = None, /, **named: Array
    ) -> Array | dict[str, Array]:
        """Take one step.

        Args:
            values: The only input that is not state, or a dict by input name; real values, as for calling a model.
            **named: The inputs by name, instead of `values`.

        Returns:
            The only output that is not state, or a dict by output name.

        Raises:
            InputMismatch: A name, shape or dtype differs from what the model takes.
        """
        free = fed(self._engine.inputs, self._wiring)
        given = by_name(values, named, free, model=self._model)
        check_names(free, given, model=self._model)
        with self._lock:
            outputs = run_step(self._engine, {**self._state, **given}, self._model)
            self._state = {into: outputs[outof] for into, outof in self._wiring.items()}
        seen = visible(outputs, self._wiring)
        return next(iter(seen.values())) if len(seen) == 1 else seen

    def _check_state(self, given: Mapping[str, object]) -> None:
        if not self._wiring or given.keys() != self._wiring.keys():
            raise UsageError(
                "This is not the state of this stream",
                where=self._model,
                got=sorted(given),
                expected=sorted(self._wiring) or "a model whose state is an input and an output",
            )


class Sequences:
    """Whole sequences through a model that takes one step, each from zeros, as many side by side as there are cores.

    Args:
        start: Loads the model's file.
        threads: Threads inside one inference, as each engine was given.
        state: For the name of each input that holds state, the output that is its next value.
        model: Its name, for messages.

    Raises:
        UsageError: The state names no input or output, or their shapes differ.
    """

    def __init__(self, start: Start, threads: int, state: Mapping[str, str], model: str) -> None:
        self._start, self._wiring, self._model = start, dict(state), model
        self._engines = [start(None)]
        self._cores = max(usable_cores() // threads, 1)
        self._lock = threading.Lock()
        check_wiring(self._engines[0].inputs, self._engines[0].outputs, self._wiring, model)

    def predict(
        self, given: Mapping[str, Array], progress: Callable[[int, int], None] | None = None
    ) -> dict[str, Array]:
        """Take the model through sequences.

        Args:
            given: By input name, without the state: (samples, steps, ...), or (samples, ...) for what is given again
                at each step; real values.
            progress: Called with the samples done and all samples.

        Returns:
            By output name, without the state's, (samples, steps, ...).

        Raises:
            InputMismatch: A name, shape or dtype does not fit, or the numbers of samples or steps differ.
        """
        inputs = self._engines[0].inputs
        steps = count_steps(inputs, given_specs(inputs, self._wiring, given), given)
        batch, count = own_batch(inputs), len(next(iter(given.values())))
        chunks = [{name: array[i : i + batch] for name, array in given.items()} for i in range(0, count, batch)]
        answers: list[dict[str, Array]] = []
        with self._lock:
            missing = min(self._cores, len(chunks)) - len(self._engines)
            self._engines += [self._start(None) for _ in range(missing)]
            free: SimpleQueue[Engine] = SimpleQueue()
            for engine in self._engines:
                free.put(engine)
            with ThreadPoolExecutor(len(self._engines)) as pool:
                for answer in pool.map(lambda chunk: self._roll_out(free, chunk, batch), chunks):
                    answers.append(answer)
                    if progress is not None:
                        progress(min(len(answers) * batch, count), count)
        if not answers:
            return no_answers(visible({spec.name: spec for spec in self._engines[0].outputs}, self._wiring), steps)
        return {name: np.concatenate([answer[name] for answer in answers]) for name in answers[0]}

    def _roll_out(self, free: SimpleQueue[Engine], chunk: dict[str, Array], batch: int) -> dict[str, Array]:
        """Take the next free engine through some sequences, the last batch filled up with its own last one."""
        count = len(next(iter(chunk.values())))
        full = {name: np.concatenate([array, array[-1:].repeat(batch - count, 0)]) for name, array in chunk.items()}
        engine = free.get()
        try:
            engine.reset()
            answered = roll_out(lambda now: run_step(engine, now, self._model), engine.inputs, self._wiring, full)
        finally:
            free.put(engine)
        return {name: array[:count] for name, array in answered.items()}


def run_step(engine: Engine, given: Mapping[str, Array], model: str) -> dict[str, Array]:
    """One inference in real values, from the state in which the engine is.

    Args:
        engine: A loaded model file.
        given: By input name.
        model: Its name, for messages.

    Returns:
        By output name.

    Raises:
        InputMismatch: A name, shape or dtype differs from what the model takes.
    """
    return from_file(engine.outputs, engine.run(to_file(engine.inputs, given, raw=False, model=model)), raw=False)
