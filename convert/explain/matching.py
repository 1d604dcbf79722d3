"""Which tensor of a quantized file is which of the float file."""

from __future__ import annotations

from .probe import Node, Probe

_ACTIVATIONS = ("Relu", "Clip")


def match(original: Probe, quantized: Probe) -> dict[str, str]:
    """Find the tensors that two files have in common.

    A quantizer that takes the file operator by operator leaves their order as it is, and then their places say it for
    certain; where operators were fused or split, names do: converters and quantizers keep them.

    Args:
        original: The float file.
        quantized: The file that was made from it.

    Returns:
        From the name in the float file to the name in the quantized one; inputs first, then in execution order.
    """
    pairs = _shared(original.input_tensors, quantized.input_tensors)
    if [node.operator for node in original.nodes] == [node.operator for node in quantized.nodes]:
        for node, same in zip(original.nodes, quantized.nodes, strict=True):
            pairs |= dict(zip(node.outputs, same.outputs, strict=False))
        return pairs
    known = {name for node in quantized.nodes for name in node.outputs}
    of_outputs = _shared(original.output_tensors, quantized.output_tensors)
    for node in original.nodes:
        for name in node.outputs:
            counterpart = name if name in known else of_outputs.get(name)
            if counterpart in known:
                pairs[name] = _activated(node, counterpart, quantized)
    return pairs


def _activated(node: Node, tensor: str, quantized: Probe) -> str:
    """What an activation writes, where its name has passed to what it reads.

    ONNX Runtime's quantizer leaves out a ReLU whose work a rounding to unsigned integers does, and the operator before
    it writes what the ReLU wrote. Where such a tensor stays in float, the ReLU is back and writes another one.
    """
    if node.operator not in _ACTIVATIONS or quantized.storage[tensor].quantization is not None:
        return tensor
    behind = [reader for reader in quantized.nodes if tensor in reader.inputs]
    again = len(behind) == 1 and behind[0].operator == node.operator and len(behind[0].outputs) == 1
    return behind[0].outputs[0] if again else tensor


def _shared(own: dict[str, str], other: dict[str, str]) -> dict[str, str]:
    return {tensor: other[name] for name, tensor in own.items() if name in other}
