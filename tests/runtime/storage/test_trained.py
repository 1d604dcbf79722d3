"""What training wrote is what conversion reads, or a plain refusal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import BadDocument, UnreadableModel
from litefoot.runtime.storage.trained import CALIBRATION, DOCUMENT, EVALUATION, MODEL, TrainedModel, read_trained
from litefoot.runtime.tensors import TensorSpec

CONTRACT = ModelContract((TensorSpec("x", (None, 3), "float32"),), (TensorSpec("y", (None, 2), "float32"),), "a task")
TRAINED = TrainedModel("litefoot-trained", 1, "tiny", CONTRACT, 0.75, {"seed": 1})
CALIBRATING = {"x": np.ones((2, 3), np.float32)}
EVALUATING = {"x": np.arange(12, dtype=np.float32).reshape(4, 3)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / MODEL).write_bytes(b"model")
    TRAINED.write(tmp_path, CALIBRATING, EVALUATING, np.arange(4))
    return tmp_path


def test_what_was_written_is_read(folder: Path) -> None:
    document, calibration, evaluation, targets = read_trained(folder)
    assert document == TRAINED
    assert calibration.keys() == evaluation.keys() == {"x"}
    np.testing.assert_array_equal(calibration["x"], CALIBRATING["x"])
    np.testing.assert_array_equal(evaluation["x"], EVALUATING["x"])
    assert targets is not None
    assert targets.tolist() == [0, 1, 2, 3]


def test_an_input_may_be_called_target(tmp_path: Path) -> None:
    (tmp_path / MODEL).write_bytes(b"model")
    TRAINED.write(tmp_path, CALIBRATING, {"target": np.zeros(3)}, None)
    _, _, evaluation, targets = read_trained(tmp_path)
    assert evaluation.keys() == {"target"}
    assert targets is None


@pytest.mark.parametrize("file", [DOCUMENT, MODEL, CALIBRATION, EVALUATION])
def test_a_missing_file_is_named(folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(UnreadableModel, match=file):
        read_trained(folder)


@pytest.mark.parametrize("file", [DOCUMENT, CALIBRATION, EVALUATION])
@pytest.mark.parametrize(
    "damage", [lambda content: b"", lambda content: content[: len(content) // 2]], ids=["empty", "cut off"]
)
def test_a_damaged_file_is_named(folder: Path, file: str, damage: Callable[[bytes], bytes]) -> None:
    (folder / file).write_bytes(damage((folder / file).read_bytes()))
    with pytest.raises(UnreadableModel, match=file):
        read_trained(folder)


@pytest.mark.parametrize(
    ("old", "new"), [('"version": 1', '"version": 2'), ("litefoot-trained", "other"), ("task", "tusk")]
)
def test_a_document_of_another_format_is_refused(folder: Path, old: str, new: str) -> None:
    text = (folder / DOCUMENT).read_text()
    assert old in text
    (folder / DOCUMENT).write_text(text.replace(old, new))
    with pytest.raises(BadDocument):
        read_trained(folder)


def test_a_model_file_that_is_a_link_out_of_the_folder_is_refused(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "model.keras"
    outside.write_bytes(b"model")
    (folder / MODEL).unlink()
    (folder / MODEL).symlink_to(outside)
    with pytest.raises(UnreadableModel, match="outside its folder"):
        read_trained(folder)
