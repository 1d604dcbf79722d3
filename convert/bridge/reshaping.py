"""Operations that move numbers about: shapes, slices, joins, look-ups, types, images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .calls import array
from .frameworks import is_symbolic, tensorflow, tf_keras
from .operands import Build, Call, OperationRow, cast


def _sizes(call: Call, shape: Any) -> list[int]:
    """A shape for TensorFlow: the one free dimension, if there is one, is -1."""
    sizes = [-1 if size is None else int(size) for size in shape]
    if sizes.count(-1) > 1:
        raise call.refused(f"more than one free dimension: {tuple(shape)}")
    return sizes


def _reshape(call: Call) -> Any:
    """By the layer where the batch dimension stays what it is."""
    sizes, before = _sizes(call, np.atleast_1d(np.array(call.operation.newshape, object))), call.first.shape.as_list()
    keeps_batch = before[0] is None and sizes[0] == -1 and None not in before[1:]
    if keeps_batch and np.prod(before[1:]) == np.prod(sizes[1:]):
        return tf_keras().layers.Reshape(sizes[1:], name=call.name)(call.first)
    return tensorflow().reshape(call.first, sizes)


def _ravel(call: Call) -> Any:
    return tensorflow().reshape(call.first, [-1])


def _moved(order: Callable[[Any, int], Any]) -> Build:
    """A transposition, to the order of axes that `order` makes of the operation and the rank."""
    return lambda call: tensorflow().transpose(call.first, list(order(call.operation, len(call.first.shape))))


def _swapped(operation: Any, rank: int) -> list[int]:
    axes = list(range(rank))
    axes[operation.axis1], axes[operation.axis2] = axes[operation.axis2], axes[operation.axis1]
    return axes


def _axes_moved(operation: Any, rank: int) -> list[int]:
    source, destination = np.atleast_1d(operation.source) % rank, np.atleast_1d(operation.destination) % rank
    axes = [axis for axis in range(rank) if axis not in source]
    for place, axis in sorted(zip(destination.tolist(), source.tolist(), strict=True)):
        axes.insert(place, axis)
    return axes


def _squeeze(call: Call) -> Any:
    return tensorflow().squeeze(call.first, axis=call.operation.axis)


def _expand_dims(call: Call) -> Any:
    values, axes = call.first, np.atleast_1d(call.operation.axis)
    for axis in sorted((axes % (len(values.shape) + len(axes))).tolist()):
        values = tensorflow().expand_dims(values, axis)
    return values


def _concatenate(call: Call) -> Any:
    parts, axis = [cast(part, call.dtype) for part in call.first], call.operation.axis
    if len(parts) > 1 and all(map(is_symbolic, parts)) and axis % len(parts[0].shape) != 0:
        return tf_keras().layers.Concatenate(axis=axis, name=call.name)(parts)
    return tensorflow().concat(parts, axis)


def _stack(call: Call) -> Any:
    return tensorflow().stack([cast(part, call.dtype) for part in call.first], axis=call.operation.axis)


def _split(call: Call) -> Any:
    """Into equal parts, or at indices; TensorFlow takes the sizes between them."""
    where, axis = call.operation.indices_or_sections, call.operation.axis
    if isinstance(where, int):
        return tensorflow().split(call.first, where, axis=axis)
    total = call.first.shape[axis]
    if total is None:
        raise call.refused("it splits a free dimension at indices")
    sizes = np.diff([0, *(int(i) for i in where), total]).tolist()
    return tensorflow().split(call.first, sizes, axis=axis)


def _unstack(call: Call) -> Any:
    return tensorflow().unstack(call.first, num=call.operation.num, axis=call.operation.axis)


def _get_item(call: Call) -> Any:
    """The dots are written out: tf_keras cannot save them."""
    key: list[Any] = []
    given = call.arguments["key"] if isinstance(call.arguments["key"], (tuple, list)) else (call.arguments["key"],)
    for part in given:
        if part is Ellipsis:
            key += [slice(None)] * (len(call.first.shape) - sum(other not in (None, Ellipsis) for other in given))
        elif part is None or isinstance(part, (int, slice)):
            key.append(part)
        else:
            raise call.refused(f"an index is a {type(part).__name__}")
    return call.first[tuple(key)]


def _take(call: Call) -> Any:
    """Indices that are constants may count from the end; those that are computed must not, as in an Embedding."""
    (values, indices), axis = call.values, call.operation.axis
    if axis is None:
        values, axis = tensorflow().reshape(values, [-1]), 0
    indices = cast(indices, "int32")
    if not is_symbolic(indices):
        if (indices < 0).any() and values.shape[axis] is None:
            raise call.refused("it counts from the end of a free dimension")
        indices = np.where(indices < 0, indices + (values.shape[axis] or 0), indices)
    return tensorflow().gather(values if is_symbolic(values) else array(values), indices, axis=axis)


def _one_hot(call: Call) -> Any:
    if call.operation.sparse:
        raise call.refused("it is sparse")
    operation, indices = call.operation, cast(call.first, "int32")
    return tensorflow().one_hot(indices, operation.num_classes, axis=operation.axis, dtype=call.dtype)


def _tile(call: Call) -> Any:
    repeats, rank = list(np.atleast_1d(call.operation.repeats)), len(call.first.shape)
    if len(repeats) > rank:
        raise call.refused("it adds dimensions")
    return tensorflow().tile(call.first, [1] * (rank - len(repeats)) + [int(n) for n in repeats])


def _repeat(call: Call) -> Any:
    return tensorflow().repeat(call.first, call.operation.repeats, axis=call.operation.axis)


def _flip(call: Call) -> Any:
    axis = range(len(call.first.shape)) if call.operation.axis is None else np.atleast_1d(call.operation.axis)
    return tensorflow().reverse(call.first, [int(i) for i in axis])


def _roll(call: Call) -> Any:
    if call.operation.axis is None:
        raise call.refused("it has no axis")
    return tensorflow().roll(call.first, call.operation.shift, call.operation.axis)


def _pad(call: Call) -> Any:
    mode, filler = call.operation.mode, call.arguments.get("constant_values")
    if mode not in ("constant", "reflect", "symmetric"):
        raise call.refused(f"mode={mode} is not carried")
    widths = [[int(a), int(b)] for a, b in call.operation.pad_width]
    return tensorflow().pad(call.first, widths, mode.upper(), 0 if filler is None else filler)


def _broadcast_to(call: Call) -> Any:
    return tensorflow().broadcast_to(call.first, _sizes(call, call.operation.shape))


def _triangle(below: int, above: int) -> Build:
    def build(call: Call) -> Any:
        if call.operation.k != 0:
            raise call.refused(f"k={call.operation.k} is not carried")
        return tensorflow().linalg.band_part(call.first, below, above)

    return build


def _cast(call: Call) -> Any:
    return tensorflow().cast(call.first, call.dtype)


def _pool(kind: str) -> Build:
    def build(call: Call) -> Any:
        operation, rank = call.operation, len(call.first.shape) - 2
        settings = {"strides": operation.strides, "padding": operation.padding, "data_format": operation.data_format}
        layer = getattr(tf_keras().layers, f"{kind}Pooling{rank}D")
        return layer(operation.pool_size, **settings, name=call.name)(call.first)

    return build


def _resize(call: Call) -> Any:
    operation = call.operation
    if operation.crop_to_aspect_ratio or operation.pad_to_aspect_ratio or operation.data_format != "channels_last":
        raise call.refused("it crops, pads, or has its channels first")
    resized = tensorflow().image.resize(
        call.first, operation.size, method=operation.interpolation, antialias=operation.antialias
    )
    return cast(resized, call.dtype)


ROWS = (
    OperationRow("Reshape", "Reshape, or tf.reshape", _reshape, "a layer where the batch dimension stays"),
    OperationRow("Ravel", "tf.reshape", _ravel),
    OperationRow("Transpose", "tf.transpose", _moved(lambda op, rank: op.axes or range(rank)[::-1])),
    OperationRow("Swapaxes", "tf.transpose", _moved(_swapped)),
    OperationRow("Moveaxis", "tf.transpose", _moved(_axes_moved)),
    OperationRow("Squeeze", "tf.squeeze", _squeeze),
    OperationRow("ExpandDims", "tf.expand_dims", _expand_dims),
    OperationRow("Concatenate", "Concatenate, or tf.concat", _concatenate, "tf.concat along the batch"),
    OperationRow("Stack", "tf.stack", _stack),
    OperationRow("Split", "tf.split", _split),
    OperationRow("Unstack", "tf.unstack", _unstack),
    OperationRow("GetItem", "a slice", _get_item, "numbers, slices, None and ..."),
    OperationRow("Take", "tf.gather", _take, "computed indices must not be negative"),
    OperationRow("OneHot", "tf.one_hot", _one_hot, "not sparse"),
    OperationRow("Tile", "tf.tile", _tile),
    OperationRow("Repeat", "tf.repeat", _repeat),
    OperationRow("Flip", "tf.reverse", _flip),
    OperationRow("Roll", "tf.roll", _roll, "along an axis"),
    OperationRow("Pad", "tf.pad", _pad, "constant, reflect or symmetric"),
    OperationRow("BroadcastTo", "tf.broadcast_to", _broadcast_to),
    OperationRow("Tril", "tf.linalg.band_part", _triangle(-1, 0), "from the main diagonal"),
    OperationRow("Triu", "tf.linalg.band_part", _triangle(0, -1), "from the main diagonal"),
    OperationRow("Cast", "tf.cast", _cast),
    OperationRow("MaxPool", "MaxPooling1D to 3D", _pool("Max")),
    OperationRow("AveragePool", "AveragePooling1D to 3D", _pool("Average")),
    OperationRow("Resize", "tf.image.resize", _resize, "the whole image, channels last"),
)
