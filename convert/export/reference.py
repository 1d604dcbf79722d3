"""The full-precision model's own answers: those that every artifact is judged by, and the steps that quantizers see."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.sequences import count_steps, given_specs, roll_out, walk
from litefoot.runtime.storage.files import read_arrays

from ..model.opening import open_model
from ..scratch import hand_over

Arrays = dict[str, npt.NDArray[Any]]

_BATCH = 32
MOST_STEPS = 500
"""Ranges hardly move after a few hundred calls of a model, and every one of them costs time."""


def write(*, source: dict[str, Any], samples: str, state: dict[str, str], out: str, compressed: bool = False) -> None:
    """Run the full-precision model on samples and write its outputs.

    Args:
        source: A `Source`, encoded.
        compressed: Run its compressed form instead.
        samples: An ``.npz`` file, by input name, (samples, ...).
        state: Of the contract; with it, samples are sequences.
        out: The ``.npz`` file to write, by output name, (samples, ...).
    """
    opened = open_model(source)
    inputs, call = opened.description.inputs, _caller(opened, compressed=compressed)
    results = []
    for batch, count in _batches(read_arrays(Path(samples)), inputs[0].shape[0]):
        outputs = roll_out(call, inputs, state, batch) if state else call(batch)
        results.append({name: array[:count] for name, array in outputs.items()})
    hand_over(Path(out), {name: np.concatenate([result[name] for result in results]) for name in results[0]})


def write_steps(*, source: dict[str, Any], samples: str, state: dict[str, str], out: str) -> None:
    """Take the full-precision model through sequences and write what it is given at some of the steps.

    Args:
        source: A `Source`, encoded.
        samples: An ``.npz`` file of sequences, by input name.
        state: Of the contract.
        out: The ``.npz`` file to write, by input name, the state too, (steps, ...), at most `MOST_STEPS` of them.
    """
    opened = open_model(source)
    inputs, call = opened.description.inputs, _caller(opened)
    arrays = read_arrays(Path(samples))
    count = min(len(array) for array in arrays.values())
    steps = count_steps(inputs, given_specs(inputs, state, arrays), arrays)
    rows, places = spread_steps(count, steps, MOST_STEPS)
    taken: list[Arrays] = []
    begin = 0
    for batch, size in _batches(arrays, inputs[0].shape[0]):
        of_batch = (rows >= begin) & (rows < begin + size)
        for step, (now, _) in enumerate(walk(call, inputs, state, batch)):
            chosen = rows[of_batch & (places == step)] - begin
            taken.append({name: array[chosen] for name, array in now.items()})
        begin += size
    hand_over(Path(out), {name: np.concatenate([arrays[name] for arrays in taken]) for name in taken[0]})


def spread_steps(samples: int, steps: int, most: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Choose some steps of sequences, evenly over the sequences and evenly over the places in them.

    One after the other, all steps are walked round in strides of a length near the golden section of their number and
    without a divisor in common with it: whatever the stride ends in, both are met evenly.

    Args:
        samples: How many sequences.
        steps: How many steps in each.
        most: How many are wanted at most.

    Returns:
        For each chosen step, its sequence and its place in it.
    """
    every = samples * steps
    stride = next(size for size in range(int(every * 0.618) + 1, 2 * every + 2) if math.gcd(size, every) == 1)
    chosen = np.arange(min(every, most)) * stride % every
    return chosen // steps, chosen % steps


def _caller(opened: Any, *, compressed: bool = False) -> Callable[[Arrays], Arrays]:
    import tensorflow as tf

    function, _ = opened.trace(opened.exported, batch=None) if compressed else opened.traced

    def call(given: Arrays) -> Arrays:
        outputs = function(**{name: tf.constant(array) for name, array in given.items()})
        return {name: tensor.numpy() for name, tensor in outputs.items()}

    return call


def _batches(arrays: Arrays, fixed: int | None) -> Iterator[tuple[Arrays, int]]:
    """Batches, and how many samples of each count; where the model's batch is fixed, the last is filled up."""
    size = fixed or _BATCH
    for begin in range(0, min(len(array) for array in arrays.values()), size):
        batch = {name: array[begin : begin + size] for name, array in arrays.items()}
        count = min(len(array) for array in batch.values())
        short = size - count if fixed else 0
        yield {name: np.concatenate([array, array[:1].repeat(short, axis=0)]) for name, array in batch.items()}, count
