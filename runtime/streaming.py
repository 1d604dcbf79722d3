"""A model fed with a sequence step by step."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .casting import from_file, to_file
from .engines import Engine
from .errors import InputMismatch, UsageError
from .tensors import TensorSpec

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
        _check_wiring(engine, self._wiring, model)
        self._zeros = {spec.name: _zeros(spec) for spec in engine.inputs if spec.name in self._wiring}
        self._state: dict[str, Array] = {}
        self.reset()

    def reset(self) -> None:
        """Go back to the beginning of a sequence: every state is zero."""
        with self._lock:
            self._engine.reset()
            self._state = dict(self._zeros)

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
        free = [spec.name for spec in self._engine.inputs if spec.name not in self._wiring]
        given = named if values is None else values if isinstance(values, Mapping) else {free[0]: values}
        if set(given) != set(free):
            raise InputMismatch(
                "The step's inputs differ from the model's", where=self._model, got=sorted(given), expected=free
            )
        with self._lock:
            arrays = to_file(self._engine.inputs, {**self._state, **given}, raw=False, model=self._model)
            outputs = from_file(self._engine.outputs, self._engine.run(arrays), raw=False)
            self._state = {into: outputs[outof] for into, outof in self._wiring.items()}
        visible = {name: array for name, array in outputs.items() if name not in self._wiring.values()} or outputs
        return next(iter(visible.values())) if len(visible) == 1 else visible


def _check_wiring(engine: Engine, wiring: Mapping[str, str], model: str) -> None:
    inputs = {spec.name: spec for spec in engine.inputs}
    outputs = {spec.name: spec for spec in engine.outputs}
    for into, outof in wiring.items():
        if into not in inputs or outof not in outputs:
            raise UsageError(
                "The state names an input or output that the model does not have",
                where=model,
                got=f"{into} from {outof}",
                expected=f"inputs {sorted(inputs)}, outputs {sorted(outputs)}",
            )
        if inputs[into].shape != outputs[outof].shape:
            raise UsageError(
                "A state input and the output that feeds it differ in shape",
                where=model,
                got=str(outputs[outof]),
                expected=str(inputs[into]),
            )
    if not inputs.keys() - wiring.keys():
        raise UsageError("Every input is state; there is none to feed", where=model)


def _zeros(spec: TensorSpec) -> Array:
    real = spec.quantization is not None or spec.dtype.startswith("float")
    return np.zeros(tuple(size or 1 for size in spec.shape), np.float32 if real else spec.dtype)
