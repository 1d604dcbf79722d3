"""The digits recipe: what it loads is what its contract promises, and what it trains is good."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from litefoot.runtime.preprocessing import preprocess
from litefoot.runtime.storage.bundle import Bundle
from litefoot.runtime.storage.codec import decode, encode, read_document
from litefoot.runtime.storage.files import read_arrays
from litefoot.runtime.storage.trained import TrainedModel, read_trained
from litefoot.train.digits import RECIPE, load_pictures

REQUIRED_ACCURACY = 0.97


@pytest.fixture(scope="module")
def document(trained_digits: Path) -> TrainedModel:
    return read_document(TrainedModel, trained_digits / "trained.json")


def test_pictures_are_ordinary_ones_paper_black_and_ink_white() -> None:
    pictures, labels = load_pictures()
    assert (pictures.shape, pictures.dtype) == ((1797, 8, 8), np.dtype("uint8"))
    assert (pictures.min(), pictures.max()) == (0, 255)
    assert np.bincount(labels).min() > 170
    assert sorted(set(labels)) == list(range(10))


def test_loading_repeats_and_follows_the_seed() -> None:
    first, again, other = RECIPE.load(0), RECIPE.load(0), RECIPE.load(1)
    assert first.digest == again.digest
    assert first.digest != other.digest


def test_what_is_loaded_fits_the_contract() -> None:
    split = RECIPE.load(0)
    (spec,) = RECIPE.contract.inputs
    for arrays in (split.train, split.test):
        assert list(arrays) == [spec.name]
        assert spec.accepts(arrays[spec.name].shape)
        assert arrays[spec.name].dtype == spec.dtype
        assert arrays[spec.name].min() == 0.0
        assert arrays[spec.name].max() == 1.0
    assert len(RECIPE.contract.labels) == RECIPE.contract.outputs[0].shape[-1]


@pytest.mark.slow
def test_the_trained_digits_are_accurate(document: TrainedModel, digits_bundle: Path) -> None:
    assert document.metric_value is not None
    assert document.metric_value >= REQUIRED_ACCURACY
    golden = Bundle(digits_bundle).golden()
    assert golden.targets is not None
    answered = golden.references["probabilities"].argmax(-1)
    assert float(np.mean(answered == golden.targets)) == document.metric_value


@pytest.mark.slow
def test_evaluation_samples_are_the_raw_pictures_through_the_runtimes_own_preprocessing(
    document: TrainedModel, trained_digits: Path
) -> None:
    pictures, labels = load_pictures()
    indices = document.provenance["test_indices"]
    steps = document.contract.preprocessing["image"]
    _, _, evaluation, targets = read_trained(trained_digits)
    expected = np.stack([preprocess(pictures[i], steps) for i in indices])
    np.testing.assert_array_equal(evaluation["image"], expected)
    np.testing.assert_array_equal(targets, labels[indices])


@pytest.mark.slow
def test_calibration_samples_are_twenty_of_each_class_and_none_is_a_test_sample(
    document: TrainedModel, trained_digits: Path
) -> None:
    pictures, labels = load_pictures()
    steps = document.contract.preprocessing["image"]
    tested = set(document.provenance["test_indices"])
    trained_on = [i for i in range(len(labels)) if i not in tested]
    where = {preprocess(pictures[i], steps).tobytes(): labels[i] for i in trained_on}
    calibration = read_arrays(trained_digits / "calibration.npz")["image"]
    classes = [where[sample.tobytes()] for sample in calibration]
    assert np.bincount(classes).tolist() == [20] * 10


@pytest.mark.slow
def test_contract_and_provenance_survive_the_folder(document: TrainedModel, trained_digits: Path) -> None:
    assert document.contract == RECIPE.contract
    assert decode(TrainedModel, encode(document), "again") == document
    assert encode(document) == json.loads((trained_digits / "trained.json").read_text())
    provenance = document.provenance
    assert (provenance["recipe"], provenance["seed"], provenance["epochs"]) == ("digits", 0, RECIPE.epochs)
    assert provenance["data_sha256"] == RECIPE.load(0).digest
    assert set(provenance["packages"]) == {"tensorflow", "tf-keras", "scikit-learn", "numpy"}


@pytest.mark.slow
def test_the_history_tells_the_figures_of_every_epoch(trained_digits: Path) -> None:
    history = json.loads((trained_digits / "history.json").read_text())
    assert {len(values) for values in history.values()} == {RECIPE.epochs}
    assert history["loss"][-1] < history["loss"][0] / 10
