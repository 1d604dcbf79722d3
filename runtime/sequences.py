"""Sequences for a model that takes one step of them: what one step leaves, the next one finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import InputMismatch, UsageError
from .tensors import TensorSpec

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

Step = Callable[[dict[str, Any]], Mapping[str, Any]]
"""A model that takes one step: from arrays by input name, the state too, to arrays by output name, samples first."""


def roll_out(
    step: Step, inputs: Sequence[TensorSpec], state: Mapping[str, str], given: Mapping[str, Array]
) -> dict[str, Array]:
    """Take a model through sequences, all of them at once, from a state of zeros.

    Args:
        step: The model. It is called with as many samples as `given` holds.
        inputs: What one step takes, the state too.
        state: For the name of each input that holds state, the output that is its next value.
        given: By input name, without the state: (samples, steps, ...), or (samples, ...) for what is given again at
            each step.

    Returns:
        By output name, without the state's, (samples, steps, ...); with it where there is no other output.

    Raises:
        InputMismatch: The names or the numbers of steps or samples do not fit.
    """
    taken = [visible(outputs, state) for _, outputs in walk(step, inputs, state, given)]
    return {name: np.stack([np.asarray(outputs[name]) for outputs in taken], axis=1) for name in taken[0]}


def walk(
    step: Step, inputs: Sequence[TensorSpec], state: Mapping[str, str], given: Mapping[str, Array]
) -> Iterator[tuple[dict[str, Array], Mapping[str, Array]]]:
    """The steps of `roll_out`, one by one.

    Args:
        step: As there.
        inputs: As there.
        state: As there.
        given: As there.

    Yields:
        What one step was given, the state too, and what it returned; both by name.

    Raises:
        InputMismatch: The names or the numbers of steps or samples do not fit.
    """
    steps = count_steps(inputs, given_specs(inputs, state, given), given)
    carried = zeros(inputs, state, len(next(iter(given.values()))))
    for i in range(steps):
        now = at_step(inputs, state, given, i) | carried
        outputs = step(now)
        carried = {into: outputs[outof] for into, outof in state.items()}
        yield now, outputs


def fed(inputs: Sequence[TensorSpec], state: Mapping[str, str]) -> tuple[TensorSpec, ...]:
    """What a caller gives to a model.

    Args:
        inputs: All that one step takes.
        state: For the name of each input that holds state, the output that is its next value.

    Returns:
        The inputs that are not state.
    """
    return tuple(spec for spec in inputs if spec.name not in state)


def visible(outputs: Mapping[str, Any], state: Mapping[str, str]) -> dict[str, Any]:
    """What a caller sees of a step's outputs.

    Args:
        outputs: Anything by output name.
        state: For the name of each input that holds state, the output that is its next value.

    Returns:
        The outputs that are not state; all where there is no other.
    """
    return {name: value for name, value in outputs.items() if name not in state.values()} or dict(outputs)


def zeros(inputs: Sequence[TensorSpec], state: Mapping[str, str], samples: int = 1) -> dict[str, Array]:
    """The state at the beginning of a sequence.

    Args:
        inputs: What one step takes.
        state: For the name of each input that holds state, the output that is its next value.
        samples: How many sequences begin.

    Returns:
        Zeros by input name, (samples, ...), real values where the input is quantized.
    """
    return {
        spec.name: np.zeros(
            [size or (1 if i else samples) for i, size in enumerate(spec.shape)],
            np.float32 if spec.quantization else spec.dtype,
        )
        for spec in inputs
        if spec.name in state
    }


def first_call(inputs: Sequence[TensorSpec], state: Mapping[str, str], given: Mapping[str, Array]) -> dict[str, Array]:
    """What a model is called with first.

    Args:
        inputs: All that it takes.
        state: For the name of each input that holds state, the output that is its next value; empty for a model that
            takes whole samples.
        given: Samples, or sequences as for `roll_out`.

    Returns:
        The first sample, or its first step with the state, by input name, (1, ...).
    """
    one = {name: array[:1] for name, array in given.items()}
    if not state:
        return one
    return at_step(inputs, state, one, 0) | {name: array[:1] for name, array in zeros(inputs, state).items()}


def at_step(
    inputs: Sequence[TensorSpec], state: Mapping[str, str], given: Mapping[str, Array], step: int
) -> dict[str, Array]:
    """What sequences hold at one step.

    Args:
        inputs: What one step takes, the state too.
        state: For the name of each input that holds state, the output that is its next value.
        given: As for `roll_out`.
        step: Which, from zero.

    Returns:
        By input name, without the state, (samples, ...).
    """
    specs = given_specs(inputs, state, given)
    return {
        spec.name: given[spec.name] if spec is own else given[spec.name][:, step]
        for spec, own in zip(specs, fed(inputs, state), strict=True)
    }


def given_specs(
    inputs: Sequence[TensorSpec], state: Mapping[str, str], given: Mapping[str, Array]
) -> tuple[TensorSpec, ...]:
    """What samples of a model are: what `fed` says, with a free axis for the steps where the array has one.

    Args:
        inputs: What the model takes, batch first.
        state: For the name of each input that holds state, the output that is its next value; empty for a model that
            takes whole samples.
        given: By input name; what is missing counts as given step by step.

    Returns:
        One for each input that is not state.
    """
    if not state:
        return tuple(inputs)
    return tuple(
        spec
        if spec.name in given and spec._replace(shape=(None, *spec.shape[1:])).accepts(np.shape(given[spec.name]))
        else spec._replace(shape=(spec.shape[0], None, *spec.shape[1:]))
        for spec in fed(inputs, state)
    )


def count_steps(inputs: Sequence[TensorSpec], specs: Sequence[TensorSpec], given: Mapping[str, Array]) -> int:
    """How many steps sequences have.

    Args:
        inputs: What one step takes.
        specs: What `given_specs` returned.
        given: By input name.

    Returns:
        The number, at least one.

    Raises:
        InputMismatch: The names or shapes do not fit, or the arrays differ in steps or samples.
    """
    fitting = given.keys() == {spec.name for spec in specs} and all(
        len(spec.shape) == np.ndim(given[spec.name]) for spec in specs
    )
    steps = {np.shape(given[spec.name])[1] for spec in specs if spec not in inputs} if fitting else set()
    if len(steps) != 1 or 0 in steps or len({len(array) for array in given.values()}) != 1:
        raise InputMismatch(
            "These are no sequences for a model that takes one step",
            got=", ".join(f"{name} {list(np.shape(array))}" for name, array in given.items()) or "nothing",
            expected=", ".join(str(spec) for spec in specs) + ": one number of samples, one of steps, at least one",
        )
    return int(steps.pop())


def check_wiring(
    given: Sequence[TensorSpec], returned: Sequence[TensorSpec], wiring: Mapping[str, str], model: str
) -> None:
    """Refuse state that cannot be carried from an output to an input.

    Args:
        given: The model's inputs.
        returned: Its outputs.
        wiring: For the name of each input that holds state, the output that is its next value.
        model: Its name, for messages.

    Raises:
        UsageError: A name is not there, two shapes differ, or every input is state.
    """
    inputs, outputs = {spec.name: spec for spec in given}, {spec.name: spec for spec in returned}
    for into, outof in wiring.items():
        if into not in inputs or outof not in outputs:
            raise UsageError(
                "The state names an input or output that the model does not have",
                where=model,
                got=f"{into} from {outof}",
                expected=f"inputs {sorted(inputs)}, outputs {sorted(outputs)}",
            )
        if not _may_carry(inputs[into], outputs[outof]):
            raise UsageError(
                "A state input and the output that feeds it differ in shape or type",
                where=model,
                got=str(outputs[outof]),
                expected=str(inputs[into]),
            )
    if not inputs.keys() - wiring.keys():
        raise UsageError("Every input is state; there is none to feed", where=model)


def _may_carry(into: TensorSpec, outof: TensorSpec) -> bool:
    """Whether nothing that is known of the two contradicts it: ONNX files often leave an output's sizes open."""
    sizes = zip(into.shape, outof.shape, strict=False)
    stored = into.quantization is not None or outof.quantization is not None
    return (
        len(into.shape) == len(outof.shape)
        and all(one is None or other is None or one == other for one, other in sizes)
        and (stored or into.dtype == outof.dtype)
    )
