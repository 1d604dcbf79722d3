"""One small Keras 3 model, or several, for each operation that is carried. Imported by `program` only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

TABLE = np.random.default_rng(5).uniform(-1, 1, (6, 3)).astype("float32")


def _absolute(x: Any) -> Any:
    from keras.src.ops.numpy import Abs

    return Abs()(x)


def _mish(x: Any) -> Any:
    from keras.src.activations.activations import Mish

    return Mish()(x)


UNARY: dict[str, Callable[[Any], Any]] = {
    "Absolute": ops.absolute, "Abs": _absolute, "Negative": lambda x: -x, "Square": ops.square,
    "Sqrt": lambda x: ops.sqrt(x + 1), "Rsqrt": lambda x: ops.rsqrt(x + 2),
    "Reciprocal": lambda x: ops.reciprocal(x + 2),
    "Exp": ops.exp, "Expm1": ops.expm1, "Log": lambda x: ops.log(x + 2), "Log of negative": ops.log,
    "Log1p": ops.log1p, "Erf": ops.erf, "Sign": ops.sign, "Floor": lambda x: ops.floor(3 * x),
    "Ceil": lambda x: ops.ceil(3 * x), "Sin": ops.sin, "Cos": ops.cos, "Tan": ops.tan, "Arcsin": ops.arcsin,
    "Arccos": ops.arccos, "Arctan": ops.arctan, "Sinh": ops.sinh, "Cosh": ops.cosh,
    "LogicalNot": lambda x: ops.logical_not(x > 0), "StopGradient": ops.stop_gradient, "ZerosLike": ops.zeros_like,
    "OnesLike": lambda x: ops.ones_like(x, dtype="int32"), "ConvertToTensor": lambda x: ops.convert_to_tensor(x),
    "Copy": ops.copy, "Isnan": lambda x: ops.isnan(ops.log(x)), "Isinf": lambda x: ops.isinf(x / 0.0),
    "Isfinite": lambda x: ops.isfinite(ops.sqrt(x)), "Round": lambda x: ops.round(3 * x),
    "Sigmoid": ops.sigmoid, "Tanh": ops.tanh, "Softplus": ops.softplus, "Softsign": ops.softsign, "Silu": ops.silu,
    "Selu": ops.selu, "Mish": _mish, "HardSigmoid": lambda x: ops.hard_sigmoid(4 * x),
    "HardSilu": lambda x: ops.hard_silu(4 * x), "HardTanh": lambda x: ops.hard_tanh(2 * x),
    "LogSigmoid": ops.log_sigmoid, "TanhShrink": ops.tanh_shrink, "SparsePlus": lambda x: ops.sparse_plus(2 * x),
    "SparseSigmoid": lambda x: ops.sparse_sigmoid(2 * x), "Relu6": lambda x: ops.relu6(9 * x), "Relu": ops.relu,
    "ReLU": lambda x: keras.activations.relu(x, 0.1, 0.5, 0.1),
    "LeakyRelu": lambda x: ops.leaky_relu(x, negative_slope=0.3), "LeakyRelu by default": ops.leaky_relu,
    "Softmax": lambda x: ops.softmax(x, axis=1), "Elu": lambda x: ops.elu(x, 0.5),
    "Gelu": ops.gelu, "Gelu exact": lambda x: ops.gelu(x, approximate=False), "Celu": lambda x: ops.celu(x, 0.5),
    "Glu": lambda x: ops.glu(x, axis=1), "HardShrink": lambda x: ops.hard_shrink(x, 0.3),
    "SoftShrink": lambda x: ops.soft_shrink(x, 0.3), "Squareplus": lambda x: ops.squareplus(x, b=2),
    "LogSoftmax": lambda x: ops.log_softmax(x, axis=1), "Clip": lambda x: ops.clip(x, -0.3, 0.6),
}  # fmt: skip
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "Add": lambda x, y: x + y, "Add of a constant": lambda x, y: x + y + 1.5,
    "Add with broadcasting": lambda x, y: x + y[:, :1],
    "Subtract": lambda x, y: x - y, "Subtract from a constant": lambda x, y: 2 - x - y,
    "Multiply": lambda x, y: x * y, "Multiply by an array": lambda x, y: x * TABLE[:, 0] + y,
    "Divide": lambda x, y: ops.divide(x, y + 2), "TrueDivide": lambda x, y: ops.true_divide(x, y + 2),
    "DivideNoNan": lambda x, y: ops.divide_no_nan(x, ops.relu(y)),
    "FloorDivide": lambda x, y: (5 * x) // (y + 2), "Mod": lambda x, y: (5 * x) % (y + 2),
    "Power": lambda x, y: (x + 2) ** y, "Power of two": lambda x, y: x**2 + 2**y, "Arctan2": ops.arctan2,
    "Maximum": ops.maximum, "Minimum": lambda x, y: ops.minimum(x, 0.1) + ops.minimum(x, y),
    "LogicalAnd": lambda x, y: ops.logical_and(x > 0, y > 0), "LogicalOr": lambda x, y: ops.logical_or(x > 0, y > 0),
    "LogicalXor": lambda x, y: ops.logical_xor(x > 0, y > 0), "Equal": lambda x, y: ops.equal(x > 0, y > 0),
    "NotEqual": lambda x, y: ops.sign(x) != ops.sign(y), "Less": lambda x, y: x < y, "LessEqual": lambda x, y: x <= y,
    "Greater": lambda x, y: x > y, "GreaterEqual": lambda x, y: x >= 0.25 + 0 * y,
    "Where": lambda x, y: ops.where(x > y, x, 0), "Matmul": lambda x, y: x @ ops.transpose(y, (0, 2, 1)),
    "Matmul with a constant": lambda x, y: ops.matmul(x, TABLE) + ops.matmul(y, TABLE),
    "Dot": lambda x, y: ops.dot(x, TABLE) + ops.dot(y, TABLE),
    "Tensordot": lambda x, y: ops.tensordot(x, TABLE, axes=[[2], [0]]) + ops.mean(y),
    "Einsum": lambda x, y: ops.einsum("bij,bkj->bik", x, y), "Stack": lambda x, y: ops.stack([x, y], axis=2),
    "Concatenate": lambda x, y: ops.concatenate([x, y], axis=-1),
    "Concatenate along the batch": lambda x, y: ops.concatenate([x, y], axis=0),
    "Concatenate with a constant": lambda x, y: ops.concatenate([ops.mean(x + y, axis=0), TABLE.T], axis=0),
}  # fmt: skip
REDUCTIONS: dict[str, Callable[[Any], Any]] = {
    "Mean": lambda x: ops.mean(x, axis=(1, 2)), "Mean of all": ops.mean,
    "Sum": lambda x: ops.sum(x, axis=1, keepdims=True), "Prod": lambda x: ops.prod(x, axis=-1),
    "Max": lambda x: ops.max(x, axis=1), "Min": lambda x: ops.min(x, axis=[1, 2]),
    "Amax": lambda x: ops.amax(x, axis=1), "Amin": lambda x: ops.amin(x, axis=1),
    "All": lambda x: ops.all(x > -0.8, axis=1), "Any": lambda x: ops.any(x > 0.8, axis=1),
    "Var": lambda x: ops.var(x, axis=1), "Std": lambda x: ops.std(x, axis=1, keepdims=True),
    "Logsumexp": lambda x: ops.logsumexp(x, axis=1), "Argmax": lambda x: ops.argmax(x, axis=1),
    "Argmin": lambda x: ops.argmin(x, axis=-1, keepdims=True), "Argsort": lambda x: ops.argsort(x, axis=1),
    "Sort": lambda x: ops.sort(x, axis=1), "Cumsum": lambda x: ops.cumsum(x, axis=1),
    "Cumprod": lambda x: ops.cumprod(x, axis=1), "TopK": lambda x: list(ops.top_k(x, 2)),
    "Norm": lambda x: ops.norm(x, axis=-1, keepdims=True), "Norm of matrices": lambda x: ops.norm(x, axis=(1, 2)),
    "Normalize": lambda x: ops.normalize(x, axis=1),
    "Mean of integers": lambda x: ops.mean(ops.cast(9 * x, "int32"), 1),
}  # fmt: skip
SHAPES: dict[str, Callable[[Any], Any]] = {
    "Reshape": lambda x: ops.reshape(x, (-1, 6, 4)), "Reshape over the batch": lambda x: ops.reshape(x, (-1, 3)),
    "Reshape to a vector": lambda x: ops.reshape(x, -1), "Ravel": ops.ravel,
    "Transpose": lambda x: ops.transpose(x, (0, 2, 1)), "Transpose of all": ops.transpose,
    "Swapaxes": lambda x: ops.swapaxes(x, -1, 1), "Moveaxis": lambda x: ops.moveaxis(x, (0, 1), (-1, 0)),
    "Squeeze": lambda x: ops.squeeze(x[:, :1], axis=1), "ExpandDims": lambda x: ops.expand_dims(x, (1, -1)),
    "Split": lambda x: ops.split(x, 3, axis=-1), "Split at indices": lambda x: ops.split(x, [1, 4], axis=2),
    "Unstack": lambda x: ops.unstack(x, axis=1), "GetItem": lambda x: x[:, ::2, None, -2],
    "GetItem with dots": lambda x: x[..., 1:-1], "GetItem of a batch": lambda x: x[0],
    "Take": lambda x: ops.take(x, [0, -1, 2], axis=1), "Take flat": lambda x: ops.take(x[:, :2], [1, 3]),
    "OneHot": lambda x: ops.one_hot(ops.argmax(x, axis=1), 4), "Tile": lambda x: ops.tile(x, (1, 2, 1)),
    "Tile the last": lambda x: ops.tile(x, 2),
    "Repeat": lambda x: ops.repeat(x, 2, axis=1), "Flip": lambda x: ops.flip(x, axis=1), "Flip all": ops.flip,
    "Roll": lambda x: ops.roll(x, 2, axis=1), "Pad": lambda x: ops.pad(x, ((0, 0), (1, 2), (0, 1)), constant_values=2),
    "Pad by reflection": lambda x: ops.pad(x, ((0, 0), (1, 2), (0, 1)), mode="reflect"),
    "BroadcastTo": lambda x: ops.broadcast_to(ops.mean(x, axis=0), (3, 4, 6)),
    "Tril": ops.tril, "Triu": ops.triu, "Cast": lambda x: ops.cast(4 * x, "int32"),
    "Cast and back": lambda x: ops.cast(4 * x, "int32") / 3,
}  # fmt: skip
IMAGES: dict[str, Callable[[Any], Any]] = {
    "MaxPool": lambda x: ops.max_pool(x, 2), "AveragePool": lambda x: ops.average_pool(x, 3, strides=2, padding="same"),
    "Resize": lambda x: ops.image.resize(x, (5, 11)),
    "Resize antialiased": lambda x: ops.image.resize(x, (3, 4), interpolation="bicubic", antialias=True),
}  # fmt: skip


def of_one(function: Callable[[Any], Any], shape: tuple[int, ...]) -> Any:
    x = keras.Input(shape)
    return keras.Model(x, function(x))


def of_two(function: Callable[[Any, Any], Any]) -> Any:
    x, y = keras.Input((4, 6)), keras.Input((4, 6))
    return keras.Model([x, y], function(x, y))


def computed_indices() -> Any:
    tokens = keras.Input((4,), dtype="int32")
    return keras.Model(tokens, ops.take(TABLE, tokens, axis=0))


CASES: dict[str, Callable[[], Any]] = {
    **{f"ops {name}": lambda f=f: of_one(f, (4, 6)) for name, f in {**UNARY, **REDUCTIONS, **SHAPES}.items()},
    **{f"ops {name}": lambda f=f: of_one(f, (8, 9, 3)) for name, f in IMAGES.items()},
    **{f"ops {name}": lambda f=f: of_two(f) for name, f in BINARY.items()},
    "ops Take of computed indices": computed_indices,
}
