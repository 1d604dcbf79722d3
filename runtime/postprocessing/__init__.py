"""From a model's outputs to its answer, as data in the contract; the counterpart of preprocessing, pure numpy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..decoding import read_sample
from ..sequences import visible
from .answers import Answer
from .classes import Classes
from .detections import Detections, Grid
from .drawings import Drawing, Pixels
from .prices import NextPrice
from .segments import Segments
from .texts import Span

if TYPE_CHECKING:
    import numpy.typing as npt

    from ..contract import ModelContract
    from ..decoding import Sample

    Array = npt.NDArray[Any]

__all__ = [
    "Answer",
    "Classes",
    "Detections",
    "Drawing",
    "Grid",
    "NextPrice",
    "Pixels",
    "Postprocessing",
    "Segments",
    "Span",
    "answer_of",
    "postprocess",
]

Postprocessing = Pixels | Classes | Detections | Segments | Span | NextPrice


def answer_of(
    outputs: Array | Mapping[str, Array], contract: ModelContract, source: Path | Sample | None = None
) -> Answer | None:
    """The same, of what a model returned for one sample.

    Args:
        outputs: The only output, or a dict by output name, batch of one; of a sequence, the last step is taken.
        contract: As there.
        source: What the model was asked about, or the file with it.

    Returns:
        The answer; None where nobody said how to read them.

    Raises:
        UsageError: The outputs are not of the kinds that the contract's postprocessing takes.
    """
    shown = visible({spec.name: len(spec.shape) for spec in contract.outputs}, contract.state)
    named = outputs if isinstance(outputs, Mapping) else {next(iter(shown)): outputs}
    last = {
        name: array[0, -1] if array.ndim > shown.get(name, array.ndim) else array[0] for name, array in named.items()
    }
    return postprocess(last, contract, read_sample(source) if isinstance(source, Path) else source)


def postprocess(
    outputs: Mapping[str, npt.NDArray[Any]], contract: ModelContract, sample: Sample | None = None
) -> Answer | None:
    """What a model's outputs mean.

    Args:
        outputs: Of one sample, by output name, without a batch axis.
        contract: Which says how they are read; where it does not, scores of labelled classes are read as such.
        sample: What the model was asked about, for an answer that is a part of it.

    Returns:
        The answer; None where nobody said how to read them.

    Raises:
        UsageError: The outputs are not of the kinds that the contract's postprocessing takes.
    """
    reading = contract.postprocessing
    if reading is None and _are_labelled_classes(outputs, contract):
        reading = Classes()
    if isinstance(reading, (Span, NextPrice)):
        return reading.answer(outputs, contract, sample)
    return None if reading is None else reading.answer(outputs, contract)


def _are_labelled_classes(outputs: Mapping[str, npt.NDArray[Any]], contract: ModelContract) -> bool:
    (first, *others) = visible({spec.name: spec for spec in contract.outputs}, contract.state).values()
    if others or first.kind not in ("probabilities", "logits") or first.name not in outputs:
        return False
    return outputs[first.name].shape in [(len(contract.labels),), (1,) * (len(contract.labels) == 2)]
