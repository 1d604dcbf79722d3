"""A float file whose constants can be changed. One class per format, the same names inside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from litefoot.runtime.errors import UnreadableModel

from ..explain.probe import Node, Probe

Array = npt.NDArray[Any]
Activation = Literal["none", "relu", "relu6", "other"]


@dataclass(frozen=True)
class Linear:
    """A layer whose output is its weights times its input plus a bias, and then perhaps an activation.

    Attributes:
        source: The tensor that it reads.
        output: The tensor that it writes, after its bias and what is fused into it.
        weights: The name of its weights.
        bias: The name of its bias, one value for each output channel; None where it has none.
        out_axis: The axis of the weights along which its output channels are.
        in_axis: The axis along which its input channels are; the same where each output has its own input, as in a
            depthwise convolution.
        activation: What is fused into it.
        channel_axis: The axis of its input and output along which the channels are.
    """

    source: str
    output: str
    weights: str
    bias: str | None
    out_axis: int
    in_axis: int
    activation: Activation
    channel_axis: int


class FloatFile(Protocol):
    """A float file, read to be changed.

    Attributes:
        path: Where it was read.
        nodes: Its operators, in execution order.
    """

    path: Path
    nodes: tuple[Node, ...]

    def probe(self) -> Probe:
        """The file as it is now, ready to run."""

    def constants(self) -> dict[str, Array]:
        """Every constant of float32, by name. Read only."""

    def set_constant(self, name: str, values: Array) -> None:
        """Give a constant another content.

        Args:
            name: Of a constant.
            values: Of its shape, float32.
        """

    def linears(self) -> tuple[Linear, ...]:
        """The layers with weights, in execution order."""

    def drop_ceiling(self, tensor: str) -> None:
        """Make the ReLU6 that writes a tensor a ReLU.

        Args:
            tensor: What it writes.
        """

    def save(self, out: Path) -> None:
        """Write the file as it is now.

        Args:
            out: Where.
        """


def open_float(path: Path) -> FloatFile:
    """Read a float file.

    Args:
        path: ``.tflite`` or ``.onnx``.

    Returns:
        The file, to be changed.

    Raises:
        UnreadableModel: It is no such file, or damaged.
    """
    if path.suffix.lower() == ".tflite":
        from .tflite import TfliteFile

        return TfliteFile(path)
    if path.suffix.lower() == ".onnx":
        from .onnx import OnnxFile

        return OnnxFile(path)
    raise UnreadableModel("This is not a model file", where=path, expected="a .tflite or .onnx file")


def one_call(probe: Probe, inputs: Mapping[str, Array], most: int) -> Iterator[dict[str, Array]]:
    """The tensors of some calls, evenly over all samples.

    Args:
        probe: The file.
        inputs: By input name, of every input, the state too where it has one, (samples, ...).
        most: How many calls at most.

    Yields:
        Real values by tensor name.
    """
    batch = probe.inputs[0].shape[0] or 1
    count = min((len(array) for array in inputs.values()), default=0) // batch
    for i in range(min(count, most)):
        begin = i * count // min(count, most) * batch
        yield probe.run({name: array[begin : begin + batch] for name, array in inputs.items()})


def largest_change(before: Probe, after: Probe, inputs: Mapping[str, Array], most: int) -> float:
    """How far a changed file's outputs are from the original's.

    Args:
        before: The original.
        after: The changed file.
        inputs: By input name, (samples, ...).
        most: How many calls at most.

    Returns:
        The largest difference, in units of the largest value of the output or of 1 where that is smaller; infinite
        without any output to compare.
    """
    largest, compared = 0.0, 0
    for old, new in zip(one_call(before, inputs, most), one_call(after, inputs, most), strict=True):
        for name, tensor in before.output_tensors.items():
            if tensor in old:
                compared += 1
                scale = max(1.0, float(np.abs(old[tensor]).max(initial=0.0)))
                error = np.abs(new[after.output_tensors[name]].astype(np.float64) - old[tensor]).max(initial=0.0)
                largest = max(largest, float(error) / scale if np.isfinite(error) else np.inf)
    return largest if compared else np.inf
