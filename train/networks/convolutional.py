"""Blocks of convolutional networks, and variations of pictures."""

from __future__ import annotations

from typing import Any

_MOMENTUM = 0.9
"""Of the statistics of batch normalisation: they follow within tens of batches, as many as a small data set has."""


def normalised(x: Any) -> Any:
    """Batch normalisation, ReLU.

    Args:
        x: (batch, ..., channels).

    Returns:
        The same shape.
    """
    from tf_keras import layers

    return layers.ReLU()(layers.BatchNormalization(momentum=_MOMENTUM)(x))


def separable_block(x: Any, filters: int, stride: int = 1) -> Any:
    """Depthwise 3 x 3, batch normalisation, ReLU, pointwise 1 x 1, batch normalisation, ReLU.

    Howard et al., "MobileNets", arXiv:1704.04861, figure 3.

    Args:
        x: (batch, height, width, channels).
        filters: Channels of the result.
        stride: Of the depthwise convolution.

    Returns:
        (batch, height / stride, width / stride, filters).
    """
    from tf_keras import layers

    x = layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False)(x)
    x = normalised(x)
    return normalised(layers.Conv2D(filters, 1, use_bias=False)(x))


def convolution(x: Any, filters: int, stride: int = 1) -> Any:
    """Convolution 3 x 3, batch normalisation, ReLU.

    Args:
        x: (batch, height, width, channels).
        filters: Channels of the result.
        stride: Of the convolution.

    Returns:
        (batch, height / stride, width / stride, filters).
    """
    from tf_keras import layers

    return normalised(layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)(x))


def residual_block(x: Any, filters: int, stride: int = 1) -> Any:
    """Two convolutions beside a short cut, ``relu(F(x) + x)``; 1 x 1 on the short cut where the shape changes.

    He et al., "Deep Residual Learning for Image Recognition", arXiv:1512.03385, equations 1 and 2.

    Args:
        x: (batch, height, width, channels).
        filters: Channels of the result.
        stride: Of the first convolution.

    Returns:
        (batch, height / stride, width / stride, filters).
    """
    from tf_keras import layers

    shortcut = x
    if stride > 1 or x.shape[-1] != filters:
        shortcut = layers.Conv2D(filters, 1, strides=stride, use_bias=False)(x)
        shortcut = layers.BatchNormalization(momentum=_MOMENTUM)(shortcut)
    x = convolution(x, filters, stride)
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.Add()([layers.BatchNormalization(momentum=_MOMENTUM)(x), shortcut]))


def shifted(image: Any, pixels: int, seed: Any) -> Any:
    """Shift a picture by up to some pixels in both directions; zeros come in.

    Args:
        image: (height, width, channels).
        pixels: The most.
        seed: (2,) integers.

    Returns:
        The same shape.
    """
    import tensorflow as tf

    padded = tf.pad(image, [[pixels, pixels], [pixels, pixels], [0, 0]])
    return tf.image.stateless_random_crop(padded, image.shape, seed)


def mirrored(image: Any, seed: Any) -> Any:
    """Mirror a picture left to right, or not.

    Args:
        image: (height, width, channels).
        seed: (2,) integers.

    Returns:
        The same shape.
    """
    import tensorflow as tf

    return tf.image.stateless_random_flip_left_right(image, seed)


def recoloured(image: Any, strength: float, seed: Any) -> Any:
    """Change a picture's contrast, and the brightness of each of its colours.

    Args:
        image: (height, width, channels) in -1..1.
        strength: The most that contrast changes by, as a factor, and brightness as a summand.
        seed: (2,) integers.

    Returns:
        The same shape, in -1..1.
    """
    import tensorflow as tf

    first, second = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    contrast = tf.random.stateless_uniform([], first, 1.0 - strength, 1.0 + strength)
    brightness = tf.random.stateless_uniform([image.shape[-1]], second, -strength, strength)
    centre = tf.reduce_mean(image)
    return tf.clip_by_value((image - centre) * contrast + centre + brightness, -1.0, 1.0)
