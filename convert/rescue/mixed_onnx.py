"""An ONNX file with some of its tensors in float: an 8-bit file whose roundings of those tensors are taken out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

_ROUND, _BACK = "QuantizeLinear", "DequantizeLinear"
_ACTIVATIONS = ("Relu", "Clip")
"""Which a rounding to unsigned integers carries out, so that the quantizer leaves them out."""
_IN_FLOAT = "_in_float"
_SUFFIXES = ("_QuantizeLinear_Input", "_DequantizeLinear_Output", "_QuantizeLinear_Output")


def make(quantized: Path, prepared: Path, freed: Iterable[str], float_weights: Iterable[str], out: Path) -> None:
    """Free tensors of a quantized file.

    Args:
        quantized: The ``.onnx`` file, in QDQ form.
        prepared: The float32 file that it was quantized from.
        freed: Names, in the float file, of the tensors that stay in float.
        float_weights: Names of the tensors whose operators keep their weights in float too.
        out: The ``.onnx`` file to write.
    """
    import onnx

    model, float_model = onnx.load(str(quantized)), onnx.load(str(prepared))
    graph = _Freeing(model.graph, float_model.graph)
    for name in freed:
        graph.free(name)
    for name in float_weights:
        graph.restore_weights(name)
    graph.remove_unused()
    onnx.save(model, str(out))


class _Freeing:
    """A graph in QDQ form, and the one that it was quantized from."""

    def __init__(self, graph: Any, source: Any) -> None:
        self._graph = graph
        self._constants = {tensor.name: tensor for tensor in source.initializer}
        self._of_source = {name: node for node in source.node for name in node.output}
        self._adding = {name: node for node in source.node if node.op_type == "Add" for name in node.input}
        self._own_constants = {tensor.name for tensor in graph.initializer}
        self._outputs = {each.name for each in graph.output}

    def free(self, name: str) -> None:
        """Take out the rounding of one tensor; nothing where there is none."""
        rounding = next((node for node in self._graph.node if self._rounds(node, name)), None)
        if rounding is None:
            return
        before = self._activation(name, rounding.input[0])
        backs = [node for node in self._graph.node if node.op_type == _BACK and node.input[0] == rounding.output[0]]
        for back in backs:
            after = back.output[0]
            for node in self._graph.node:
                if node is not back:
                    self._replace(node, after, before)
            self._graph.node.remove(back)
            if after in self._outputs:
                self._rename_result(before, after)
                before = after
        self._graph.node.remove(rounding)
        self._restore_biases(before)

    def restore_weights(self, name: str) -> None:
        """Give the operator that writes a tensor its float weights back."""
        source = self._of_source.get(name)
        if source is not None and source.op_type in _ACTIVATIONS:  # the weights are those of what it follows
            source = self._of_source.get(source.input[0])
        if source is not None:
            self._use_constants(source)
            if source.op_type == "MatMul" and source.output[0] in self._adding:  # its bias
                self._use_constants(self._adding[source.output[0]])

    def remove_unused(self) -> None:
        """Remove what nothing reads any more."""
        while True:
            read = {name for node in self._graph.node for name in node.input} | self._outputs
            unread = [node for node in self._graph.node if not read & set(node.output)]
            if not unread:
                break
            for node in unread:
                self._graph.node.remove(node)
        for tensor in [tensor for tensor in self._graph.initializer if tensor.name not in read]:
            self._graph.initializer.remove(tensor)

    def _rounds(self, node: Any, name: str) -> bool:
        if node.op_type != _ROUND:
            return False
        given = node.input[0]
        if given == name or given == f"{name}{_SUFFIXES[0]}":
            return True
        return any(node.output[0] == f"{name}{suffix}" for suffix in _SUFFIXES)

    def _activation(self, name: str, before: str) -> str:
        """What the freed tensor is called now; an activation that the rounding had made unnecessary comes back."""
        source = self._of_source.get(name)
        if source is None or source.op_type not in _ACTIVATIONS or self._same(source) is not None:
            return before
        import onnx

        node = onnx.NodeProto()
        node.CopyFrom(source)
        for place, constant in enumerate(source.input):
            self._use_constant(node, place, constant)
        node.input[0] = before
        node.output[0] = f"{name}{_IN_FLOAT}"
        writes = [place for place, other in enumerate(self._graph.node) if before in other.output]
        self._graph.node.insert(writes[0] + 1 if writes else 0, node)
        return str(node.output[0])

    def _same(self, source: Any) -> Any | None:
        """The node of the quantized graph that a node of the float graph became."""
        return next(
            (node for node in self._graph.node if node.name == source.name and node.op_type == source.op_type), None
        )

    def _restore_biases(self, freed: str) -> None:
        """A bias is rounded in steps of the input's times the weights': without the one, the other means nothing."""
        sources = {node.name: node for node in self._of_source.values() if node.name}
        for node in self._graph.node:
            source = sources.get(node.name)
            if source is not None and freed in node.input[:1] and len(node.input) > 2 and source.input[2:3]:
                self._use_constant(node, 2, source.input[2])

    def _use_constants(self, source: Any) -> None:
        """Have the node that a float one became read that one's constants."""
        node = self._same(source)
        if node is not None:
            for place, constant in enumerate(source.input[: len(node.input)]):
                self._use_constant(node, place, constant)

    def _use_constant(self, node: Any, place: int, constant: str) -> None:
        """Read a constant of the float graph, under a name that nothing else has: the rounded one may have its own."""
        if constant not in self._constants:
            return
        name = f"{constant}{_IN_FLOAT}"
        if name not in self._own_constants:
            kept = self._graph.initializer.add()
            kept.CopyFrom(self._constants[constant])
            kept.name = name
            self._own_constants.add(name)
        node.input[place] = name

    def _rename_result(self, before: str, after: str) -> None:
        for node in self._graph.node:
            node.output[:] = [after if name == before else name for name in node.output]
            self._replace(node, before, after)

    @staticmethod
    def _replace(node: Any, before: str, after: str) -> None:
        node.input[:] = [after if name == before else name for name in node.input]
