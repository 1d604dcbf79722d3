"""A call of a ``keras.ops`` operation on the way to TensorFlow: its arguments by name, cast as Keras 3 casts them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .calls import array
from .frameworks import is_symbolic, keras, tensorflow
from .refusal import NotCarried, refuse


@dataclass(frozen=True)
class Call:
    """A node of a Keras 3 graph that belongs to an operation.

    Attributes:
        operation: The Keras 3 operation; what it was made with (axis, keepdims) are its attributes.
        arguments: What it was called with, by name; tensors are already those of tf_keras.
        dtype: The type of its first output.
        shape: The shape of its first output, None where free.
        name: A free name for a layer.
    """

    operation: Any
    arguments: Mapping[str, Any]
    dtype: str
    shape: tuple[int | None, ...]
    name: str

    @property
    def first(self) -> Any:
        """The first argument."""
        return next(iter(self.arguments.values()))

    @property
    def values(self) -> list[Any]:
        """All arguments, in order."""
        return list(self.arguments.values())

    def refused(self, reason: str) -> NotCarried:
        """The error about this operation.

        Args:
            reason: Why it cannot be carried.

        Returns:
            The error, to be raised.
        """
        return refuse(self.operation, reason)


Build = Callable[[Call], Any]


@dataclass(frozen=True)
class OperationRow:
    """How one class of operations is carried.

    Attributes:
        name: The class in keras.ops.
        tf_keras: What stands for it.
        build: What makes the call.
        remark: What is different, or not carried.
    """

    name: str
    tf_keras: str
    build: Build
    remark: str = ""


def cast(value: Any, dtype: str) -> Any:
    """An argument in a type.

    Args:
        value: A symbolic tensor of tf_keras, or a constant: a number, an array, a tensor of Keras 3.
        dtype: The type.

    Returns:
        A tensor, which is the same where it has the type; or a constant, which is a plain float where it was a number.
    """
    if is_symbolic(value):
        return value if value.dtype == dtype else tensorflow().cast(value, dtype)
    if isinstance(value, (int, float)) and dtype == "float32":
        return float(value)
    return np.asarray(array(value)).astype(dtype)


def common_type(*values: Any) -> str:
    """The type in which Keras 3 brings arguments together.

    Args:
        *values: Symbolic tensors of tf_keras, or constants.

    Returns:
        Its name; a plain Python number gives way to the type of a tensor.
    """

    def type_of(value: Any) -> Any:
        if is_symbolic(value):
            return value.dtype.name
        return getattr(value, "dtype", type(value))

    return str(keras().backend.result_type(*map(type_of, values)))
