"""Segmentation: which pixel of a scene belongs to which digit, by a small U-Net.

Ronneberger et al., "U-Net", arXiv:1505.04597. Data: scenes composed of scikit-learn's digits, or of those in a folder
of idx files such as MNIST's.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.postprocessing import Segments
from litefoot.runtime.preprocessing import Grayscale, Resize, Scale, preprocess
from litefoot.runtime.tensors import TensorSpec

from ..data.samples import Data, Samples
from ..data.scenes import SIDE, load_scenes
from ..networks.convolutional import convolution, separable_block
from ..recipe import Plan, Recipe, Request

_CONTRACT = ModelContract(
    inputs=(TensorSpec("image", (None, SIDE, SIDE, 1), "float32", kind="image"),),
    outputs=(TensorSpec("mask", (None, SIDE, SIDE, 11), "float32", kind="mask"),),
    task="image segmentation",
    preprocessing={"image": (Grayscale(), Resize(SIDE, SIDE), Scale(1 / 255))},
    labels=("background", *"0123456789"),
    metric=Metric("mean_iou", max_drop=0.02),
    postprocessing=Segments(),
)


class Segment(Recipe):
    """The recipe ``segment``."""

    name = "segment"
    summary = "the class of every pixel in scenes of digits, 64 x 64 pixels"
    epochs = 12
    quick_epochs = 14
    batch = 32
    learning_rate = 5e-3

    def load(self, request: Request) -> Data:
        """Compose scenes and preprocess them by the contract; see `Recipe.load`."""
        scenes, origin = load_scenes(request, train=2400, validation=120, test=120)
        steps = _CONTRACT.preprocessing["image"]
        parts = {
            name: Samples({"image": np.stack([preprocess(picture, steps) for picture in part.pictures])}, part.masks)
            for name, part in scenes.items()
        }
        return Data(
            contract=_CONTRACT,
            train=parts["train"],
            validation=parts["validation"],
            test=parts["test"],
            origin=origin,
        )

    def build(self, data: Data, plan: Plan) -> Any:
        """Three times down and up again, with what was seen on the way down beside it; see `Recipe.build`.

        The way up repeats pixels, which every engine computes exactly in 8 bits, where Ronneberger et al. have
        transposed convolutions. (batch, 64, 64, 1) -> (batch, 64, 64, 11).
        """
        import tf_keras
        from tf_keras import Model, layers

        image = layers.Input((SIDE, SIDE, 1), name="image")
        x, seen = image, []
        for filters in (8, 16, 32):
            x = convolution(x, filters)
            seen.append(x)
            x = layers.MaxPooling2D()(x)
        x = convolution(convolution(x, 64), 64)
        for filters in (48, 32, 16):
            x = layers.Concatenate()([layers.UpSampling2D()(x), seen.pop()])
            x = separable_block(x, filters)
        scores = layers.Conv2D(11, 1)(x)
        mask = layers.Softmax(name="mask", dtype="float32")(scores)
        model = Model(image, mask, name="segment")
        optimizer = tf_keras.optimizers.Adam(plan.cosine(warm_up=0.1))
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model


RECIPE = Segment()
