"""What samples are once they are read, and what a reader must know of the model to read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import SampleError, UsageError
from litefoot.runtime.sequences import given_specs
from litefoot.runtime.tensors import TensorSpec
from litefoot.runtime.verification.matching import TARGET_NAMES

Array = npt.NDArray[Any]
Value = TypeVar("Value")


@dataclass(frozen=True)
class Data:
    """Samples for a model, with the right answers where they are known.

    Attributes:
        inputs: By input name, (samples, ...), in the model's dtype.
        targets: The right answers, (samples,) where they are classes, else (samples, ...); None without them.
        labels: The name of each class where the data names them (folders, texts), in the order of the targets.
        source: What it was read from, for people.
    """

    inputs: dict[str, Array]
    targets: Array | None = None
    labels: tuple[str, ...] = ()
    source: str = ""

    def __len__(self) -> int:
        return min((len(array) for array in self.inputs.values()), default=0)


@dataclass(frozen=True)
class Wanted:
    """What a reader must know.

    Attributes:
        contract: Of the model that takes the samples.
        what: ``calibration`` or ``evaluation``, for messages.
        limit: The largest number of samples; None for all.
    """

    contract: ModelContract
    what: str
    limit: int | None = None

    @property
    def specs(self) -> dict[str, TensorSpec]:
        """What samples hold, by input name: for a model that takes one step, whole sequences, without its state."""
        return self.specs_of({})

    def specs_of(self, arrays: Mapping[str, Array]) -> dict[str, TensorSpec]:
        """The same, as these arrays give them: without steps where an array has no axis for them.

        Args:
            arrays: By input name, (samples, ...).

        Returns:
            By input name.
        """
        return {spec.name: spec for spec in given_specs(self.contract.inputs, self.contract.state, arrays)}

    def is_target(self, name: str) -> bool:
        """Whether something of this name holds the right answers.

        Args:
            name: Of an array or column.

        Returns:
            Whether it does.
        """
        return name.lower() in TARGET_NAMES and name not in self.specs

    def only_input(self, source: object) -> TensorSpec:
        """The input of a model that has one.

        Args:
            source: What is being read, for the message.

        Returns:
            The input.

        Raises:
            UsageError: The model has several.
        """
        if len(self.specs) != 1:
            raise UsageError(
                f"These {self.what} samples do not say to which input of the model they belong",
                where=source,
                expected=f"samples by input name: {', '.join(self.specs)}",
                fix="give an .npz file or a function that yields dicts",
            )
        return next(iter(self.specs.values()))


def sort_out(given: Mapping[str, Value], wanted: Wanted, source: object) -> tuple[dict[str, Value], Value | None]:
    """Tell inputs from right answers by their names.

    Args:
        given: Arrays or samples by name; names as in a TrainedModel's ``evaluation.npz`` are understood.
        wanted: By whom.
        source: What is being read, for messages.

    Returns:
        What belongs to the inputs, and the right answers if there are any. The only array for a model with one input
        is taken under whatever name.

    Raises:
        SampleError: Several things are named like right answers.
    """
    named = {name if name in wanted.specs else name.removeprefix("input/"): value for name, value in given.items()}
    targets = [name for name in named if wanted.is_target(name)]
    if len(targets) > 1:
        raise SampleError(
            f"These {wanted.what} samples hold the right answers more than once",
            where=source,
            got=", ".join(targets),
            expected="one of them",
        )
    inputs = {name: value for name, value in named.items() if name not in targets}
    if len(inputs) == len(wanted.specs) == 1:
        inputs = {next(iter(wanted.specs)): next(iter(inputs.values()))}
    return inputs, named[targets[0]] if targets else None


def plain(value: object, where: object) -> Array:
    """The array in whatever holds one: a tensor with ``.numpy()``, a list, a number.

    Args:
        value: Of any type.
        where: What is being read, for the message.

    Returns:
        The array, of any dtype.

    Raises:
        SampleError: There is none in it.
    """
    convert = getattr(value, "numpy", None)
    try:
        return np.asarray(convert() if callable(convert) else value)
    except Exception as error:  # each framework raises its own
        raise SampleError("This is not an array of numbers", where=where, got=type(value).__name__) from error


def spread(count: int, limit: int | None) -> list[int]:
    """At most so many of the first ``count`` integers, evenly apart.

    Args:
        count: How many there are.
        limit: How many are wanted; None for all.

    Returns:
        Ascending, beginning with 0.
    """
    keep = count if limit is None else min(count, limit)
    return [place * count // keep for place in range(keep)]
