"""Repair of damaged pictures of handwritten digits by a generative adversarial network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.postprocessing import Pixels
from litefoot.runtime.preprocessing import Grayscale, Holes, Resize, Scale, Step, preprocess
from litefoot.runtime.tensors import TensorSpec

from ..data.damage import damaged
from ..data.handwriting import read_handwriting
from ..data.samples import Data, Samples
from ..recipe import Delivery, Plan, Recipe, Request
from ..sheet import write_sheet

Array = npt.NDArray[Any]

_SIZE = 28
_RESIZED: tuple[Step, ...] = (Grayscale(), Resize(_SIZE, _SIZE))
_SCALED = Scale(2 / 255, -1.0)

_CONTRACT = ModelContract(
    inputs=(TensorSpec("damaged", (None, _SIZE, _SIZE, 2), "float32", kind="image"),),
    outputs=(TensorSpec("image", (None, _SIZE, _SIZE, 1), "float32", kind="image"),),
    task="image repair",
    preprocessing={"damaged": (Resize(_SIZE, _SIZE), Holes(), _SCALED)},
    metric=Metric("psnr", max_drop=0.5, span=2.0),
    postprocessing=Pixels(127.5, 127.5),
)
_SHOWN = 12


class Inpaint(Recipe):
    """The recipe ``inpaint``. What is shipped is the generator; a picture's transparent pixels are repaired."""

    name = "inpaint"
    summary = "repairs transparent holes in pictures of digits: trained on MNIST, or a folder of idx files"
    epochs = 8
    quick_epochs = 4
    batch = 64
    learning_rate = 1e-3
    monitor = "val_hole_error"

    def load(self, request: Request) -> Data:
        """Load the digits and cut holes into them; the targets are the originals; see `Recipe.load`."""
        digits = read_handwriting(request)
        pictures = [np.rint(preprocess(picture, _RESIZED))[..., 0].astype(np.uint8) for picture in digits.pictures]
        whole = Samples({"damaged": _damage(pictures, request.seed)}, _SCALED.apply(np.stack(pictures))[..., None])
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
        """The repairing generator and the discriminator; see `Recipe.build`."""
        import tf_keras

        from ..networks.adversarial import Repair, discriminator, repairer

        model = Repair(repairer(_SIZE), discriminator(_SIZE), name="inpaint")
        rates = (plan.cosine(), plan.learning_rate / 10.0)
        model.compile(*(tf_keras.optimizers.Adam(rate, beta_1=0.5) for rate in rates))
        return model

    def after_epoch(self, model: Any, data: Data, epoch: int, folder: Path) -> None:
        """Keep a picture: damaged, repaired, original, one below the other; see `Recipe.after_epoch`."""
        given = data.test.inputs["damaged"][:_SHOWN]
        assert isinstance(data.test.targets, np.ndarray)
        shown = np.where(given[..., 1:] > 0, given[..., :1], 0.0)
        repaired = model.generator.predict(given, verbose=0)
        rows = np.stack([shown, repaired, data.test.targets[:_SHOWN]])
        write_sheet(folder / "samples" / f"epoch-{epoch:03d}.png", rows)

    def deliver(self, model: Any, data: Data) -> dict[str, Delivery]:
        """The generator alone, with its figures in the holes; see `Recipe.deliver`."""
        ((name, part),) = super().deliver(model, data).items()
        given, repaired = data.test.inputs["damaged"], model.generator.predict(data.test.inputs, verbose=0)
        assert isinstance(data.test.targets, np.ndarray)
        figures = {
            "hole_psnr": hole_psnr(given, repaired, data.test.targets),
            "damaged_hole_psnr": hole_psnr(given, given[..., :1], data.test.targets),
        }
        return {name: replace(part, model=model.generator, figures=figures)}


def hole_psnr(damaged_pictures: Array, repaired: Array, originals: Array) -> float:
    """``10 log10(span^2 / mean((repaired - original)^2))`` over the pixels of all holes, the span 2.

    Args:
        damaged_pictures: (samples, height, width, 2), the second channel -1 in the holes; at least one hole.
        repaired: (samples, height, width, 1), in -1..1.
        originals: The same shape.

    Returns:
        Decibels.
    """
    holes = damaged_pictures[..., 1] < 0
    return float(10.0 * np.log10(4.0 / np.square(repaired - originals)[holes].mean(dtype=np.float64)))


def _damage(pictures: list[Array], seed: int) -> Array:
    """The model's input for each picture, with holes of its own; (samples, 28, 28, 2) float32."""
    steps = _CONTRACT.preprocessing["damaged"]
    cut = [damaged(picture, np.random.default_rng([seed, place])) for place, picture in enumerate(pictures)]
    return np.stack([preprocess(picture, steps) for picture in cut])


RECIPE = Inpaint()
