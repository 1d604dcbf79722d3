"""Which tensor of a quantized file is which of the float file."""

from __future__ import annotations

from .probe import Probe


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
                pairs[name] = counterpart
    return pairs


def _shared(own: dict[str, str], other: dict[str, str]) -> dict[str, str]:
    return {tensor: other[name] for name, tensor in own.items() if name in other}
