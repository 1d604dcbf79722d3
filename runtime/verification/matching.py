"""Which tensor of one model, or which array, is which of another model's, where their names may differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import SampleError
from ..sequences import fed
from ..tensors import TensorSpec

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

TARGET_NAMES = ("target", "targets", "label", "labels", "y", "y_test", "y_true")
"""Names, in any case, under which a file or function holds the right answers, unless an input of the model has it."""


def match(wanted: Sequence[TensorSpec], given: Sequence[TensorSpec]) -> dict[str, str]:
    """Find the counterpart of each tensor: by name, and what is left over by position if all of it fits.

    Args:
        wanted: Of one side, samples first.
        given: Of the other.

    Returns:
        For the names of the one, those of the other; what has no counterpart is not in it.
    """
    names = {spec.name for spec in given}
    pairs = {spec.name: spec.name for spec in wanted if spec.name in names}
    left = [spec for spec in wanted if spec.name not in pairs]
    right = [spec for spec in given if spec.name not in pairs]
    if len(left) == len(right) and all(_fit(a, b) for a, b in zip(left, right, strict=True)):
        pairs |= {a.name: b.name for a, b in zip(left, right, strict=True)}
    return pairs


def _fit(a: TensorSpec, b: TensorSpec) -> bool:
    """Whether two may be the same: of as many dimensions, all but the first equal where both are known."""
    whole = [spec.quantization is None and not spec.dtype.startswith("float") for spec in (a, b)]
    sizes = zip(a.shape[1:], b.shape[1:], strict=False)
    return (
        len(a.shape) == len(b.shape)
        and whole[0] == whole[1]
        and all(one is None or other is None or one == other for one, other in sizes)
    )


def sort_out(arrays: Mapping[str, Array], inputs: set[str]) -> tuple[dict[str, Array], Array | None]:
    """Tell samples from right answers.

    Args:
        arrays: By name, those of a ``golden.npz`` too, whose answers are another model's and left out.
        inputs: What inputs are called.

    Returns:
        Samples by name, and the right answers; None without.

    Raises:
        SampleError: There are none, right answers twice, or different numbers of them.
    """
    answers = ("reference/", "compressed/")
    named = {name.removeprefix("input/"): array for name, array in arrays.items() if not name.startswith(answers)}
    targets = [name for name in named if name.lower() in TARGET_NAMES and name not in inputs]
    samples = {name: array for name, array in named.items() if name not in targets}
    counts = {len(array) if array.ndim else 0 for array in named.values()}
    if len(targets) > 1 or not samples or len(counts) != 1 or 0 in counts:
        raise SampleError(
            "These samples cannot be used",
            got=", ".join(f"{name} {list(array.shape)}" for name, array in named.items()) or "no arrays",
            expected="an array for each input, of the same number of samples, at least one; of labels at most one",
        )
    return samples, named[targets[0]] if targets else None


def give(
    samples: Mapping[str, Array], inputs: Sequence[TensorSpec], state: Mapping[str, str], model: str
) -> dict[str, str]:
    """Find the samples of each input.

    Args:
        samples: By name, (samples, ...).
        inputs: Of the model.
        state: For the name of each input that holds state, the output that is its next value.
        model: Its name, for the message.

    Returns:
        For each input that is not state, the name of its samples.

    Raises:
        SampleError: One is missing, or there are too many.
    """
    wanted: Sequence[TensorSpec] = fed(inputs, state)
    given = [TensorSpec(name, array.shape, array.dtype.name) for name, array in samples.items()]
    if state:  # whether there are steps, and how many, is for those to say who take them
        wanted, given = ([spec._replace(shape=()) for spec in side] for side in (wanted, given))
    pairs = match(wanted, given)
    if not len(pairs) == len(wanted) == len(given):
        raise SampleError(
            "These samples are not for this model",
            where=model,
            got=", ".join(f"{name} {array.dtype}{list(array.shape)}" for name, array in samples.items()),
            expected=", ".join(map(str, fed(inputs, state))),
        )
    return pairs
