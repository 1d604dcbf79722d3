"""MNIST: handwritten digits of 28 x 28 pixels, and a depthwise-separable network.

Data: Y. LeCun, C. Cortes and C. Burges, "The MNIST database of handwritten digits", CC BY-SA 3.0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.postprocessing import Classes
from litefoot.runtime.preprocessing import Grayscale, Resize, Scale, preprocess
from litefoot.runtime.tensors import TensorSpec

from ..data.handwriting import read_handwriting
from ..data.samples import Data, Samples
from ..networks.convolutional import convolution, separable_block, shifted
from ..recipe import Plan, Recipe, Request

_CONTRACT = ModelContract(
    inputs=(TensorSpec("image", (None, 28, 28, 1), "float32", kind="image"),),
    outputs=(TensorSpec("probabilities", (None, 10), "float32", kind="probabilities"),),
    task="image classification",
    preprocessing={"image": (Grayscale(), Resize(28, 28), Scale(1 / 255))},
    labels=tuple("0123456789"),
    metric=Metric("accuracy", max_drop=0.01),
    postprocessing=Classes(),
)


class Mnist(Recipe):
    """The recipe ``mnist``."""

    name = "mnist"
    summary = "handwritten digits of 28 x 28 pixels: MNIST, or a folder of idx files"
    epochs = 16
    quick_epochs = 6
    batch = 64
    learning_rate = 5e-3

    def load(self, request: Request) -> Data:
        """Load the digits, split them and preprocess them by the contract; see `Recipe.load`."""
        digits = read_handwriting(request)
        steps = _CONTRACT.preprocessing["image"]
        whole = Samples({"image": np.stack([preprocess(picture, steps) for picture in digits.pictures])}, digits.labels)
        parts = {name: whole.take(indices) for name, indices in digits.parts.items()}
        return Data(
            contract=_CONTRACT,
            train=parts["train"],
            validation=parts["validation"],
            test=parts["test"],
            origin=digits.origin,
            indices={name: tuple(map(int, indices)) for name, indices in digits.parts.items()},
        )

    def build(self, data: Data, plan: Plan) -> Any:
        """A convolution, four depthwise-separable blocks, average pooling, softmax; see `Recipe.build`.

        (batch, 28, 28, 1) -> (batch, 10).
        """
        import tf_keras
        from tf_keras import Model, layers

        image = layers.Input((28, 28, 1), name="image")
        x = convolution(image, 16)
        for filters, stride in ((32, 2), (64, 1), (96, 2), (128, 1)):
            x = separable_block(x, filters, stride)
        x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
        scores = layers.Dense(10, activation="softmax", dtype="float32", name="probabilities")(x)
        model = Model(image, scores, name="mnist")
        optimizer = tf_keras.optimizers.Adam(plan.cosine(warm_up=0.1))
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    def augment(self, inputs: dict[str, Any], targets: Any, seed: Any) -> tuple[dict[str, Any], Any]:
        """Shift the picture by up to two pixels; see `Recipe.augment`."""
        return {"image": shifted(inputs["image"], 2, seed)}, targets


RECIPE = Mnist()
