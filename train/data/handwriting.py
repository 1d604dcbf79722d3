"""Handwritten digits, from where there are some: the user's idx files, MNIST over the network, or scikit-learn's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..recipe import Request
from .downloads import download
from .idx import read_idx_folder
from .splits import Parts, stratified_split

Array = npt.NDArray[Any]

_UCI = "Optical Recognition of Handwritten Digits, UCI, CC BY 4.0, as in scikit-learn"
_MNIST = "MNIST, Y. LeCun, C. Cortes and C. Burges, CC BY-SA 3.0"
_VALIDATION = 0.05


@dataclass(frozen=True)
class Handwriting:
    """Pictures of digits.

    Attributes:
        pictures: (samples, height, width) uint8, 0 for paper and 255 for ink.
        labels: (samples,) int64, 0..9.
        parts: Which samples are for what.
        origin: Where they are from, and under which licence.
    """

    pictures: Array
    labels: Array
    parts: Parts
    origin: str


def read_handwriting(request: Request) -> Handwriting:
    """The digits that are asked for.

    Args:
        request: With a source, a folder of idx files; quick, the 1,797 pictures of 8 x 8 pixels that scikit-learn
            carries; else MNIST, which Keras downloads once.

    Returns:
        The digits. Where training and test files are there, the test part is the test files; where only one of them
        is, a tenth of it is for the test. A twentieth validates, classes in proportion.

    Raises:
        UsageError: The source is no folder of idx files, or MNIST cannot be downloaded.
        SampleError: A file is damaged.
    """
    if request.source is not None:
        return _from_files(request.source, request.seed)
    if request.quick:
        pictures, labels = scikit_learn_digits()
        parts = stratified_split(labels, validation=0.1, test=0.2, seed=request.seed)
        return Handwriting(pictures, labels, parts, _UCI)
    return _joined(*_download(), request.seed, _MNIST)


def scikit_learn_digits() -> tuple[Array, Array]:
    """The digits of E. Alpaydin and C. Kaynak, https://doi.org/10.24432/C50P49, the part that scikit-learn carries.

    Returns:
        Pictures, uint8 (1797, 8, 8), 0 for paper and 255 for ink; labels (1797,), 0..9.
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    return np.rint(digits.images * (255 / 16)).astype(np.uint8), digits.target.astype(np.int64)


def _from_files(folder: Path, seed: int) -> Handwriting:
    found = read_idx_folder(folder)
    if len(found) == 2:
        return _joined(found["train"], found["t10k"], seed, f"idx files in {folder.name}")
    ((name, (pictures, labels)),) = found.items()
    parts = stratified_split(labels, validation=_VALIDATION, test=0.1, seed=seed)
    sizes = " / ".join(f"{len(indices):,}" for indices in parts.values())
    origin = f"idx files in {folder.name}: only {name}, split into {sizes} to train, validate and test on"
    return Handwriting(pictures, labels, parts, origin)


def _joined(train: tuple[Array, Array], test: tuple[Array, Array], seed: int, origin: str) -> Handwriting:
    """Both parts in a row, some of the first kept to validate on."""
    parts = stratified_split(train[1], validation=0.0, test=_VALIDATION, seed=seed)
    tested = np.arange(len(train[1]), len(train[1]) + len(test[1]))
    return Handwriting(
        np.concatenate([train[0], test[0]]),
        np.concatenate([train[1], test[1]]).astype(np.int64),
        {"train": parts["train"], "validation": parts["test"], "test": tested},
        origin,
    )


def _download() -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    from tf_keras.datasets import mnist

    fix = "--data FOLDER with its idx files (train-images-idx3-ubyte.gz, ...), or --quick for a small set"
    train, test = download("MNIST", mnist.load_data, fix=fix)
    return train, test
