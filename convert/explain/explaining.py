"""Compare the tensors of a quantized file with those of the float file that it was made from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.errors import UsageError

from .calls import Call, calls
from .layers import LayerError
from .matching import match
from .names import LayerNames
from .probe import Array, Node, Probe, open_probe
from .tally import Tally

SAMPLES = 32
"""Enough for a noise power within a few tenths of a decibel, and a few seconds' work."""
_CALLS_FOR_SHARES = 16
"""A share is asked for to tell the worst layers from the others, and costs a run of the model for each layer."""
_MOST_BYTES = 256 * 1024**2
"""Of all tensors of the calls that are kept for it."""


def explain_layers(
    float_file: Path,
    quantized_file: Path,
    inputs: Mapping[str, npt.NDArray[Any]],
    *,
    state: Mapping[str, str] | None = None,
    limit: int = SAMPLES,
) -> tuple[LayerError, ...]:
    """Measure what each layer of a quantized file loses.

    Two things are measured of each. The error at its output, in which those of all layers before it have added up:
    that is where accuracy gets lost, but the last layers always look worst. And its own: the float layer is given what
    the quantized layer was given, so what differs was added by this layer alone, as TFLite's quantization debugger
    does with its NumericVerify operator and ONNX Runtime's qdq_loss_debug with its ``qdq_err``. How much of a layer's
    own error arrives at the model's outputs is then measured in the float file, one layer at a time.

    Args:
        float_file: The ``.tflite`` or ``.onnx`` file that it was made from.
        quantized_file: Of the same format.
        inputs: By input name, (samples, ...), real values; for a model with state sequences, (samples, steps, ...).
        state: Of the contract: for the name of each input that holds state, the output that is its next value.
        limit: How many calls of the model are looked at, at most.

    Returns:
        One for each tensor that the two files have in common, in execution order.

    Raises:
        UsageError: The files have no tensor in common, or there are no samples.
        UnreadableModel: A file is damaged.
    """
    original, quantized = open_probe(float_file), open_probe(quantized_file)
    pairs = match(original, quantized)
    seen = zip(calls(original, inputs, state or {}, limit), calls(quantized, inputs, state or {}, limit), strict=True)
    measured = _measure(original, quantized, pairs, seen)
    if not measured.tallies:
        raise UsageError(
            "There is nothing to compare between these files",
            where=quantized_file,
            got="no sample" if not measured.kept else "no tensor in common",
            expected=f"a file made from {float_file}, and at least one sample",
        )
    shares = _shares(original, measured)
    return _describe(quantized, pairs, measured.tallies, shares)


@dataclass(frozen=True)
class _Kept:
    """A call of the float file, to be made again with the error of one layer.

    Attributes:
        given: Its inputs by name.
        outputs: The tensors that it returned, by name.
        disturbed: Each layer's output with that layer's own error, by the tensor's name.
    """

    given: dict[str, Array]
    outputs: dict[str, Array]
    disturbed: dict[str, Array]

    @property
    def bytes(self) -> int:
        return sum(array.nbytes for array in self.disturbed.values())


class _Measured:
    """What the calls of both files came to."""

    def __init__(self) -> None:
        self.tallies: dict[str, Tally] = {}
        self.kept: list[_Kept] = []

    def keep(self, call: Call, outputs: Collection[str], own: Mapping[str, Array]) -> None:
        """Put a call aside for the shares, if there is room."""
        if self.kept and (len(self.kept) >= _CALLS_FOR_SHARES or self.kept[0].bytes * len(self.kept) > _MOST_BYTES):
            return
        disturbed = {name: call.values[name] + error for name, error in own.items()}
        returned = {name: call.values[name] for name in outputs if name in call.values}
        self.kept.append(_Kept(call.given, returned, disturbed))


def _measure(original: Probe, quantized: Probe, pairs: Mapping[str, str], seen: Any) -> _Measured:
    measured = _Measured()
    alone: Probe | None = None
    for true, stored in seen:
        names = [name for name in pairs if _comparable(true, stored, name, pairs[name])]
        alone = alone or original.cut(names)
        values = {name: stored.values[pairs[name]] for name in names}
        computed = alone.run(stored.given, values)
        own = {name: values[name] - computed[name] for name in names}
        for name in names:
            tally = measured.tallies.setdefault(name, Tally(quantized.storage[pairs[name]]))
            tally.add(true.values[name], values[name], own[name])
        measured.keep(true, original.output_tensors.values(), own)
    return measured


def _comparable(true: Call, stored: Call, name: str, counterpart: str) -> bool:
    if name not in true.values or counterpart not in stored.values:
        return False
    if true.values[name].dtype.kind != "f":  # a counter, say: nothing is rounded there
        return False
    return true.values[name].shape == stored.values[counterpart].shape


def _shares(original: Probe, measured: _Measured) -> dict[str, float]:
    """Noise at the outputs from each layer alone, over the sum of them."""
    noise = {}
    for name, tally in measured.tallies.items():
        noise[name] = _noise_at_outputs(original, name, measured.kept) if tally.errs else 0.0
    total = sum(noise.values())
    return {name: power / total if total else 0.0 for name, power in noise.items()}


def _noise_at_outputs(original: Probe, name: str, kept: Sequence[_Kept]) -> float:
    """Noise over signal, each a power, added up over the model's outputs."""
    changed = original.cut([name], outputs_alone=True)
    signal, noise = dict.fromkeys(kept[0].outputs, 0.0), dict.fromkeys(kept[0].outputs, 0.0)
    for call in kept:
        given = {name: call.disturbed[name]}
        values = changed.run(call.given, given) | given
        for output, expected in call.outputs.items():
            true = expected.astype(np.float64)
            signal[output] += float(np.square(true).sum())
            noise[output] += float(np.square(values[output] - true).sum())
    shares = [noise[output] / (signal[output] or 1.0) for output in signal]
    return float(np.nansum(shares))


def _describe(
    quantized: Probe,
    pairs: Mapping[str, str],
    tallies: Mapping[str, Tally],
    shares: Mapping[str, float],
) -> tuple[LayerError, ...]:
    writers: dict[str, Node] = {name: node for node in quantized.nodes for name in node.outputs}
    names = LayerNames(quantized)
    layers = []
    for name, tally in tallies.items():
        tensor = pairs[name]
        node = writers.get(tensor)
        layers.append(
            LayerError(
                layer=names.layer(tensor, node),
                operator=node.operator if node is not None else "INPUT",
                tensor=tensor,
                float_tensor=name,
                stored=quantized.storage[tensor].dtype,
                sqnr_db=tally.sqnr_db,
                own_sqnr_db=tally.own_sqnr_db,
                noise_share=shares[name],
                max_error_steps=tally.max_error_steps,
                mean_error_steps=tally.mean_error_steps,
                range=tally.range,
            )
        )
    return tuple(layers)
