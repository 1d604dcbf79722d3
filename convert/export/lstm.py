"""What TensorFlow's converter gets wrong in an int8 file with fused LSTMs."""

from __future__ import annotations

_CELL_STATE = 19
"""Which input of the fused LSTM is its cell state."""
_SMALLEST = 2.0**-15
"""The finest scale of a cell state, int16, that the kernel knows: its tanh takes 0 to 6 bits before the point."""


def widen_cells(content: bytes) -> bytes:
    """Give each int8 LSTM a cell state that its kernel can compute with.

    The converter rounds the scale of the cell state to a power of two. Where all cells stayed within -0.5..0.5 while it
    measured, that is 2^-16 or less, for which the kernel computes no tanh at all: the answers are noise (-5 dB). The
    scale is a number of the file that the kernel reads when it starts, so a coarser one is enough: no weight and no
    other scale depends on it.

    Args:
        content: A TFLite file.

    Returns:
        The same file, of the same length.
    """
    from ai_edge_litert.schema_py_generated import BuiltinOperator, Model, TensorType

    changed = bytearray(content)
    model = Model.GetRootAs(changed)
    fused = {
        code
        for code in range(model.OperatorCodesLength())
        if model.OperatorCodes(code).BuiltinCode() == BuiltinOperator.UNIDIRECTIONAL_SEQUENCE_LSTM
    }
    for graph in map(model.Subgraphs, range(model.SubgraphsLength())):
        for operator in map(graph.Operators, range(graph.OperatorsLength())):
            if operator.OpcodeIndex() in fused:
                cell = graph.Tensors(operator.Inputs(_CELL_STATE))
                if cell.Type() == TensorType.INT16:
                    scales = cell.Quantization().ScaleAsNumpy()  # a view of the file's bytes
                    scales[scales < _SMALLEST] = _SMALLEST
    return bytes(changed)
