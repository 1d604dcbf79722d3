"""What a compression is fine-tuned with is checked, and the folder beside the result is gone on with or refused."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from litefoot.convert.compress import Compression, Prune, TrainingData, Working, take_training
from litefoot.convert.compress.training_data import read_training
from litefoot.convert.source import Description, Source
from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import OutputExists, SampleError, UsageError
from litefoot.runtime.tensors import TensorSpec

PRUNE = Compression(prune=Prune())


def contract(kind: Any = "probabilities", shape: tuple[int | None, ...] = (None, 3), **more: Any) -> ModelContract:
    inputs = (TensorSpec("x", (None, 4), "float32"),)
    return ModelContract(inputs=inputs, outputs=(TensorSpec("y", shape, "float32", kind=kind),), task="", **more)


def description(*, compressible: bool = True) -> Description:
    made = contract()
    notes = () if compressible else ("a subclassed model cannot be compressed",)
    return Description("Keras", "mine", made.inputs, made.outputs, {}, 10, compressible, None, notes)


def samples(count: int = 20) -> TrainingData:
    return TrainingData({"x": np.zeros((count, 4), np.float32)}, np.arange(count) % 3)


def taken(given: Any, made: ModelContract | None = None, compression: Compression = PRUNE) -> TrainingData:
    return take_training(given, made or contract(), description(), compression)


@pytest.mark.parametrize(
    ("made", "targets", "loss"),
    [
        (contract(), np.arange(20) % 3, "sparse_categorical_crossentropy"),
        (contract(shape=(None, 1)), np.arange(20) % 2, "binary_crossentropy"),
        (contract("regression"), np.zeros((20, 3), np.float32), "mean_squared_error"),
        (contract(), np.eye(3, dtype=np.float32)[np.arange(20) % 3], "categorical_crossentropy"),
        (contract("mask", (None, 8, 8, 3)), np.zeros((20, 8, 8), int), "sparse_categorical_crossentropy"),
    ],
)
def test_the_loss_is_the_usual_one_for_the_output(made: ModelContract, targets: Any, loss: str) -> None:
    assert taken(TrainingData({"x": np.zeros((20, 4), np.float32)}, targets), made).loss == loss


def test_a_loss_of_classes_knows_that_outputs_are_logits() -> None:
    expected = {
        "class_name": "SparseCategoricalCrossentropy",
        "config": {"from_logits": True, "name": "sparse_categorical_crossentropy"},
    }
    assert taken(samples(), contract("logits")).loss == expected


def test_what_was_asked_for_stands_above_the_datas_own_loss_and_that_above_the_usual() -> None:
    own = TrainingData(samples().inputs, samples().targets, "poisson")
    assert taken(own).loss == "poisson"
    assert taken(own, compression=Compression(prune=Prune(), loss="mse")).loss == "mse"


def test_labelled_arrays_are_read_as_calibration_samples_are() -> None:
    data = taken((np.ones((20, 4), np.float32), np.arange(20) % 3))
    assert data.inputs["x"].shape == (20, 4)
    assert len(data) == 20


@pytest.mark.parametrize(
    ("given", "made", "error", "said"),
    [
        (None, contract(), UsageError, "--training-data"),
        (np.ones((20, 4), np.float32), contract(), UsageError, "labels"),
        (samples(5), contract(), SampleError, "too few"),
        (TrainingData({"z": np.zeros((20, 4))}, np.zeros(20)), contract(), SampleError, "other inputs"),
        (TrainingData(samples().inputs, np.zeros(19)), contract(), SampleError, "as many answers"),
        (TrainingData(samples().inputs, {"q": np.zeros(20)}), contract(), SampleError, "no right answers"),
        (TrainingData(samples().inputs, np.arange(20) % 4), contract(), SampleError, "0 to 3\n  expected: 0 to 2"),
        (TrainingData(samples().inputs, np.arange(20) % 3 - 1), contract(), SampleError, "-1 to 1"),
        (TrainingData(samples().inputs, np.zeros(20, np.float32)), contract(), UsageError, r"targets: float32 \(20,\)"),
        (samples(), contract("embedding"), UsageError, "--loss"),
        (samples(), contract(state={"x": "y"}), UsageError, "one step"),
    ],
)
def test_what_cannot_be_fine_tuned_with_is_refused(
    given: Any, made: ModelContract, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        taken(given, made)


def test_a_model_without_a_keras_2_form_is_refused_with_the_reason() -> None:
    with pytest.raises(UsageError, match="subclassed"):
        take_training(samples(), contract(), description(compressible=False), PRUNE)


def test_training_data_survive_their_file(tmp_path: Path) -> None:
    loss = {"a": "mse", "b": {"class_name": "Huber", "config": {}}}
    targets = {"a": np.arange(3.0), "b": np.arange(3)}
    data = TrainingData({"x": np.eye(3)}, targets, loss, {"a": 2.0}, 8, "somewhere", ("module:function", "folder"))
    data.write(tmp_path / "data.npz")
    found = read_training(tmp_path / "data.npz")
    assert isinstance(found.targets, dict)
    assert found.targets["a"].tolist() == [0.0, 1.0, 2.0]
    assert found.inputs["x"].tolist() == np.eye(3).tolist()
    expected = (loss, {"a": 2.0}, 8, "somewhere", ("module:function", "folder"))
    assert (found.loss, found.loss_weights, found.batch, found.source, found.as_trained) == expected
    TrainingData({"x": np.eye(3)}, np.arange(3), "mse").write(tmp_path / "one.npz")
    assert isinstance(read_training(tmp_path / "one.npz").targets, np.ndarray)


@pytest.fixture
def source(tmp_path: Path) -> Source:
    (tmp_path / "model.h5").write_bytes(b"weights")
    return Source(str(tmp_path / "model.h5"), "hdf5")


def working(source: Source, compression: Compression = PRUNE, data: TrainingData | None = None) -> Working:
    return Working.of(Path(source.path).with_name("out"), source, compression, data or samples())


def test_the_same_compression_is_gone_on_with(source: Source) -> None:
    assert not working(source).make(force=False)
    assert working(source).path.name == "out.compressing"
    assert not working(source).make(force=False), "nothing was done yet"
    (working(source).path / "prune.npz").write_bytes(b"state")
    assert working(source).make(force=False)
    assert working(source).make(force=True), "--force is for the output"
    working(source).remove()
    assert not working(source).path.exists()


def test_another_compression_is_not_thrown_away_without_force(source: Source) -> None:
    working(source).make(force=False)
    (working(source).path / "prune.npz").write_bytes(b"state")
    other = working(source, Compression(prune=Prune(0.8)))
    with pytest.raises(OutputExists, match="--force"):
        other.make(force=False)
    assert not other.make(force=True)
    assert not (other.path / "prune.npz").exists()


def test_another_model_or_other_data_are_another_compression(source: Source) -> None:
    before = working(source).key
    data = samples()
    data.inputs["x"][3, 2] = 1.0
    assert working(source, data=data).key != before
    Path(source.path).write_bytes(b"other weights")
    assert working(source).key != before


def test_a_live_model_that_is_saved_again_is_the_same(tmp_path: Path) -> None:
    keys = []
    for date in ("today", "tomorrow"):
        with zipfile.ZipFile(tmp_path / "live.keras", "w") as archive:
            archive.writestr("metadata.json", date)
            archive.writestr("config.json", "{}")
        keys.append(working(Source(str(tmp_path / "live.keras"), "keras")).key)
    assert keys[0] == keys[1]


def test_a_folder_of_that_name_that_is_somebody_elses_stays(source: Source) -> None:
    folder = working(source).path
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    for force in (False, True):
        with pytest.raises(OutputExists, match="there is a folder of that name"):
            working(source).make(force=force)
    working(source).remove()
    assert (folder / "notes.txt").read_text() == "mine"
