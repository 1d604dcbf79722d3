"""Handwritten digits: 1,797 pictures of 8 x 8 pixels that ship inside scikit-learn, and a depthwise-separable network.

Data: E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998,
https://doi.org/10.24432/C50P49, CC BY 4.0; scikit-learn carries its test part.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.errors import UsageError
from litefoot.runtime.preprocessing import Grayscale, Resize, Scale, preprocess
from litefoot.runtime.tensors import TensorSpec

from ..data.handwriting import scikit_learn_digits
from ..data.samples import Data, Samples
from ..data.splits import stratified_split
from ..networks.convolutional import convolution, separable_block, shifted
from ..recipe import Plan, Recipe, Request

_CONTRACT = ModelContract(
    inputs=(TensorSpec("image", (None, 8, 8, 1), "float32", kind="image"),),
    outputs=(TensorSpec("probabilities", (None, 10), "float32", kind="probabilities"),),
    task="image classification",
    preprocessing={"image": (Grayscale(), Resize(8, 8), Scale(1 / 255))},
    labels=tuple("0123456789"),
    metric=Metric("accuracy", max_drop=0.01),
)


class Digits(Recipe):
    """The recipe ``digits``."""

    name = "digits"
    summary = "handwritten digits of 8 x 8 pixels, which ship inside scikit-learn"
    epochs = 60
    quick_epochs = 15
    batch = 32
    learning_rate = 4e-3
    monitor = None

    def load(self, request: Request) -> Data:
        """Load the pictures, split them by class, and preprocess them by the contract; see `Recipe.load`.

        Half of the samples are kept for the test: a drop of one point is decided on hundreds of them, not on dozens.
        """
        if request.source is not None:
            raise UsageError("This recipe has its own data and takes no others", got=request.source)
        pictures, labels = scikit_learn_digits()
        steps = _CONTRACT.preprocessing["image"]
        images = np.stack([preprocess(picture, steps) for picture in pictures])
        parts = stratified_split(labels, validation=0.0, test=0.5, seed=request.seed)
        whole = Samples({"image": images}, labels)
        return Data(
            contract=_CONTRACT,
            train=whole.take(parts["train"]),
            validation=None,
            test=whole.take(parts["test"]),
            origin="Optical Recognition of Handwritten Digits, UCI, CC BY 4.0, as in scikit-learn",
            indices={name: tuple(map(int, indices)) for name, indices in parts.items()},
        )

    def build(self, data: Data, plan: Plan) -> Any:
        """A convolution, three depthwise-separable blocks, average pooling, softmax; see `Recipe.build`.

        The blocks are those of Howard et al., "MobileNets", arXiv:1704.04861, figure 3: depthwise 3 x 3, batch
        normalisation, ReLU, pointwise 1 x 1, batch normalisation, ReLU. (batch, 8, 8, 1) -> (batch, 10).
        """
        import tf_keras
        from tf_keras import Model, layers

        image = layers.Input((8, 8, 1), name="image")
        x = convolution(image, 16)
        for filters, stride in ((32, 1), (64, 2), (64, 1)):
            x = separable_block(x, filters, stride)
        x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
        scores = layers.Dense(10, activation="softmax", dtype="float32", name="probabilities")(x)
        model = Model(image, scores, name="digits")
        optimizer = tf_keras.optimizers.Adam(plan.cosine())
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    def augment(self, inputs: dict[str, Any], targets: Any, seed: Any) -> tuple[dict[str, Any], Any]:
        """Shift the picture by up to one pixel; see `Recipe.augment`."""
        return {"image": shifted(inputs["image"], 1, seed)}, targets


RECIPE = Digits()
