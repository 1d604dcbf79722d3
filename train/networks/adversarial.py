"""Adversarial training: a generator and a discriminator, their losses, and the step that fits both."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tf_keras
from tf_keras import layers

SLOPE = 0.2
"""Of the leaky rectifier below zero; Radford et al., arXiv:1511.06434, section 3."""

_MOMENTUM = 0.9  # of batch normalisation: the moving averages follow a generator that changes until the last step


def discriminator_loss(real_scores: Any, made_scores: Any) -> Any:
    """What the discriminator makes smaller: ``-log D(x) - log(1 - D(G(z)))``, D the sigmoid of the score.

    Goodfellow et al., "Generative Adversarial Nets", arXiv:1406.2661, equation 1.

    Args:
        real_scores: Logits for pictures from the data, (batch, 1).
        made_scores: Logits for the generator's pictures, (batch, 1).

    Returns:
        (batch,).
    """
    real = tf.nn.sigmoid_cross_entropy_with_logits(tf.ones_like(real_scores), real_scores)
    made = tf.nn.sigmoid_cross_entropy_with_logits(tf.zeros_like(made_scores), made_scores)
    return tf.squeeze(real + made, -1)


def generator_loss(made_scores: Any) -> Any:
    """What the generator makes smaller, in the form that does not saturate: ``-log D(G(z))``.

    Goodfellow et al., arXiv:1406.2661, end of section 3.

    Args:
        made_scores: Logits for the generator's pictures, (batch, 1).

    Returns:
        (batch,).
    """
    return tf.squeeze(tf.nn.sigmoid_cross_entropy_with_logits(tf.ones_like(made_scores), made_scores), -1)


def rectified(x: Any) -> Any:
    """Batch normalisation, then the leaky rectifier.

    Args:
        x: (batch, ..., channels).

    Returns:
        The same shape.
    """
    return layers.LeakyReLU(SLOPE)(layers.BatchNormalization(momentum=_MOMENTUM)(x))


def enlarged(x: Any, filters: int, kernel: int, stride: int) -> Any:
    """A transposed convolution without bias, batch normalisation, the leaky rectifier.

    Args:
        x: (batch, height, width, channels).
        filters: Channels of the result.
        kernel: Side of the kernel; a multiple of the stride, so that every pixel is reached equally often (Odena et
            al., "Deconvolution and Checkerboard Artifacts", Distill 2016).
        stride: How many times larger the result is.

    Returns:
        (batch, height * stride, width * stride, filters).
    """
    return rectified(layers.Conv2DTranspose(filters, kernel, stride, padding="same", use_bias=False)(x))


def discriminator(size: int, dropout: float = 0.3) -> Any:
    """Two strided convolutions with leaky rectifiers and dropout, and one logit: whether a picture is from the data.

    Args:
        size: Height and width of the pictures.
        dropout: Part of the values that is left out in training.

    Returns:
        A tf_keras model, (batch, size, size, 1) in -1..1 -> (batch, 1).
    """
    picture = layers.Input((size, size, 1))
    x = picture
    for filters in (64, 128):
        x = layers.LeakyReLU(SLOPE)(layers.Conv2D(filters, 4, 2, padding="same")(x))
        x = layers.Dropout(dropout)(x)
    score = layers.Dense(1, dtype="float32")(layers.Flatten()(x))
    return tf_keras.Model(picture, score, name="discriminator")


def digit_generator(noise: int) -> Any:
    """Noise to pictures of 28 x 28 pixels, by transposed convolutions.

    Radford et al., "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks",
    arXiv:1511.06434: dense to 7 x 7 x 256, then 128 channels, 64 with stride 2, and 1 with stride 2 and tanh.

    Args:
        noise: Numbers that a picture is made from.

    Returns:
        A tf_keras model, (batch, noise) -> (batch, 28, 28, 1) in -1..1.
    """
    numbers = layers.Input((noise,), name="noise")
    x = rectified(layers.Dense(7 * 7 * 256, use_bias=False)(numbers))
    x = layers.Reshape((7, 7, 256))(x)
    x = enlarged(x, 128, kernel=3, stride=1)
    x = enlarged(x, 64, kernel=4, stride=2)
    image = layers.Conv2DTranspose(1, 4, 2, padding="same", activation="tanh", dtype="float32", name="image")(x)
    return tf_keras.Model(numbers, image, name="generator")


def repairer(size: int) -> Any:
    """A damaged picture to a whole one: an encoder and a decoder with skip connections, used in the holes alone.

    Encoder-decoder: Pathak et al., "Context Encoders", arXiv:1604.07379; skip connections: Ronneberger et al., "U-Net",
    arXiv:1505.04597.

    Args:
        size: Height and width of the pictures, a multiple of 4.

    Returns:
        A tf_keras model, (batch, size, size, 2) -> (batch, size, size, 1) in -1..1. The first channel is the picture in
        -1..1, the second 1 where it is whole and -1 in the holes; where it is whole it comes out as it went in.
    """
    damaged = layers.Input((size, size, 2), name="damaged")
    fine = layers.LeakyReLU(SLOPE)(layers.Conv2D(32, 3, padding="same")(damaged))
    middle = rectified(layers.Conv2D(64, 4, 2, padding="same", use_bias=False)(fine))
    coarse = rectified(layers.Conv2D(128, 4, 2, padding="same", use_bias=False)(middle))
    coarse = rectified(layers.Conv2D(128, 3, padding="same", use_bias=False)(coarse))
    x = layers.Concatenate()([enlarged(coarse, 64, kernel=4, stride=2), middle])
    x = layers.Concatenate()([enlarged(x, 32, kernel=4, stride=2), fine])
    made = layers.Conv2D(1, 3, padding="same", activation="tanh", dtype="float32")(x)
    picture, mask = damaged[:, :, :, :1], damaged[:, :, :, 1:]  # an ellipsis cannot be written to a file
    whole = layers.Rescaling(0.5, 0.5, dtype="float32")(mask)
    missing = layers.Rescaling(-0.5, 0.5, dtype="float32")(mask)
    kept = layers.Multiply(dtype="float32")([picture, whole])
    filled = layers.Multiply(dtype="float32")([made, missing])
    return tf_keras.Model(damaged, layers.Add(dtype="float32", name="image")([kept, filled]), name="repairer")


class Adversarial(tf_keras.Model):  # type: ignore[misc]
    """A generator and a discriminator that are fitted against each other; `given` says what the generator is given.

    Losses are divided by the batch of all devices together. The seed of whatever is random in a step is the number of
    the step, so a training that was interrupted goes on with the same numbers.

    Attributes:
        generator: Makes pictures.
        discriminator: A logit for each picture.
    """

    def __init__(self, generator: Any, discriminator: Any, **settings: Any) -> None:
        super().__init__(**settings)
        self.generator = generator
        self.discriminator = discriminator
        self.generator_mean = tf_keras.metrics.Mean("generator_loss")
        self.discriminator_mean = tf_keras.metrics.Mean("discriminator_loss")
        self.built = True  # both have all their weights
        self._seed = int(tf.random.uniform((), maxval=2**31 - 1, dtype=tf.int32))

    def compile(self, generator_optimizer: Any, discriminator_optimizer: Any) -> None:
        """Say how both are fitted.

        Args:
            generator_optimizer: Of the generator.
            discriminator_optimizer: Of the discriminator.
        """
        super().compile(generator_optimizer)
        self.discriminator_optimizer = self._get_optimizer(discriminator_optimizer)
        self.optimizer.build(self.generator.trainable_variables)
        self.discriminator_optimizer.build(self.discriminator.trainable_variables)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Make pictures.

        Args:
            inputs: What the generator takes.
            training: Whether batch normalisation goes by the batch.

        Returns:
            Pictures in -1..1.
        """
        return self.generator(inputs, training=training)

    def given(self, inputs: Any, targets: Any) -> tuple[Any, Any]:
        """What one step works on.

        Args:
            inputs: A batch of the data's inputs by name.
            targets: The same samples' targets.

        Returns:
            What the generator takes, and as many pictures from the data.
        """
        raise NotImplementedError

    def penalty(self, given: Any, made: Any, real: Any, scores: Any) -> Any:
        """The generator's loss; `generator_loss` unless there is more that it has to do.

        Args:
            given: What it took.
            made: Its pictures, (batch, height, width, 1).
            real: Those from the data.
            scores: The discriminator's logits for its pictures, (batch, 1).

        Returns:
            (batch,).
        """
        del given, made, real
        return generator_loss(scores)

    def train_step(self, data: Any) -> dict[str, Any]:
        """One step of both optimizers on the same batch.

        Args:
            data: Inputs by name, and targets.

        Returns:
            The mean losses of the epoch so far.
        """
        given, real = self.given(*data)
        with tf.GradientTape() as generating, tf.GradientTape() as discriminating:
            made = self.generator(given, training=True)
            real_scores = self.discriminator(real, training=True)
            made_scores = self.discriminator(made, training=True)
            discriminator_losses = discriminator_loss(real_scores, made_scores)
            generator_losses = self.penalty(given, made, real, made_scores)
            discriminator_whole = tf.nn.compute_average_loss(discriminator_losses)
            generator_whole = tf.nn.compute_average_loss(generator_losses)
        weights = self.discriminator.trainable_variables
        self.discriminator_optimizer.minimize(discriminator_whole, weights, tape=discriminating)
        self.optimizer.minimize(generator_whole, self.generator.trainable_variables, tape=generating)
        self.discriminator_mean.update_state(discriminator_losses)
        self.generator_mean.update_state(generator_losses)
        return {metric.name: metric.result() for metric in self.metrics}

    @property
    def metrics(self) -> list[Any]:
        """The figures of an epoch."""
        return [self.generator_mean, self.discriminator_mean]

    def step_seed(self) -> Any:
        """Another seed for each step and each device.

        Returns:
            (2,) int64, for TensorFlow's stateless functions.
        """
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        seed = tf.stack([tf.cast(self._seed, tf.int64), self.optimizer.iterations])
        return tf.random.experimental.stateless_fold_in(seed, tf.cast(replica, tf.int64))


class Generation(Adversarial):
    """Pictures from noise."""

    def given(self, inputs: Any, targets: Any) -> tuple[Any, Any]:
        """Normally distributed noise, and the pictures of the batch; see `Adversarial.given`."""
        del targets
        (real,) = inputs.values()
        shape = (tf.shape(real)[0], *self.generator.input_shape[1:])
        return tf.random.stateless_normal(shape, self.step_seed()), real


class Repair(Adversarial):
    """Whole pictures from damaged ones: the original in the holes, and what the discriminator takes for real.

    Pathak et al., arXiv:1604.07379, equations 1 to 3: the squared error in the holes and the adversarial loss, weighted
    0.999 to 0.001.
    """

    def __init__(self, generator: Any, discriminator: Any, **settings: Any) -> None:
        super().__init__(generator, discriminator, **settings)
        self.error_mean = tf_keras.metrics.Mean("hole_error")

    @property
    def metrics(self) -> list[Any]:
        """The figures of an epoch."""
        return [*super().metrics, self.error_mean]

    def given(self, inputs: Any, targets: Any) -> tuple[Any, Any]:
        """The damaged pictures, and the originals; see `Adversarial.given`."""
        (damaged,) = inputs.values()
        return damaged, targets

    def penalty(self, given: Any, made: Any, real: Any, scores: Any) -> Any:
        """The weighted sum of both losses; see `Adversarial.penalty`."""
        error = hole_error(given, made, real)
        self.error_mean.update_state(error)
        return 0.999 * error + 0.001 * generator_loss(scores)

    def test_step(self, data: Any) -> dict[str, Any]:
        """The error in the holes of pictures that are not trained on.

        Args:
            data: Inputs by name, and targets.

        Returns:
            Its mean so far.
        """
        given, real = self.given(*data)
        self.error_mean.update_state(hole_error(given, self.generator(given, training=False), real))
        return {self.error_mean.name: self.error_mean.result()}


def hole_error(damaged: Any, made: Any, real: Any) -> Any:
    """Mean squared error over the pixels of the holes.

    Args:
        damaged: (batch, height, width, 2), the second channel -1 in the holes and 1 elsewhere.
        made: The repaired pictures, (batch, height, width, 1).
        real: The originals, the same shape.

    Returns:
        (batch,); 0 for a picture without holes.
    """
    missing = (1.0 - damaged[..., 1:]) / 2.0
    squares = tf.reduce_sum(missing * tf.square(made - real), (1, 2, 3))
    return tf.math.divide_no_nan(squares, tf.reduce_sum(missing, (1, 2, 3)))
