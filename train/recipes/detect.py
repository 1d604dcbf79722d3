"""Object detection: the digits in scenes that are composed of real handwritten ones, by a single-shot detector.

Liu et al., "SSD: Single Shot MultiBox Detector", arXiv:1512.02325. Data: scikit-learn's digits, or a folder of idx
files such as MNIST's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.postprocessing import Detections, Grid
from litefoot.runtime.preprocessing import Grayscale, Resize, Scale, preprocess
from litefoot.runtime.tensors import TensorSpec

from ..data.samples import Data, Samples
from ..data.scenes import SIDE, load_scenes
from ..networks.convolutional import convolution, separable_block
from ..networks.single_shot import box_loss, match, score_loss
from ..recipe import Plan, Recipe, Request

_DETECTIONS = Detections(
    grids=(
        Grid(16, 16, ((0.30, 0.13), (0.30, 0.22))),
        Grid(8, 8, ((0.42, 0.19), (0.42, 0.30))),
    )
)
_ANCHORS = len(_DETECTIONS.anchors())
_CONTRACT = ModelContract(
    inputs=(TensorSpec("image", (None, SIDE, SIDE, 1), "float32", kind="image"),),
    outputs=(
        TensorSpec("boxes", (None, _ANCHORS, 4), "float32", kind="boxes"),
        TensorSpec("scores", (None, _ANCHORS, 11), "float32", kind="probabilities"),
    ),
    task="object detection",
    preprocessing={"image": (Grayscale(), Resize(SIDE, SIDE), Scale(1 / 255))},
    labels=tuple("0123456789"),
    metric=Metric("map50", max_drop=0.02),
    postprocessing=_DETECTIONS,
)


class Detect(Recipe):
    """The recipe ``detect``."""

    name = "detect"
    summary = "boxes and classes of the digits in scenes of 64 x 64 pixels"
    epochs = 14
    quick_epochs = 20
    batch = 32
    learning_rate = 4e-3

    def load(self, request: Request) -> Data:
        """Compose scenes, preprocess them by the contract and match anchors with their boxes; see `Recipe.load`."""
        scenes, origin = load_scenes(request, train=4000, validation=200, test=400)
        inputs = {name: {"image": preprocessed(part.pictures)} for name, part in scenes.items()}
        return Data(
            contract=_CONTRACT,
            train=Samples(inputs["train"], match(_DETECTIONS, scenes["train"].boxes)),
            validation=Samples(inputs["validation"], match(_DETECTIONS, scenes["validation"].boxes)),
            test=Samples(inputs["test"], scenes["test"].boxes),
            origin=origin,
        )

    def build(self, data: Data, plan: Plan) -> Any:
        """Features on grids of 16 x 16 and 8 x 8 cells, offsets and scores of each cell's anchors; see `Recipe.build`.

        The offsets are kept in -1..1, where those of matched anchors are: without, the anchors that nobody matched
        stretch the range that 8 bits must hold. (batch, 64, 64, 1) -> boxes (batch, 640, 4), scores (batch, 640, 11).
        """
        import tf_keras
        from tf_keras import Model, layers

        image = layers.Input((SIDE, SIDE, 1), name="image")
        x = separable_block(convolution(image, 16, 2), 32)
        fine = separable_block(separable_block(x, 64, 2), 64)
        coarse = separable_block(separable_block(fine, 96, 2), 96)
        features = [separable_block(fine, 64), separable_block(coarse, 96)]
        offsets = layers.Concatenate(axis=1)(self._heads(features, 4))
        boxes = layers.Activation("tanh", name="boxes", dtype="float32")(offsets)
        logits = layers.Concatenate(axis=1)(self._heads(features, 11))
        scores = layers.Softmax(name="scores", dtype="float32")(logits)
        model = Model(image, [boxes, scores], name="detect")
        optimizer = tf_keras.optimizers.Adam(plan.cosine(warm_up=0.1))
        model.compile(optimizer, {"boxes": box_loss, "scores": score_loss}, loss_weights={"boxes": 4.0, "scores": 1.0})
        return model

    def _heads(self, features: Sequence[Any], values: int) -> list[Any]:
        """Some values for each anchor of each grid, (batch, anchors, values)."""
        from tf_keras import layers

        heads = []
        for grid, cells in zip(_DETECTIONS.grids, features, strict=True):
            x = layers.Conv2D(len(grid.sizes) * values, 1)(cells)
            heads.append(layers.Reshape((-1, values))(x))
        return heads


def preprocessed(pictures: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Scenes as the recipes' networks take them.

    Args:
        pictures: (scenes, 64, 64) uint8.

    Returns:
        (scenes, 64, 64, 1) float32 in 0..1.
    """
    return np.stack([preprocess(picture, _CONTRACT.preprocessing["image"]) for picture in pictures])


RECIPE = Detect()
