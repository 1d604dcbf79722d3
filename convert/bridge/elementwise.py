"""Operations on each number by itself: arithmetic, comparisons, activation functions."""

from __future__ import annotations

from typing import Any

from .activations import carried_activation
from .frameworks import find, is_symbolic, tf_keras
from .operands import Build, Call, OperationRow, cast, common_type


def _unary(path: str) -> Build:
    return lambda call: find(path)(cast(call.first, call.dtype))


def _predicate(path: str) -> Build:
    return lambda call: find(path)(call.first)


def _binary(path: str) -> Build:
    return lambda call: find(path)(*(cast(value, call.dtype) for value in call.values))


def _comparison(path: str) -> Build:
    def build(call: Call) -> Any:
        dtype = common_type(*call.values)
        return find(path)(*(cast(value, dtype) for value in call.values))

    return build


def _merging(layer: str, path: str) -> Build:
    """The layer only for equal shapes: of others it aligns the first dimensions, where Keras 3 aligns the last."""

    def build(call: Call) -> Any:
        a, b = (cast(value, call.dtype) for value in call.values)
        if is_symbolic(a) and is_symbolic(b) and a.shape.as_list() == b.shape.as_list():
            return getattr(tf_keras().layers, layer)(name=call.name)([a, b])
        return find(path)(a, b)

    return build


def _activation(name: str) -> Build:
    return lambda call: tf_keras().layers.Activation(carried_activation(name), name=call.name)(call.first)


def _layer(kind: str, **settings: str) -> Build:
    """A layer, and for each of its arguments the attribute of the operation that it is."""

    def build(call: Call) -> Any:
        given = {key: getattr(call.operation, attribute) for key, attribute in settings.items()}
        return getattr(tf_keras().layers, kind)(**given, name=call.name)(call.first)

    return build


def _with(path: str, **settings: str) -> Build:
    """A function, and for each of its keyword arguments the attribute of the operation that it is."""

    def build(call: Call) -> Any:
        given = {key: getattr(call.operation, attribute) for key, attribute in settings.items()}
        return find(path)(cast(call.first, call.dtype), **given)

    return build


def _elu(call: Call) -> Any:
    """Through the layer, which takes the alpha that the function of tf_keras's ``Activation`` does not."""
    return tf_keras().layers.ELU(alpha=call.operation.alpha, name=call.name)(call.first)


def _clip(call: Call) -> Any:
    low, high = (cast(bound, call.dtype) for bound in (call.operation.x_min, call.operation.x_max))
    return find("tensorflow.clip_by_value")(cast(call.first, call.dtype), low, high)


def _where(call: Call) -> Any:
    if len(call.values) != 3 or any(value is None for value in call.values):
        raise call.refused("without values to choose from")
    condition, a, b = call.values
    return find("tensorflow.where")(cast(condition, "bool"), cast(a, call.dtype), cast(b, call.dtype))


def _round(call: Call) -> Any:
    if call.operation.decimals != 0:
        raise call.refused(f"decimals={call.operation.decimals} is not carried")
    return find("tensorflow.round")(call.first)


def _rows(kind: Any, paths: dict[str, str]) -> tuple[OperationRow, ...]:
    """One row for each operation of a kind, and the TensorFlow function that it is."""
    return tuple(
        OperationRow(name, path.replace("tensorflow.", "tf."), kind(path))
        for names, path in paths.items()
        for name in names.split()
    )


_FUNCTIONS = _rows(
    _unary,
    {
        "Abs Absolute": "tensorflow.abs", "Negative": "tensorflow.negative", "Square": "tensorflow.square",
        "Sqrt": "tensorflow.sqrt", "Rsqrt": "tensorflow.math.rsqrt", "Reciprocal": "tensorflow.math.reciprocal",
        "Exp": "tensorflow.exp", "Expm1": "tensorflow.math.expm1", "Log": "tensorflow.math.log",
        "Log1p": "tensorflow.math.log1p", "Erf": "tensorflow.math.erf", "Sign": "tensorflow.sign",
        "Floor": "tensorflow.floor", "Ceil": "tensorflow.math.ceil",
        "Sin": "tensorflow.sin", "Cos": "tensorflow.cos", "Tan": "tensorflow.tan",
        "Arcsin": "tensorflow.asin", "Arccos": "tensorflow.acos", "Arctan": "tensorflow.atan",
        "Sinh": "tensorflow.sinh", "Cosh": "tensorflow.cosh",
        "LogicalNot": "tensorflow.logical_not", "StopGradient": "tensorflow.stop_gradient",
        "ZerosLike": "tensorflow.zeros_like", "OnesLike": "tensorflow.ones_like",
        "ConvertToTensor Copy": "tensorflow.identity",
    },
)  # fmt: skip
_PREDICATES = _rows(
    _predicate,
    {
        "Isnan": "tensorflow.math.is_nan",
        "Isinf": "tensorflow.math.is_inf",
        "Isfinite": "tensorflow.math.is_finite",
    },
)
_OF_TWO = _rows(
    _binary,
    {
        "Divide TrueDivide": "tensorflow.divide", "FloorDivide": "tensorflow.math.floordiv",
        "Mod": "tensorflow.math.floormod", "Power": "tensorflow.pow", "Arctan2": "tensorflow.atan2",
        "LogicalAnd": "tensorflow.logical_and", "LogicalOr": "tensorflow.logical_or",
        "LogicalXor": "tensorflow.math.logical_xor", "DivideNoNan": "tensorflow.math.divide_no_nan",
    },
)  # fmt: skip
_COMPARISONS = _rows(
    _comparison,
    {
        "Equal": "tensorflow.equal", "NotEqual": "tensorflow.not_equal", "Less": "tensorflow.less",
        "LessEqual": "tensorflow.less_equal", "Greater": "tensorflow.greater",
        "GreaterEqual": "tensorflow.greater_equal",
    },
)  # fmt: skip
_MERGED = tuple(
    OperationRow(
        layer, f"{layer}, or tf.{function}", _merging(layer, f"tensorflow.{function}"), "a layer for equal shapes"
    )
    for layer, function in {
        "Add": "add", "Subtract": "subtract", "Multiply": "multiply", "Maximum": "maximum", "Minimum": "minimum",
    }.items()
)  # fmt: skip
_ACTIVATED = tuple(
    OperationRow(operation, "Activation", _activation(function))
    for operation, function in {
        "Sigmoid": "sigmoid", "Tanh": "tanh", "Softplus": "softplus", "Softsign": "softsign", "Silu": "silu",
        "Selu": "selu", "Mish": "mish", "HardSigmoid": "hard_sigmoid", "HardSilu": "hard_silu",
        "HardTanh": "hard_tanh", "LogSigmoid": "log_sigmoid", "TanhShrink": "tanh_shrink",
        "SparsePlus": "sparse_plus", "SparseSigmoid": "sparse_sigmoid", "Relu6": "relu6",
    }.items()
)  # fmt: skip
_HERE = f"{__package__}.activations"
_PARAMETRIC = (
    OperationRow("Relu", "ReLU", _layer("ReLU")),
    OperationRow(
        "ReLU", "ReLU", _layer("ReLU", negative_slope="negative_slope", max_value="max_value", threshold="threshold")
    ),
    OperationRow("LeakyRelu", "LeakyReLU", _layer("LeakyReLU", alpha="negative_slope")),
    OperationRow("Softmax", "Softmax", _layer("Softmax", axis="axis")),
    OperationRow("Elu", "ELU", _elu),
    OperationRow("Gelu", "tf.nn.gelu", _with("tensorflow.nn.gelu", approximate="approximate")),
    OperationRow("Celu", "tf operations", _with(f"{_HERE}.celu", alpha="alpha")),
    OperationRow("Glu", "tf operations", _with(f"{_HERE}.glu", axis="axis")),
    OperationRow("HardShrink", "tf operations", _with(f"{_HERE}.hard_shrink", threshold="threshold")),
    OperationRow("SoftShrink", "tf operations", _with(f"{_HERE}.soft_shrink", threshold="threshold")),
    OperationRow("Squareplus", "tf operations", _with(f"{_HERE}.squareplus", b="b")),
    OperationRow("LogSoftmax", "tf.nn.log_softmax", _with("tensorflow.nn.log_softmax", axis="axis")),
    OperationRow("Clip", "tf.clip_by_value", _clip),
    OperationRow("Where", "tf.where", _where, "with both values"),
    OperationRow("Round", "tf.round", _round, "to whole numbers"),
)
ROWS = (*_FUNCTIONS, *_PREDICATES, *_OF_TWO, *_COMPARISONS, *_MERGED, *_ACTIVATED, *_PARAMETRIC)
