"""Scenes: small noisy pictures on which a few handwritten digits stand, with a box and a mask for each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.preprocessing import Resize, preprocess

from ..recipe import Request
from .handwriting import read_handwriting

Array = npt.NDArray[Any]

SIDE = 64
"""Height and width of a scene, in pixels."""
MOST_DIGITS = 4
SMALLEST, LARGEST = 16, 32
"""Height and width that a digit is scaled to before it is cut to its ink, in pixels."""

_ATTEMPTS = 20
_INK = 96
"""What counts as ink, of 255."""
_MOST_SHARED = 0.05
_NOISE = 20.0


@dataclass(frozen=True)
class Scenes:
    """Scenes with what is on them.

    Attributes:
        pictures: (scenes, 64, 64) uint8.
        boxes: (scenes, 4, 5) float32: class, top, left, bottom, right in 0..1 of the scene; class -1 where there is no
            further digit.
        masks: (scenes, 64, 64) int64: 0 for the background, 1 to 10 for the digits 0 to 9.
    """

    pictures: Array
    boxes: Array
    masks: Array


def compose(pictures: Array, labels: Array, count: int, seed: int) -> Scenes:
    """Compose scenes of one to four digits that hardly overlap, of several sizes, on a noisy ground.

    Args:
        pictures: The digits, (samples, height, width) uint8, 255 for ink.
        labels: (samples,), 0..9.
        count: How many scenes.
        seed: The same digits and seed give the same scenes.

    Returns:
        The scenes.
    """
    random = np.random.default_rng(seed)
    made = [_compose_one(pictures, labels, random) for _ in range(count)]
    scenes, boxes, masks = (np.stack(arrays) for arrays in zip(*made, strict=True))
    return Scenes(scenes, boxes, masks)


def _compose_one(pictures: Array, labels: Array, random: np.random.Generator) -> tuple[Array, Array, Array]:
    ink = np.zeros((SIDE, SIDE), np.float32)
    mask = np.zeros((SIDE, SIDE), np.int64)
    boxes = np.full((MOST_DIGITS, 5), -1.0, np.float32)
    boxes[:, 1:] = 0.0
    for place in range(random.integers(1, MOST_DIGITS + 1)):
        chosen = random.integers(len(labels))
        digit = _scaled(pictures[chosen], int(random.integers(SMALLEST, LARGEST + 1)))
        corner = _free_corner(mask, digit.shape, random)
        if corner is None:
            break
        top, left = corner
        window = np.s_[top : top + digit.shape[0], left : left + digit.shape[1]]
        mask[window] = np.where(digit > _INK, labels[chosen] + 1, mask[window])
        ink[window] = np.maximum(ink[window], digit * random.uniform(0.6, 1.0))
        edges = (top, left, top + digit.shape[0], left + digit.shape[1])
        boxes[place] = (labels[chosen], *(edge / SIDE for edge in edges))
    ground = random.uniform(0.0, 60.0)
    noisy = np.maximum(ink, ground) + random.normal(0.0, _NOISE, ink.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8), boxes, mask


def _scaled(picture: Array, side: int) -> Array:
    """A digit at another size, cut to its ink; (height, width) float32."""
    larger = preprocess(picture, (Resize(side, side),))[..., 0]
    rows, columns = np.nonzero(larger > _INK)
    return larger[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


def _free_corner(mask: Array, shape: tuple[int, ...], random: np.random.Generator) -> tuple[int, int] | None:
    """A random place for a digit where hardly any ink is; None after some attempts."""
    height, width = shape
    for _ in range(_ATTEMPTS):
        top, left = int(random.integers(SIDE - height + 1)), int(random.integers(SIDE - width + 1))
        if (mask[top : top + height, left : left + width] > 0).mean() <= _MOST_SHARED:
            return top, left
    return None


def load_scenes(request: Request, train: int, validation: int, test: int) -> tuple[dict[str, Scenes], str]:
    """Scenes of digits that stand in one part alone: no digit of the test was trained on.

    Args:
        request: With a source, a folder of idx files whose digits are taken; else those that scikit-learn carries.
            Quick, a quarter of the scenes to train on; a verdict on the files needs as many as ever.
        train: How many scenes to train on.
        validation: How many to validate on.
        test: How many to test on.

    Returns:
        The scenes by part; where they are from, and under which licence.

    Raises:
        UsageError: The source is no folder of idx files.
        SampleError: A file is damaged.
    """
    digits = read_handwriting(replace(request, quick=True))
    sizes = {"train": train // 4 if request.quick else train, "validation": validation, "test": test}
    scenes = {
        name: compose(digits.pictures[chosen], digits.labels[chosen], sizes[name], request.seed + 1000 * place)
        for place, (name, chosen) in enumerate(digits.parts.items())
    }
    return scenes, f"scenes generated with seed {request.seed} of {digits.origin}"
