"""Handwritten digits made from noise by a generative adversarial network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.postprocessing import Pixels
from litefoot.runtime.preprocessing import Grayscale, Noise, Resize, Scale, Step, preprocess
from litefoot.runtime.storage.codec import encode
from litefoot.runtime.storage.folder import write_json
from litefoot.runtime.tensors import TensorSpec

from ..data.handwriting import read_handwriting
from ..data.samples import Data, Samples
from ..judge import Judge
from ..recipe import Delivery, Plan, Recipe, Request
from ..sheet import write_sheet

Array = npt.NDArray[Any]

_SIZE = 28
_NOISE = 100
_PICTURE: tuple[Step, ...] = (Grayscale(), Resize(_SIZE, _SIZE), Scale(2 / 255, -1.0))
"""From a picture of the data to what the generator is to make: once to -1..1, where tanh ends."""

_CONTRACT = ModelContract(
    inputs=(TensorSpec("noise", (None, _NOISE), "float32"),),
    outputs=(TensorSpec("image", (None, _SIZE, _SIZE, 1), "float32", kind="image"),),
    task="image generation",
    preprocessing={"noise": (Noise(_NOISE),)},
    postprocessing=Pixels(127.5, 127.5),
)
_EVALUATED = 256
_CALIBRATED = 128
_SHOWN = 8


class Gan(Recipe):
    """The recipe ``gan``. What is shipped is the generator."""

    name = "gan"
    summary = "makes handwritten digits from noise: trained on MNIST, or a folder of idx files"
    epochs = 10
    quick_epochs = 6
    batch = 32
    learning_rate = 3e-4
    monitor = None

    def __init__(self) -> None:
        self._judge: Judge | None = None

    def load(self, request: Request) -> Data:
        """Load the digits, in -1..1; the test part is for the classifier that judges samples; see `Recipe.load`."""
        digits = read_handwriting(request)
        images = np.stack([preprocess(picture, _PICTURE) for picture in digits.pictures])
        parts = {"train": np.union1d(digits.parts["train"], digits.parts["validation"]), "test": digits.parts["test"]}
        whole = Samples({"image": images}, digits.labels)
        return Data(
            contract=_CONTRACT,
            train=whole.take(parts["train"]),
            validation=None,
            test=whole.take(parts["test"]),
            origin=digits.origin,
            indices={name: tuple(map(int, indices)) for name, indices in parts.items()},
        )

    def build(self, data: Data, plan: Plan) -> Any:
        """The generator and the discriminator with Adam's beta_1 of Radford et al., section 4; see `Recipe.build`."""
        import tf_keras

        from ..networks.adversarial import Generation, digit_generator, discriminator

        model = Generation(digit_generator(_NOISE), discriminator(_SIZE), name="gan")
        model.compile(*(tf_keras.optimizers.Adam(plan.learning_rate, beta_1=0.5) for _ in range(2)))
        return model

    def after_epoch(self, model: Any, data: Data, epoch: int, folder: Path) -> None:
        """Keep samples of the same noise as a picture, and what a classifier says of them; see `Recipe.after_epoch`."""
        made = model.generator.predict(draw(0, _EVALUATED), batch_size=64, verbose=0)
        shown = made[: _SHOWN * _SHOWN].reshape(_SHOWN, _SHOWN, _SIZE, _SIZE, 1)
        write_sheet(folder / "samples" / f"epoch-{epoch:03d}.png", shown)
        write_json(folder / "samples" / f"epoch-{epoch:03d}.json", encode(self._judge_of(data).judge(made)))

    def deliver(self, model: Any, data: Data) -> dict[str, Delivery]:
        """The generator alone, on noise that it has not seen; see `Recipe.deliver`."""
        evaluation = draw(0, _EVALUATED)
        judgement = self._judge_of(data).judge(model.generator.predict(evaluation, batch_size=64, verbose=0))
        return {
            self.name: Delivery(
                model=model.generator,
                contract=data.contract,
                calibration={"noise": draw(_EVALUATED, _CALIBRATED)},
                evaluation={"noise": evaluation},
                targets=None,
                figures={"confidence": judgement.confidence, "coverage": judgement.coverage},
            )
        }

    def _judge_of(self, data: Data) -> Judge:
        """The classifier of the real digits, fitted once."""
        assert isinstance(data.train.targets, np.ndarray)
        if self._judge is None:
            self._judge = Judge(data.train.inputs["image"], data.train.targets)
        return self._judge


def draw(first: int, count: int) -> Array:
    """Noise for a generator, as a board draws it for a seed.

    Args:
        first: The first seed.
        count: How many, each with the seed after the one before.

    Returns:
        (count, 100) float32.
    """
    steps = _CONTRACT.preprocessing["noise"]
    return np.stack([preprocess(np.array(seed), steps) for seed in range(first, first + count)])


RECIPE = Gan()
