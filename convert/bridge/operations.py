"""The table of ``keras.ops`` operations that are carried, and the call of one."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from . import elementwise, reductions, reshaping
from .calls import constant
from .frameworks import keras
from .layers import Row
from .operands import Call, OperationRow
from .refusal import refuse

TABLE: tuple[OperationRow, ...] = (*elementwise.ROWS, *reductions.ROWS, *reshaping.ROWS)
_BY_NAME = {row.name: row for row in TABLE}


def carried_operations() -> tuple[Row, ...]:
    """Every operation of ``keras.ops`` that is carried as a node of a functional model.

    Returns:
        One row for each class.
    """
    return tuple(Row(row.name, row.tf_keras, row.remark) for row in TABLE)


def operation_row(operation: Any) -> OperationRow:
    """The row of an operation's class.

    Args:
        operation: A Keras 3 operation that is not a layer.

    Returns:
        The row.

    Raises:
        NotCarried: It is not in the table, or a class of the user's own.
    """
    row = _BY_NAME.get(type(operation).__name__)
    if row is None or not type(operation).__module__.startswith("keras.src."):
        raise refuse(operation, "litefoot knows no TensorFlow operation for it")
    return row


def call_operation(node: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], name: str) -> Any:
    """Call what stands for an operation.

    Args:
        node: The node of the Keras 3 graph.
        args: Its positional arguments, tensors already those of tf_keras.
        kwargs: Its keyword arguments, likewise.
        name: A name for a layer, free in the model.

    Returns:
        One tensor or several.

    Raises:
        NotCarried: The operation cannot be carried, or not with these arguments.
    """
    row, operation = operation_row(node.operation), node.operation
    bound = inspect.signature(operation.call).bind(*args, **kwargs).arguments
    arguments = {key: keras().tree.map_structure(constant, value) for key, value in bound.items()}
    return row.build(Call(operation, arguments, node.outputs[0].dtype, tuple(node.outputs[0].shape), name))
