"""Data that cannot be trained on are refused before any training, with what and where."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import SampleError, UsageError
from litefoot.runtime.tensors import TensorSpec
from litefoot.train import Data, Recipe, Samples
from litefoot.train.fitting.checks import check_data, check_recipe


class Plain(Recipe):
    """A recipe of which only the settings are looked at."""

    name, epochs, quick_epochs = "plain", 2, 1

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
    "a number": ({"test": replace(samples(), targets=np.array(3))}, "Samples are numpy arrays"),
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


@pytest.mark.parametrize("part", [(1, 2), Samples(np.zeros((4, 2)), np.zeros(4))])
def test_parts_are_samples_by_input_name(part) -> None:
    with pytest.raises(UsageError, match=r"inputs by name\n  where:    the test part"):
        check_data(Plain(), replace(DATA, test=part))


def test_settings_that_mean_something_pass() -> None:
    check_recipe(Plain(patience=3))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("name", value) for value in (None, "", "a/b", 3)),
        *(("epochs", value) for value in (None, 0, "40", 2.0)),
        *(("batch", 0), ("patience", "10"), ("patience", 0)),
        *(("learning_rate", value) for value in (0, float("inf"), float("nan"), "1")),
    ],
)
def test_settings_that_mean_nothing_are_named(name: str, value: object) -> None:
    recipe = Plain()
    setattr(recipe, name, value)
    with pytest.raises(UsageError, match=f"has no {name} that can be used"):
        check_recipe(recipe)


def test_what_is_no_data_is_named() -> None:
    with pytest.raises(UsageError, match="tuple"):
        check_data(Plain(), (1, 2))


def test_patience_needs_a_figure_and_a_figure_of_validation_needs_samples() -> None:
    with pytest.raises(UsageError, match="nothing to be patient for"):
        check_data(Plain(None, 3), DATA)
    with pytest.raises(UsageError, match="val_loss"):
        check_data(Plain("val_loss"), DATA)
