"""Blocks of convolutional networks, and variations of pictures."""

from __future__ import annotations

from typing import Any


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
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Conv2D(filters, 1, use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization()(x))


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
