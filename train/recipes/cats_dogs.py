"""Photographs of several classes in a folder, and a small residual network, or a backbone of keras.applications.

A recipe of your own with larger pictures and weights that were trained on others is four lines in a Python file::

    from litefoot.train.recipes.cats_dogs import CatsDogs

    class Flowers(CatsDogs):
        name, side, backbone, weights = "flowers", 96, "MobileNetV2", "mobilenet_v2_notop.h5"

    RECIPE = Flowers()
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.errors import UsageError, first_line
from litefoot.runtime.postprocessing import Classes
from litefoot.runtime.preprocessing import Colour, Resize, Scale, preprocess
from litefoot.runtime.tensors import TensorSpec

from ..data.images import read_image_folder, read_pictures
from ..data.samples import Data, Samples
from ..data.splits import Parts, stratified_split
from ..networks.convolutional import convolution, mirrored, recoloured, residual_block, shifted
from ..recipe import Plan, Recipe, Request

Array = npt.NDArray[Any]
Steps = tuple[Colour, Resize, Scale]

BACKBONES = ("MobileNet", "MobileNetV2", "ResNet50V2", "Xception")
"""Those of keras.applications that take pictures in -1..1, by their names there."""

_QUICK_SAMPLES = 400


class CatsDogs(Recipe):
    """The recipe ``cats-dogs``.

    Attributes:
        side: Height and width that pictures are brought to, in pixels.
        backbone: One of `BACKBONES`, frozen, under a new last layer; None for a small network trained from the start.
        weights: Of the backbone: a file that Keras wrote, without the top, or ``imagenet`` to download them.
    """

    name = "cats-dogs"
    summary = "photographs of 32 x 32 pixels from a folder with one subfolder for each class"
    epochs = 45
    quick_epochs = 6
    batch = 64
    learning_rate = 3e-3
    side: int = 32
    backbone: str | None = None
    weights: str | None = None

    def load(self, request: Request) -> Data:
        """Read the folder, split it and preprocess the pictures by the contract; see `Recipe.load`."""
        steps = (Colour(), Resize(self.side, self.side), Scale(1 / 127.5, -1.0))
        if request.source is not None:
            folder = read_image_folder(request.source, request.seed)
            whole = Samples({"image": read_pictures(folder.files, steps)}, folder.classes)
            return self._data(whole, folder.labels, steps, folder.parts, f"pictures in {request.source.name}")
        if not request.quick:
            raise UsageError(
                "This recipe has no pictures of its own",
                expected="--data FOLDER with one subfolder of pictures for each class, or with train and test of that",
                fix="--quick to try it on generated pictures",
            )
        drawn, classes = draw_stripes(_QUICK_SAMPLES, self.side, request.seed)
        whole = Samples({"image": np.stack([preprocess(picture, steps) for picture in drawn])}, classes)
        parts = stratified_split(classes, validation=0.1, test=0.3, seed=request.seed)
        return self._data(whole, ("lying", "upright"), steps, parts, "generated stripes")

    def _data(self, whole: Samples, labels: tuple[str, ...], steps: Steps, parts: Parts, origin: str) -> Data:
        return Data(
            contract=self._contract(steps, labels),
            train=whole.take(parts["train"]),
            validation=whole.take(parts["validation"]),
            test=whole.take(parts["test"]),
            origin=origin,
            indices={name: tuple(map(int, indices)) for name, indices in parts.items()},
        )

    def _contract(self, steps: Steps, labels: tuple[str, ...]) -> ModelContract:
        return ModelContract(
            inputs=(TensorSpec("image", (None, self.side, self.side, 3), "float32", kind="image"),),
            outputs=(TensorSpec("probabilities", (None, len(labels)), "float32", kind="probabilities"),),
            task="image classification",
            preprocessing={"image": steps},
            labels=labels,
            metric=Metric("accuracy", max_drop=0.02),
            postprocessing=Classes(),
        )

    def build(self, data: Data, plan: Plan) -> Any:
        """Features, average pooling, softmax; see `Recipe.build`. (batch, side, side, 3) -> (batch, classes)."""
        import tf_keras
        from tf_keras import Model, layers

        image = layers.Input((self.side, self.side, 3), name="image")
        x = self._residual(image) if self.backbone is None else self._pretrained(image)
        x = layers.Dropout(0.3)(layers.GlobalAveragePooling2D()(x))
        classes = len(data.contract.labels)
        scores = layers.Dense(classes, activation="softmax", dtype="float32", name="probabilities")(x)
        model = Model(image, scores, name=self.name.replace("-", "_"))
        optimizer = tf_keras.optimizers.Adam(plan.cosine(warm_up=0.1))
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    def _residual(self, image: Any) -> Any:
        """(batch, side, side, 3) -> (batch, side / 8, side / 8, 80)."""
        x = convolution(image, 16)
        for filters in (24, 48, 80):
            x = residual_block(x, filters, stride=2)
        return x

    def _pretrained(self, image: Any) -> Any:
        """The backbone's features; its weights and statistics stay as they are."""
        import tf_keras

        if self.backbone not in BACKBONES:
            raise UsageError("There is no such backbone", got=self.backbone, expected=", ".join(BACKBONES))
        make = getattr(tf_keras.applications, self.backbone)
        try:
            features = make(input_shape=(self.side, self.side, 3), include_top=False, weights=self.weights)
        except Exception as error:  # Keras raises a bare Exception without a network, and several for a wrong file
            raise UsageError(
                "The backbone's weights cannot be loaded",
                where=self.weights,
                got=first_line(error),
                expected=f"a file of weights of {self.backbone} without its top, or imagenet with a network",
            ) from error
        features.trainable = False
        return features(image, training=False)

    def augment(self, inputs: dict[str, Any], targets: Any, seed: Any) -> tuple[dict[str, Any], Any]:
        """Mirror the picture, shift it by up to an eighth, change its colours; see `Recipe.augment`."""
        import tensorflow as tf

        first, second, third = tf.unstack(tf.random.experimental.stateless_split(seed, 3))
        image = shifted(mirrored(inputs["image"], first), self.side // 8, second)
        return {"image": recoloured(image, 0.2, third)}, targets


def draw_stripes(count: int, side: int, seed: int) -> tuple[Array, Array]:
    """Coloured, noisy stripes, lying or upright: two classes to try a network for photographs on.

    Args:
        count: Pictures.
        side: Height and width, in pixels.
        seed: Of all that is random.

    Returns:
        Pictures, uint8 (count, side, side, 3); classes (count,): 0 for lying, 1 for upright.
    """
    random = np.random.default_rng(seed)
    classes = np.arange(count) % 2
    phases = random.uniform(0, 2 * np.pi, (count, 1, 1, 1))
    waves = np.sin(
        2 * np.pi * np.arange(side)[:, np.newaxis, np.newaxis] / random.uniform(6, 12, (count, 1, 1, 1)) + phases
    )
    stripes = np.where(classes[:, None, None, None] == 0, waves, waves.swapaxes(1, 2))
    colours = random.uniform(20, 100, (count, 1, 1, 3)) * stripes
    noisy = 128 + colours + random.normal(0, 20, (count, side, side, 3))
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8), classes


RECIPE = CatsDogs()
