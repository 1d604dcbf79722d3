"""Activation functions by name: those that both Keras have under some name, and those that tf_keras lacks.

The formulas are those of Keras 3's TensorFlow backend (keras/src/backend/tensorflow/nn.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .frameworks import tensorflow

Function = Callable[..., Any]

SAME = {
    "linear": "linear", "relu": "relu", "sigmoid": "sigmoid", "tanh": "tanh", "softmax": "softmax", "elu": "elu",
    "selu": "selu", "softplus": "softplus", "softsign": "softsign", "exponential": "exponential", "mish": "mish",
    "gelu": "gelu", "silu": "swish",
}  # fmt: skip
"""Keras 3's name to tf_keras's name of the same function, defaults included (both take 'gelu' to be the exact one)."""


def relu6(x: Any) -> Any:
    """min(max(x, 0), 6).

    Args:
        x: A float tensor.

    Returns:
        A tensor of the same shape.
    """
    return tensorflow().nn.relu6(x)


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """X where positive, else negative_slope * x.

    Args:
        x: A float tensor.
        negative_slope: The slope below zero; Keras 3's default is 0.2.

    Returns:
        A tensor of the same shape.
    """
    return tensorflow().nn.leaky_relu(x, alpha=negative_slope)


def hard_sigmoid(x: Any) -> Any:
    """relu6(x + 3) / 6; the function of this name in tf_keras is another: clip(0.2 x + 0.5, 0, 1).

    Args:
        x: A float tensor.

    Returns:
        A tensor of the same shape.
    """
    return tensorflow().nn.relu6(x + 3.0) / 6.0


def hard_silu(x: Any) -> Any:
    """X * relu6(x + 3) / 6, also known as hard swish.

    Args:
        x: A float tensor.

    Returns:
        A tensor of the same shape.
    """
    return x * hard_sigmoid(x)


def hard_tanh(x: Any) -> Any:
    """X between -1 and 1, and the nearer of the two outside.

    Args:
        x: A float tensor.

    Returns:
        A tensor of the same shape.
    """
    return tensorflow().clip_by_value(x, -1.0, 1.0)


def celu(x: Any, alpha: float = 1.0) -> Any:
    """max(x, 0) + alpha (exp(min(x, 0) / alpha) - 1).

    Args:
        x: A float tensor.
        alpha: Minus the limit at minus infinity.

    Returns:
        A tensor of the same shape.
    """
    tf = tensorflow()
    return tf.maximum(x, 0.0) + alpha * tf.math.expm1(tf.minimum(x, 0.0) / alpha)


def glu(x: Any, axis: int = -1) -> Any:
    """The first half of x times the sigmoid of its second half.

    Args:
        x: A float tensor.
        axis: The axis that is halved.

    Returns:
        A tensor of half the size.
    """
    tf = tensorflow()
    first, second = tf.split(x, 2, axis=axis)
    return first * tf.sigmoid(second)


def tanh_shrink(x: Any) -> Any:
    """X - tanh(x).

    Args:
        x: A float tensor.

    Returns:
        A tensor of the same shape.
    """
    return x - tensorflow().math.tanh(x)


def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """X where |x| > threshold, else 0.

    Args:
        x: A float tensor.
        threshold: Half the width of the gap.

    Returns:
        A tensor of the same shape.
    """
    tf = tensorflow()
    return tf.where(tf.abs(x) > threshold, x, tf.zeros_like(x))


def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """X moved towards 0 by threshold, and 0 where it would cross.

    Args:
        x: A float tensor.
        threshold: How far.

    Returns:
        A tensor of the same shape.
    """
    tf = tensorflow()
    return tf.where(x > threshold, x - threshold, tf.where(x < -threshold, x + threshold, tf.zeros_like(x)))


def log_sigmoid(x: Any) -> Any:
    """log(sigmoid(x)).

    Args:
        x: A float tensor.

    Returns:
        A tensor of the same shape.
    """
    return tensorflow().math.log_sigmoid(x)


def log_softmax(x: Any, axis: int = -1) -> Any:
    """log(softmax(x)).

    Args:
        x: A float tensor.
        axis: The axis along which the exponentials sum to 1.

    Returns:
        A tensor of the same shape.
    """
    return tensorflow().nn.log_softmax(x, axis=axis)


def sparse_sigmoid(x: Any) -> Any:
    """(x + 1) / 2, cut at 0 and 1.

    Args:
        x: A float tensor.

    Returns:
        A tensor of the same shape.
    """
    return tensorflow().clip_by_value(0.5 * (x + 1.0), 0.0, 1.0)


def sparse_plus(x: Any) -> Any:
    """0 up to -1, (x + 1)^2 / 4 up to 1, x from there.

    Args:
        x: A float tensor.

    Returns:
        A tensor of the same shape.
    """
    tf = tensorflow()
    return tf.where(x <= -1.0, tf.zeros_like(x), tf.where(x < 1.0, 0.25 * tf.square(x + 1.0), x))


def squareplus(x: Any, b: float = 4) -> Any:
    """(x + sqrt(x^2 + b)) / 2.

    Args:
        x: A float tensor.
        b: How round the corner at 0 is.

    Returns:
        A tensor of the same shape.
    """
    tf = tensorflow()
    return (x + tf.sqrt(tf.square(x) + float(b))) / 2.0


ADDED: dict[str, Function] = {
    function.__name__: function
    for function in (
        relu6, leaky_relu, hard_sigmoid, hard_silu, hard_tanh, celu, glu, tanh_shrink, hard_shrink, soft_shrink,
        log_sigmoid, log_softmax, sparse_sigmoid, sparse_plus, squareplus,
    )
}  # fmt: skip
"""Keras 3's name to the function that stands for it, where tf_keras has none or another."""


def carried_activation(name: str) -> str | Function | None:
    """What stands in tf_keras for an activation function of Keras 3.

    Args:
        name: Keras 3's name of the function, as `keras.activations.serialize` gives it.

    Returns:
        A name that tf_keras knows, a registered function, or None where there is neither.
    """
    if name in SAME:
        return SAME[name]
    return ADDED.get(name)
