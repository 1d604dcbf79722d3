"""Operations over axes: sums and their kin, products of matrices, norms, orders."""

from __future__ import annotations

from typing import Any

from .frameworks import find, is_symbolic, tensorflow, tf_keras
from .operands import Build, Call, OperationRow, cast
from .registered import einsum_layer


def _axes(axis: Any) -> Any:
    return list(axis) if isinstance(axis, (list, tuple)) else axis


def _reduction(path: str) -> Build:
    def build(call: Call) -> Any:
        if getattr(call.operation, "initial", None) is not None:
            raise call.refused("it has an initial value")
        values = cast(call.first, call.dtype)
        return find(path)(values, axis=_axes(call.operation.axis), keepdims=call.operation.keepdims)

    return build


def _axis_of(call: Call) -> int:
    if call.operation.axis is None:
        raise call.refused("it has no axis")
    return int(call.operation.axis)


def _position(path: str) -> Build:
    """Where the largest or smallest number is, in int32 as in Keras 3."""

    def build(call: Call) -> Any:
        found = find(path)(call.first, axis=_axis_of(call), output_type=tensorflow().int32)
        return tensorflow().expand_dims(found, _axis_of(call)) if call.operation.keepdims else found

    return build


def _along(path: str) -> Build:
    return lambda call: find(path)(cast(call.first, call.dtype), axis=_axis_of(call))


def _argsort(call: Call) -> Any:
    return tensorflow().argsort(call.first, axis=_axis_of(call))


def _matmul(call: Call) -> Any:
    a, b = (cast(value, call.dtype) for value in call.values)
    if min(len(a.shape), len(b.shape)) < 2:
        raise call.refused("one side is a vector")
    return tensorflow().matmul(a, b)


def _dot(call: Call) -> Any:
    """The sum over the last axis of the first and the last but one of the second."""
    a, b = (cast(value, call.dtype) for value in call.values)
    return tensorflow().tensordot(a, b, axes=[[-1], [-1 if len(b.shape) == 1 else -2]])


def _tensordot(call: Call) -> Any:
    a, b = (cast(value, call.dtype) for value in call.values)
    return tensorflow().tensordot(a, b, axes=call.operation.axes)


def _einsum(call: Call) -> Any:
    operands = [cast(value, call.dtype) for value in call.arguments["operands"]]
    if not all(map(is_symbolic, operands)):
        return tensorflow().einsum(call.operation.subscripts, *operands)
    return einsum_layer()(call.operation.subscripts, name=call.name)(operands)


def _normalize(call: Call) -> Any:
    """The quotient x / max(|x|, epsilon); TensorFlow's epsilon is that of the square."""
    if call.operation.order != 2:
        raise call.refused(f"order={call.operation.order} is not carried")
    epsilon = tf_keras().backend.epsilon() if call.operation.epsilon is None else call.operation.epsilon
    return tensorflow().math.l2_normalize(call.first, axis=_axes(call.operation.axis), epsilon=epsilon**2)


def _norm(call: Call) -> Any:
    if call.operation.ord not in (None, "fro"):
        raise call.refused(f"ord={call.operation.ord} is not carried")
    axis = call.operation.axis
    axis = axis if axis is None else axis[0] if len(axis) == 1 else tuple(axis)
    return tensorflow().norm(cast(call.first, call.dtype), axis=axis, keepdims=call.operation.keepdims)


def _top_k(call: Call) -> Any:
    return tensorflow().math.top_k(call.first, call.operation.k, sorted=call.operation.sorted)


_REDUCTIONS = {
    "Mean": "reduce_mean", "Sum": "reduce_sum", "Prod": "reduce_prod", "Max": "reduce_max", "Min": "reduce_min",
    "Amax": "reduce_max", "Amin": "reduce_min", "All": "reduce_all", "Any": "reduce_any", "Var": "math.reduce_variance",
    "Std": "math.reduce_std", "Logsumexp": "reduce_logsumexp",
}  # fmt: skip
ROWS = (
    *(OperationRow(name, f"tf.{path}", _reduction(f"tensorflow.{path}")) for name, path in _REDUCTIONS.items()),
    OperationRow("Argmax", "tf.argmax", _position("tensorflow.argmax"), "along an axis"),
    OperationRow("Argmin", "tf.argmin", _position("tensorflow.argmin"), "along an axis"),
    OperationRow("Argsort", "tf.argsort", _argsort, "along an axis"),
    OperationRow("Sort", "tf.sort", _along("tensorflow.sort"), "along an axis"),
    OperationRow("Cumsum", "tf.cumsum", _along("tensorflow.cumsum"), "along an axis"),
    OperationRow("Cumprod", "tf.math.cumprod", _along("tensorflow.math.cumprod"), "along an axis"),
    OperationRow("TopK", "tf.math.top_k", _top_k),
    OperationRow("Matmul", "tf.matmul", _matmul, "of matrices, not of vectors"),
    OperationRow("Dot", "tf.tensordot", _dot),
    OperationRow("Tensordot", "tf.tensordot", _tensordot),
    OperationRow("Einsum", "a layer of litefoot over tf.einsum", _einsum),
    OperationRow("Norm", "tf.norm", _norm, "the Euclidean norm"),
    OperationRow("Normalize", "tf.math.l2_normalize", _normalize, "by the Euclidean norm"),
)
