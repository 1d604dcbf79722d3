"""Metrics of pictures against the pictures that they should be."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...contract import ModelContract
from ...tensors import TensorSpec
from .scores import Additive, Misfit, ratio
from .values import number_misfit

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

WINDOW = 11
SIGMA = 1.5
_K1, _K2 = 0.01, 0.03
_BLOCK = 1 << 20
"""Values compared at once; a dozen arrays of that size are alive meanwhile."""


class _OfPictures(Additive):
    kinds = ("image",)

    @classmethod
    def misfit(cls, specs: Sequence[TensorSpec], targets: Array) -> Misfit | None:
        """Why these targets are not the pictures; see `Scores.misfit`."""
        return number_misfit(specs, targets)


class Psnr(_OfPictures):
    """``10 log10(span^2 / mean((output - target)^2))``, the mean over the values of all pictures."""

    most = math.inf
    shown = ".2f"
    unit = " dB"
    usual_drop = 1.0

    def __init__(self, contract: ModelContract, outputs: Mapping[str, Array], targets: Array) -> None:
        assert contract.metric is not None
        output = outputs[self.outputs(contract)[0].name].astype(np.float64)
        errors = np.square((output - targets.reshape(output.shape)) / contract.metric.span).reshape(len(output), -1)
        self.statistics = np.stack([errors.sum(1), np.full(len(errors), errors.shape[1])], axis=1)

    @staticmethod
    def formula(sums: Array) -> Array:
        """Decibels, infinite without any error; see `Additive.formula`."""
        with np.errstate(divide="ignore"):
            decibels: Array = -10.0 * np.log10(ratio(sums[..., 0], sums[..., 1]))
        return decibels


class Ssim(_OfPictures):
    """Mean over the pictures of `ssim`."""

    usual_drop = 0.02

    def __init__(self, contract: ModelContract, outputs: Mapping[str, Array], targets: Array) -> None:
        assert contract.metric is not None
        output = outputs[self.outputs(contract)[0].name]
        alike = ssim(targets.reshape(output.shape), output, contract.metric.span)
        self.statistics = np.stack([alike, np.ones(len(alike))], axis=1)

    @staticmethod
    def formula(sums: Array) -> Array:
        """The mean; see `Additive.formula`."""
        return ratio(sums[..., 0], sums[..., 1])

    @classmethod
    def misfit(cls, specs: Sequence[TensorSpec], targets: Array) -> Misfit | None:
        """Why these targets are not the pictures; see `Scores.misfit`."""
        if len(specs[0].shape) < 3:
            return Misfit(str(specs[0]), "an output of (height, width) or (height, width, channels)")
        return super().misfit(specs, targets)


def ssim(first: Array, second: Array, span: float) -> Array:
    """Structural similarity of pictures.

    Wang, Bovik, Sheikh and Simoncelli, "Image Quality Assessment: From Error Visibility to Structural Similarity",
    IEEE Transactions on Image Processing 13(4), 2004, equation 13 with K1 = 0.01 and K2 = 0.03, averaged as in
    equation 17 over the places where the 11 x 11 Gaussian window of 1.5 pixels lies inside the picture, and over the
    channels. A picture smaller than the window gets the largest odd window that it holds.

    Args:
        first: (samples, ..., height, width, channels) or (samples, height, width).
        second: Same shape.
        span: Distance between the smallest and the largest value that a pixel can have.

    Returns:
        (samples,) float64, in -1..1; 1 for equal pictures.
    """
    if first.ndim == 3:
        first, second = first[..., np.newaxis], second[..., np.newaxis]
    samples, size = len(first), math.prod(first.shape[1:])
    many = max(_BLOCK // max(size, 1), 1)
    blocks = [
        _ssim(first[i : i + many].astype(np.float64), second[i : i + many].astype(np.float64), span)
        for i in range(0, samples, many)
    ]
    return np.concatenate(blocks) if blocks else np.zeros(0)


def _ssim(first: Array, second: Array, span: float) -> Array:
    kernel = _window(min(first.shape[-3:-1]))
    mean_1, mean_2 = _blurred(first, kernel), _blurred(second, kernel)
    variance_1 = _blurred(first * first, kernel) - mean_1 * mean_1
    variance_2 = _blurred(second * second, kernel) - mean_2 * mean_2
    covariance = _blurred(first * second, kernel) - mean_1 * mean_2
    c1, c2 = (_K1 * span) ** 2, (_K2 * span) ** 2
    alike = (2 * mean_1 * mean_2 + c1) * (2 * covariance + c2)
    alike /= (mean_1 * mean_1 + mean_2 * mean_2 + c1) * (variance_1 + variance_2 + c2)
    averages: Array = alike.reshape(len(alike), -1).mean(1)
    return averages


def _window(side: int) -> Array:
    size = min(WINDOW, side - 1 + side % 2)
    kernel: Array = np.exp(-np.square(np.arange(size) - size // 2) / (2 * SIGMA**2))
    kernel /= kernel.sum()
    return kernel


def _blurred(pictures: Array, kernel: Array) -> Array:
    """Along height, then width, only where the window lies inside."""
    height = pictures.shape[-3] - len(kernel) + 1
    rows: Array = sum(weight * pictures[..., i : i + height, :, :] for i, weight in enumerate(kernel))
    width = pictures.shape[-2] - len(kernel) + 1
    both: Array = sum(weight * rows[..., i : i + width, :] for i, weight in enumerate(kernel))
    return both
