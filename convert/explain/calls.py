"""The same samples through two files, call by call, each with the state that it left itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from litefoot.runtime.sequences import walk

from .probe import Array, Probe

_SEQUENCES = 4


@dataclass(frozen=True)
class Call:
    """One call of a file.

    Attributes:
        given: Real values by input name, the state too.
        values: Real values by tensor name.
    """

    given: dict[str, Array]
    values: dict[str, Array]


def calls(probe: Probe, inputs: Mapping[str, Array], state: Mapping[str, str], limit: int) -> Iterator[Call]:
    """Call a file with samples, or step by step with sequences.

    Args:
        probe: The file.
        inputs: By input name, (samples, ...), or sequences where there is state.
        state: For the name of each input that holds state, the output that is its next value.
        limit: How many calls at most, evenly over all samples. Of sequences the first steps are taken, of up to four.

    Yields:
        What was given, and what came of it.
    """
    batch = probe.inputs[0].shape[0] or 1
    count = min((len(array) for array in inputs.values()), default=0) // batch
    most = min(count, limit) if not state else min(count, _SEQUENCES, limit)
    for i in range(most):
        begin = i * count // most * batch
        given = {name: array[begin : begin + batch] for name, array in inputs.items()}
        if state:
            yield from islice(_steps(probe, given, state), limit // most)
        else:
            yield Call(given, probe.run(given))


def _steps(probe: Probe, given: Mapping[str, Array], state: Mapping[str, str]) -> Iterator[Call]:
    made: list[dict[str, Array]] = []

    def step(now: dict[str, Array]) -> dict[str, Array]:
        made.append(probe.run(now))
        return {name: made[-1][tensor] for name, tensor in probe.output_tensors.items() if tensor in made[-1]}

    for now, _ in walk(step, probe.inputs, state, given):
        yield Call(now, made.pop())
