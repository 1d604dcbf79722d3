"""Data that cannot be trained on are refused before any training, with what and where."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import SampleError, UsageError
from litefoot.runtime.tensors import TensorSpec
from litefoot.train import Data, Recipe, Samples
from litefoot.train.fitting.checks import check_data


class Plain(Recipe):
    """A recipe of which only the settings are looked at."""

    def __init__(self, monitor: str | None = None, patience: int | None = None) -> None:
        self.monitor, self.patience = monitor, patience

    def load(self, request): ...

    def build(self, data, plan): ...


def samples(count: int = 4) -> Samples:
    return Samples({"x": np.zeros((count, 2), np.float32)}, np.zeros(count, np.int64))


DATA = Data(
    ModelContract((TensorSpec("x", (None, 2), "float32"),), (), "nothing"), samples(), None, samples(2), "made up"
)


def inputs(**arrays) -> Samples:
    return replace(samples(), inputs=arrays)


def test_data_that_fit_together_pass() -> None:
    check_data(Plain(), DATA)
    check_data(Plain("val_loss", 3), replace(DATA, validation=samples(1)))
    check_data(Plain(), replace(DATA, train=replace(samples(), targets={"y": np.zeros((4, 7), np.float32)})))


BROKEN = {
    "no inputs": ({"train": inputs()}, "There are no inputs"),
    "a list": ({"train": inputs(x=[[0.0, 0.0]] * 4)}, "Samples are numpy arrays"),
    "another length": ({"train": inputs(x=np.zeros((3, 2), np.float32))}, "Every array holds each sample"),
    "no samples": ({"test": samples(0)}, "Every array holds each sample"),
    "not finite": ({"train": inputs(x=np.full((4, 2), np.nan, np.float32))}, "not finite"),
    "targets not finite": ({"train": replace(samples(), targets=np.array([0, 0, np.inf, 0]))}, "sample 2"),
    "another name": ({"test": inputs(z=np.zeros((4, 2), np.float32))}, "differ in their inputs"),
    "another shape": ({"test": inputs(x=np.zeros((4, 3), np.float32))}, "differ in their inputs"),
    "another type": ({"validation": inputs(x=np.zeros((4, 2)))}, "differ in their inputs"),
}


@pytest.mark.parametrize(("change", "what"), BROKEN.values(), ids=BROKEN)
def test_data_that_do_not_are_refused(change, what: str) -> None:
    with pytest.raises(SampleError, match=what):
        check_data(Plain(), replace(DATA, **change))


def test_what_is_no_data_is_named() -> None:
    with pytest.raises(UsageError, match="tuple"):
        check_data(Plain(), (1, 2))


def test_patience_needs_a_figure_and_a_figure_of_validation_needs_samples() -> None:
    with pytest.raises(UsageError, match="nothing to be patient for"):
        check_data(Plain(None, 3), DATA)
    with pytest.raises(UsageError, match="val_loss"):
        check_data(Plain("val_loss"), DATA)
