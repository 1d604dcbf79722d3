"""Handwritten digits: 1,797 pictures of 8 x 8 pixels that ship inside scikit-learn, and a depthwise-separable network.

Data: E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998,
https://doi.org/10.24432/C50P49, CC BY 4.0; scikit-learn carries its test part.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.preprocessing import Grayscale, Resize, Scale, preprocess
from litefoot.runtime.tensors import TensorSpec

from .data import Split, stratified_split

Array = npt.NDArray[Any]

_CONTRACT = ModelContract(
    inputs=(TensorSpec("image", (None, 8, 8, 1), "float32", kind="image"),),
    outputs=(TensorSpec("probabilities", (None, 10), "float32", kind="probabilities"),),
    task="image classification",
    preprocessing={"image": (Grayscale(), Resize(8, 8), Scale(1 / 255))},
    labels=tuple("0123456789"),
    metric=Metric("accuracy", max_drop=0.01),
)


class Digits:
    """The recipe ``digits``."""

    name = "digits"
    contract = _CONTRACT
    epochs = 60
    calibration_per_class = 20
    test_share = 0.5
    batch = 32
    learning_rate = 4e-3

    def load(self, seed: int) -> Split:
        """Load the pictures, split them by class, and preprocess them by the contract.

        Args:
            seed: Of the split.

        Returns:
            Inputs named ``image``, (samples, 8, 8, 1) float32 in 0..1; labels 0..9. Half of the samples are kept for
            the test: a drop of one point is decided on hundreds of them, not on dozens.
        """
        pictures, labels = load_pictures()
        steps = self.contract.preprocessing["image"]
        images = np.stack([preprocess(picture, steps) for picture in pictures])
        train, test = stratified_split(labels, self.test_share, seed)
        return Split({"image": images[train]}, labels[train], {"image": images[test]}, labels[test], test)

    def build(self) -> Any:
        """Build the network: a convolution, three depthwise-separable blocks, average pooling, softmax.

        The blocks are those of Howard et al., "MobileNets", arXiv:1704.04861, figure 3: depthwise 3 x 3, batch
        normalisation, ReLU, pointwise 1 x 1, batch normalisation, ReLU.

        Returns:
            A tf_keras model, (batch, 8, 8, 1) -> (batch, 10).
        """
        from tf_keras import Model, layers

        image = layers.Input((8, 8, 1), name="image")
        x = layers.Conv2D(16, 3, padding="same", use_bias=False)(image)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        for filters, stride in ((32, 1), (64, 2), (64, 1)):
            x = _separable_block(x, filters, stride)
        x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
        return Model(image, layers.Dense(10, activation="softmax", name="probabilities")(x), name="digits")

    def compile(self, model: Any, split: Split, *, epochs: int, seed: int) -> Any:
        """Compile with Adam on a cosine schedule, and shift the training pictures by up to one pixel.

        Args:
            model: What `build` returned.
            split: What `load` returned.
            epochs: Passes over the data, the length of the schedule.
            seed: Of the order and the shifts.

        Returns:
            Batches of (images, labels).
        """
        import tensorflow as tf
        import tf_keras

        def shifted(images: Any, labels: Any) -> tuple[Any, Any]:
            padded = tf.pad(images, [[0, 0], [1, 1], [1, 1], [0, 0]])
            return tf.image.random_crop(padded, tf.shape(images), seed=seed), labels

        count = len(split.train_labels)
        schedule = tf_keras.optimizers.schedules.CosineDecay(self.learning_rate, epochs * -(-count // self.batch))
        model.compile(tf_keras.optimizers.Adam(schedule), "sparse_categorical_crossentropy", metrics=["accuracy"])
        samples = tf.data.Dataset.from_tensor_slices((split.train["image"], split.train_labels))
        return samples.shuffle(count, seed=seed).batch(self.batch).map(shifted).prefetch(2)


def load_pictures() -> tuple[Array, Array]:
    """The data set as ordinary pictures.

    Returns:
        Pictures, uint8 (1797, 8, 8), 0 for paper and 255 for ink; labels (1797,), 0..9.
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    return np.rint(digits.images * (255 / 16)).astype(np.uint8), digits.target.astype(np.int64)


def _separable_block(x: Any, filters: int, stride: int) -> Any:
    from tf_keras import layers

    x = layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Conv2D(filters, 1, use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization()(x))


RECIPE = Digits()
