"""Transformer blocks of plain layers and operations, which a saved model keeps without any code of its own.

Vaswani et al., "Attention Is All You Need", arXiv:1706.03762. Each part works on a normalised input and is added to
it, which trains stably without care: Xiong et al., "On Layer Normalization in the Transformer Architecture",
arXiv:2002.04745, figure 1b.

What an attention must not look at is kept out by a bias of `MASKED`. A larger one does no more to float32 numbers, and
ruins static quantization, which would spread its 256 steps over it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

MASKED = -40.0
"""Added to a score that must not count: exp(-40) is 4e-18."""

Cache = tuple[Any, Any]
"""Keys and values of the last steps, each (batch, steps, units)."""


def sinusoids(length: int, units: int) -> npt.NDArray[np.float32]:
    """The positions of Vaswani et al., section 3.5: sines and cosines of wave lengths from 2 pi to 20,000 pi.

    ``PE(pos, 2i) = sin(pos / 10000^(2i / units))``, ``PE(pos, 2i + 1) = cos(pos / 10000^(2i / units))``.

    Args:
        length: Number of positions.
        units: Of the model, an even number.

    Returns:
        (length, units).
    """
    angles = np.arange(length)[:, np.newaxis] / 10000.0 ** (np.arange(0, units, 2) / units)
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(length, units).astype(np.float32)


def slopes(heads: int) -> list[float]:
    """How much less a step counts for each step that it is further back, in each head.

    ``2^(-8 head / heads)`` with heads counted from 1: Press et al., "Train Short, Test Long: Attention with Linear
    Biases", arXiv:2108.12409, section 3. A cache of the last steps needs no positions with it.

    Args:
        heads: Of the attention.

    Returns:
        One for each head.
    """
    return [2.0 ** (-8.0 * head / heads) for head in range(1, heads + 1)]


def causal_biases(heads: int, length: int) -> npt.NDArray[np.float32]:
    """The biases of a window: each step's distance times its head's slope, at most `MASKED`, as for later steps.

    Args:
        heads: Of the attention.
        length: Of the window.

    Returns:
        (heads, length, length): of each head, for each step, its bias for every step.
    """
    back = np.subtract.outer(np.arange(length), np.arange(length))
    biases = [np.where(back >= 0, np.maximum(-slope * back, MASKED), MASKED) for slope in slopes(heads)]
    return np.stack(biases).astype(np.float32)


def padding_bias(tokens: Any) -> Any:
    """The bias that keeps padding out.

    Args:
        tokens: (batch, length) int32, 0 where there is padding.

    Returns:
        (batch, 1, 1, length).
    """
    import tensorflow as tf
    from tf_keras import backend

    return MASKED * tf.cast(tf.equal(tokens, 0), backend.floatx())[:, tf.newaxis, tf.newaxis, :]


def nearness_bias(tokens: Any, heads: int) -> Any:
    """The biases of a reader that sees both sides: each position's distance times its head's slope, at most `MASKED`.

    Args:
        tokens: (batch, length) int32.
        heads: Of the attention.

    Returns:
        (batch, heads, length, length).
    """
    import tensorflow as tf
    from tf_keras import backend

    places = tf.cumsum(tf.cast(tf.ones_like(tokens), backend.floatx()), axis=1)
    apart = tf.abs(places[:, :, tf.newaxis] - places[:, tf.newaxis, :])
    return tf.maximum(tf.stack([apart * -slope for slope in slopes(heads)], axis=1), MASKED)


def embedded(tokens: Any, count: int, units: int, name: str) -> Any:
    """The vectors of tokens, times the square root of their size: Vaswani et al., section 3.4.

    Args:
        tokens: (batch, length) int32.
        count: How many tokens there are.
        units: Of the model.
        name: Of the layer.

    Returns:
        (batch, length, units).
    """
    from tf_keras import initializers, layers

    start = initializers.RandomNormal(stddev=units**-0.5)
    return layers.Embedding(count, units, embeddings_initializer=start, name=name)(tokens) * math.sqrt(units)


def positions(tokens: Any, units: int, name: str) -> Any:
    """The sinusoids of the tokens' positions.

    Args:
        tokens: (batch, length) int32.
        units: Of the model.
        name: Of the layer that holds the table.

    Returns:
        (batch, length, units); not trained.
    """
    import tensorflow as tf
    from tf_keras import initializers, layers

    table = initializers.Constant(sinusoids(tokens.shape[1], units))
    places = tf.cumsum(tf.ones_like(tokens), axis=1) - 1
    return layers.Embedding(tokens.shape[1], units, embeddings_initializer=table, trainable=False, name=name)(places)


def normalised(x: Any, name: str) -> Any:
    """Layer normalisation: Ba et al., arXiv:1607.06450.

    Args:
        x: (..., units).
        name: Of the layer.

    Returns:
        The same shape.
    """
    from tf_keras import layers

    return layers.LayerNormalization(epsilon=1e-5, name=name)(x)


class Attention:
    """Attention in several heads: ``softmax(Q K^T / sqrt(d_k)) V``, Vaswani et al., equation 1 and section 3.2.2.

    Args:
        name: With which the names of its layers begin.
        units: Of the model; a multiple of `heads`.
        heads: Of the attention.
    """

    def __init__(self, name: str, units: int, heads: int) -> None:
        from tf_keras import layers

        self.heads = heads
        self.query = layers.Dense(units, name=f"{name}_query")
        self.key = layers.Dense(units, name=f"{name}_key")
        self.value = layers.Dense(units, name=f"{name}_value")
        self.result = layers.Dense(units, name=f"{name}_result")

    def __call__(self, x: Any, keys: Any, values: Any, bias: Any) -> Any:
        """Attend.

        Args:
            x: What asks, (batch, n, units).
            keys: Of what is attended to, (batch, m, units): `key` of it.
            values: The same by `value`.
            bias: Added to the scores, of a shape that fits (batch, heads, n, m).

        Returns:
            (batch, n, units).
        """
        from tf_keras import layers

        found = attend(self._split(self.query(x)), self._split(keys), self._split(values), bias)
        joined = layers.Reshape((found.shape[2], found.shape[1] * found.shape[3]))(layers.Permute((2, 1, 3))(found))
        return self.result(joined)

    def _split(self, x: Any) -> Any:
        """(batch, n, units) to (batch, heads, n, units / heads)."""
        from tf_keras import layers

        return layers.Permute((2, 1, 3))(layers.Reshape((x.shape[1], self.heads, x.shape[2] // self.heads))(x))


def attend(queries: Any, keys: Any, values: Any, bias: Any) -> Any:
    """``softmax(Q K^T / sqrt(d_k) + bias) V``: Vaswani et al., equation 1.

    Args:
        queries: (batch, heads, n, d_k).
        keys: (batch, heads, m, d_k).
        values: (batch, heads, m, d_v).
        bias: Of a shape that fits (batch, heads, n, m).

    Returns:
        (batch, heads, n, d_v).
    """
    import tensorflow as tf

    scores = tf.matmul(queries * (1.0 / math.sqrt(queries.shape[-1])), keys, transpose_b=True)
    return tf.matmul(tf.nn.softmax(scores + tf.cast(bias, scores.dtype)), values)


class Block:
    """Attention to itself, in a decoder also to what an encoder remembers, and two dense layers.

    Args:
        name: With which the names of its layers begin; a model of the same names can be given its weights.
        units: Of the model; the dense layers have four times as many between them.
        heads: Of each attention.
        dropout: Part of each result that is left out in training.
        crossed: Whether it attends to an encoder's memory.
    """

    def __init__(self, name: str, units: int, heads: int, dropout: float = 0.0, *, crossed: bool = False) -> None:
        self.name = name
        self.units = units
        self.dropout = dropout
        self.itself = Attention(f"{name}_self", units, heads)
        self.cross = Attention(f"{name}_cross", units, heads) if crossed else None

    def __call__(
        self, x: Any, bias: Any, cache: Cache | None = None, memory: tuple[Any, Any, Any] | None = None
    ) -> Any:
        """Apply the block.

        Args:
            x: (batch, n, units).
            bias: For the attention to itself, of a shape that fits (batch, heads, n, steps).
            cache: Keys and values of the steps before, where `x` is one step; None where it is all of them.
            memory: Keys, values and bias of the memory, for a block that attends to one.

        Returns:
            The same shape as `x`; and the keys and values that its attention to itself looked at.
        """
        from tf_keras import layers

        y = normalised(x, f"{self.name}_norm1")
        keys, values = self.itself.key(y), self.itself.value(y)
        if cache is not None:
            keys, values = pushed(cache[0], keys), pushed(cache[1], values)
        x = x + self._dropped(self.itself(y, keys, values, bias))
        if self.cross is not None and memory is not None:
            x = x + self._dropped(self.cross(normalised(x, f"{self.name}_norm2"), *memory))
        y = layers.Dense(4 * self.units, "relu", name=f"{self.name}_wide")(normalised(x, f"{self.name}_norm3"))
        return x + self._dropped(layers.Dense(self.units, name=f"{self.name}_narrow")(y)), (keys, values)

    def _dropped(self, x: Any) -> Any:
        from tf_keras import layers

        return layers.Dropout(self.dropout)(x) if self.dropout else x


def pushed(steps: Any, new: Any) -> Any:
    """The steps without their first and with a new one at their end.

    Args:
        steps: (batch, steps, ...).
        new: (batch, 1, ...).

    Returns:
        The same shape as `steps`.
    """
    import tensorflow as tf

    return tf.concat([steps[:, 1:], new], axis=1)


def cache_bias(filled: Any, heads: int) -> Any:
    """The biases of a cache whose last step is the present one; `MASKED` where no step has been yet, and at most.

    Half of 8 bits would go to biases below it, which no softmax can tell apart.

    Args:
        filled: (batch, steps), 1 where there has been one, else 0.
        heads: Of the attention.

    Returns:
        (batch, heads, 1, steps).
    """
    import tensorflow as tf

    # Made of operations with plain numbers: a saved model cannot hold an array that no layer owns.
    back = tf.cumsum(tf.ones_like(filled), axis=1, exclusive=True, reverse=True)
    empty = (1.0 - filled) * MASKED
    biases = tf.maximum(tf.stack([back * -slope + empty for slope in slopes(heads)], axis=1), MASKED)
    return biases[:, :, tf.newaxis, :]


def copy_weights(source: Any, target: Any) -> None:
    """Give a model the trained weights of another one's layers of the same names.

    Args:
        source: A tf_keras model.
        target: Another, each of whose layers that can be trained is in the source too; tables are its own already.
    """
    for layer in target.layers:
        if layer.trainable_weights:
            layer.set_weights(source.get_layer(layer.name).get_weights())


def smoothed_loss(smoothing: float) -> Any:
    """Cross entropy over tokens with part of each target spread over all of them, padding not counted.

    Szegedy et al., "Rethinking the Inception Architecture", arXiv:1512.00567, section 7.

    Args:
        smoothing: The part that is spread, in 0..1.

    Returns:
        A loss of targets (batch, length) int, 0 for padding, and logits (batch, length, tokens).
    """
    import tensorflow as tf

    def loss(targets: Any, logits: Any) -> Any:
        likelihoods = tf.nn.log_softmax(tf.cast(logits, tf.float32))
        numbers = tf.cast(targets, tf.int32)
        right = tf.gather(likelihoods, numbers, batch_dims=2)
        losses = -(1.0 - smoothing) * right - smoothing * tf.reduce_mean(likelihoods, axis=-1)
        counted = tf.cast(numbers != 0, tf.float32)
        return losses * counted / tf.maximum(tf.reduce_mean(counted), 1e-6)

    return loss
