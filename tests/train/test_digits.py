"""The digits recipe: what it loads is what its contract promises, and what it trains is good."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from litefoot.runtime.errors import UsageError
from litefoot.runtime.preprocessing import preprocess
from litefoot.runtime.storage.bundle import Bundle
from litefoot.runtime.storage.codec import decode, encode, read_document
from litefoot.runtime.storage.files import read_arrays
from litefoot.runtime.storage.trained import TrainedModel, read_trained
from litefoot.train import Request
from litefoot.train.data.handwriting import scikit_learn_digits
from litefoot.train.recipes.digits import RECIPE

REQUIRED_ACCURACY = 0.97
REQUIRED_QUICK_ACCURACY = 0.93


@pytest.fixture(scope="module")
def document(trained_digits: Path) -> TrainedModel:
    return read_document(TrainedModel, trained_digits / "trained.json")


def test_pictures_are_ordinary_ones_paper_black_and_ink_white() -> None:
    pictures, labels = scikit_learn_digits()
    assert (pictures.shape, pictures.dtype) == ((1797, 8, 8), np.dtype("uint8"))
    assert (pictures.min(), pictures.max()) == (0, 255)
    assert np.bincount(labels).min() > 170
    assert sorted(set(labels)) == list(range(10))


def test_loading_repeats_and_follows_the_seed() -> None:
    first, again, other = (RECIPE.load(Request(seed=seed)) for seed in (0, 0, 1))
    assert first.digest == again.digest
    assert first.digest != other.digest


def test_what_is_loaded_fits_the_contract() -> None:
    data = RECIPE.load(Request())
    (spec,) = data.contract.inputs
    for samples in data.parts.values():
        assert list(samples.inputs) == [spec.name]
        assert spec.accepts(samples.inputs[spec.name].shape)
        assert samples.inputs[spec.name].dtype == spec.dtype
        assert samples.inputs[spec.name].min() == 0.0
        assert samples.inputs[spec.name].max() == 1.0
    assert len(data.contract.labels) == data.contract.outputs[0].shape[-1]


def test_data_of_the_users_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="its own data"):
        RECIPE.load(Request(source=tmp_path))


@pytest.mark.slow
def test_a_quick_run_is_sensible_already(tmp_path: Path, litefoot) -> None:
    done = litefoot("train", "digits", "--quick", "--out", tmp_path / "quick")
    assert done.returncode == 0, done.stderr
    value = read_trained(tmp_path / "quick")[0].metric_value
    assert value is not None
    assert value >= REQUIRED_QUICK_ACCURACY


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
    pictures, labels = scikit_learn_digits()
    indices = document.provenance["indices"]["test"]
    steps = document.contract.preprocessing["image"]
    _, _, evaluation, targets = read_trained(trained_digits)
    expected = np.stack([preprocess(pictures[i], steps) for i in indices])
    np.testing.assert_array_equal(evaluation["image"], expected)
    np.testing.assert_array_equal(targets, labels[indices])


@pytest.mark.slow
def test_calibration_samples_are_twenty_of_each_class_and_none_is_a_test_sample(
    document: TrainedModel, trained_digits: Path
) -> None:
    pictures, labels = scikit_learn_digits()
    steps = document.contract.preprocessing["image"]
    tested = set(document.provenance["indices"]["test"])
    trained_on = [i for i in range(len(labels)) if i not in tested]
    where = {preprocess(pictures[i], steps).tobytes(): labels[i] for i in trained_on}
    calibration = read_arrays(trained_digits / "calibration.npz")["image"]
    classes = [where[sample.tobytes()] for sample in calibration]
    assert np.bincount(classes).tolist() == [20] * 10


@pytest.mark.slow
def test_contract_and_provenance_survive_the_folder(document: TrainedModel, trained_digits: Path) -> None:
    assert document.contract == RECIPE.load(Request()).contract
    assert decode(TrainedModel, encode(document), "again") == document
    assert encode(document) == json.loads((trained_digits / "trained.json").read_text())
    provenance = document.provenance
    assert (provenance["recipe"], provenance["seed"], provenance["epochs"]) == ("digits", 0, RECIPE.epochs)
    assert provenance["data_sha256"] == RECIPE.load(Request()).digest
    assert set(provenance["packages"]) == {"tensorflow", "tf-keras", "scikit-learn", "numpy"}


@pytest.mark.slow
def test_the_history_tells_the_figures_of_every_epoch(trained_digits: Path) -> None:
    history = json.loads((trained_digits / "history.json").read_text())
    assert {len(values) for values in history.values()} == {RECIPE.epochs}
    assert history["loss"][-1] < history["loss"][0] / 10
