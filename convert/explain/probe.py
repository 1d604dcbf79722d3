"""A model file whose every tensor can be read, and given. One file per format, the same names inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from litefoot.runtime.errors import UnreadableModel
from litefoot.runtime.tensors import Quantization, TensorSpec

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Node:
    """One operator.

    Attributes:
        operator: Its type in the format's own words.
        name: Its own name; empty in TFLite, where operators have none.
        inputs: The tensors that it reads, constants aside.
        outputs: The tensors that it writes.
        constants: The constants that it reads.
    """

    operator: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    constants: tuple[str, ...] = ()


@dataclass(frozen=True)
class Storage:
    """How a tensor is stored, or for one of floats, how those that read it store it first.

    Attributes:
        dtype: The numpy name of its own element type.
        quantization: None where neither it nor a copy of it is quantized.
        lowest: The smallest integer that can be stored.
        highest: The largest.
    """

    dtype: str
    quantization: Quantization | None = None
    lowest: int = 0
    highest: int = 0

    @classmethod
    def of(cls, dtype: str, quantization: Quantization, integers: str | None = None) -> Storage:
        """The storage of a quantized tensor.

        Args:
            dtype: Its element type.
            quantization: Its own, or its copy's.
            integers: The copy's element type; None for its own.

        Returns:
            The storage.
        """
        limits = np.iinfo(integers or dtype)
        return cls(dtype, quantization, int(limits.min), int(limits.max))

    @property
    def limits(self) -> tuple[float, float] | None:
        """The smallest and the largest real value that can be stored."""
        if self.quantization is None:
            return None
        scale, zero = self.quantization
        return scale * (self.lowest - zero), scale * (self.highest - zero)


class Probe(Protocol):
    """A loaded file.

    Attributes:
        inputs: What one call takes, under the names that a caller uses.
        input_tensors: For the name of an input, the name of its tensor.
        output_tensors: For the name of an output, the name of its tensor.
        nodes: The operators that compute, in execution order; those that only quantize are left out.
        storage: For the name of each tensor that is not constant, how it is stored.
    """

    inputs: tuple[TensorSpec, ...]
    input_tensors: dict[str, str]
    output_tensors: dict[str, str]
    nodes: tuple[Node, ...]
    storage: dict[str, Storage]

    def run(self, given: Mapping[str, Array], tensors: Mapping[str, Array] | None = None) -> dict[str, Array]:
        """Make one call, from a state of zeros.

        Args:
            given: Real values by input name.
            tensors: Real values by tensor name, for those that were cut.

        Returns:
            The real values of every floating-point or quantized tensor, by its name; outputs of integers too.
        """

    def cut(self, tensors: Sequence[str], *, outputs_alone: bool = False) -> Probe:
        """The same file with some tensors given from outside to whatever reads them.

        Args:
            tensors: Their names.
            outputs_alone: Compute and return the model's outputs, and nothing that these do not need.

        Returns:
            A probe whose `run` wants their values. Otherwise they are computed all the same, from what their operators
            are given.
        """


def open_probe(path: Path) -> Probe:
    """Load a file.

    Args:
        path: ``.tflite`` or ``.onnx``.

    Returns:
        Its probe.

    Raises:
        UnreadableModel: It is no such file, or damaged.
    """
    if path.suffix.lower() == ".tflite":
        from .tflite import TfliteProbe

        return TfliteProbe.open(path)
    if path.suffix.lower() == ".onnx":
        from .onnx import OnnxProbe

        return OnnxProbe.open(path)
    raise UnreadableModel("This is not a model file", where=path, expected="a .tflite or .onnx file")
