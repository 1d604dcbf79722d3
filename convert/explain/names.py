"""From the names that converters give to tensors back to the names of Keras layers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from .probe import Node, Probe

_SCOPES = ("StatefulPartitionedCall", "PartitionedCall")
_OPERATIONS = {
    "CONV_2D": "conv2d|convolution|conv1d",
    "Conv": "conv2d|convolution|conv1d|depthwise",
    "DEPTHWISE_CONV_2D": "depthwise",
    "TRANSPOSE_CONV": "conv.*transpose",
    "ConvTranspose": "conv.*transpose",
    "FULLY_CONNECTED": "matmul|einsum|tensordot|dense",
    "BATCH_MATMUL": "matmul|einsum",
}
"""What the operation that gave a fused operator its weights is called, at the end of its path."""
_LAYOUT = (
    "CONCATENATION", "REVERSE_V2", "RESHAPE", "STRIDED_SLICE", "SLICE", "TRANSPOSE", "SQUEEZE", "EXPAND_DIMS", "PACK",
    "UNPACK", "GATHER", "Concat", "Reshape", "Slice", "Transpose", "Squeeze", "Unsqueeze", "Gather",
)  # fmt: skip
"""Operators with which a recurrent layer ends that the converter made into one operator without a name."""


class LayerNames:
    """The Keras layer behind each tensor of a file.

    Converters name a tensor by the path of the operation that wrote it, ``model/layer/operation``; of several that
    were fused, by all their paths with ``;`` between them.

    Args:
        probe: The file.
    """

    def __init__(self, probe: Probe) -> None:
        self._root = _root([name for node in probe.nodes for name in (node.name, *node.outputs)])
        self._readers: dict[str, list[Node]] = {}
        for node in probe.nodes:
            for name in node.inputs:
                self._readers.setdefault(name, []).append(node)
        self._callers = _reversed(probe.output_tensors)
        self._inputs = _reversed(probe.input_tensors)

    def layer(self, tensor: str, node: Node | None) -> str:
        """The layer that a tensor comes from.

        Args:
            tensor: Its name.
            node: The operator that writes it; None for an input of the model.

        Returns:
            The layer's name; empty where the file does not tell.
        """
        if node is None:
            return self._inputs.get(tensor, "")
        for name in (node.name, tensor, *node.constants):
            if layer := self._read(name, node.operator):
                return layer
        return self._callers.get(tensor, "") or self._of_reader(tensor)

    def _read(self, name: str, operator: str) -> str:
        pieces = [path for piece in name.split(";") if len(path := _path(piece)) > 1]
        fitting = [path for path in pieces if re.search(_OPERATIONS.get(operator, "$^"), path[-1], re.IGNORECASE)]
        for path in [*fitting, *pieces[::-1]]:
            return path[1] if path[0] == self._root else path[0]
        return ""

    def _of_reader(self, tensor: str) -> str:
        readers = self._readers.get(tensor, [])
        if not readers or not all(node.operator in _LAYOUT and node.outputs for node in readers):
            return ""
        layers = {self.layer(node.outputs[0], node) for node in readers}
        return layers.pop() if len(layers) == 1 else ""


def _path(name: str) -> list[str]:
    return [part for part in name.split("/") if part and part.partition(":")[0] not in _SCOPES]


def _root(names: Iterable[str]) -> str | None:
    """The model's own name, if most paths begin with it."""
    paths = [path for name in names for piece in name.split(";") if len(path := _path(piece)) > 1]
    common = Counter(path[0] for path in paths if len(path) > 2).most_common(1)
    return common[0][0] if common and common[0][1] * 2 > len(paths) else None


def _reversed(names: Mapping[str, str]) -> dict[str, str]:
    return {tensor: name for name, tensor in names.items()}
