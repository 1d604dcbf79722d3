"""A recipe of the user's own: what is known of it comes out, and what is wrong with it is said before training."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from litefoot.runtime.storage.trained import read_trained

pytestmark = pytest.mark.slow

ALL = """
import json, os, sys
from pathlib import Path
from litefoot.runtime.errors import LitefootError
from litefoot.train import train
told = {}
for wrong in sys.argv[3:]:
    os.environ["BREAK"] = wrong
    try:
        train(sys.argv[1], Path(sys.argv[2]) / wrong.replace(" ", "-"))
    except LitefootError as error:
        told[wrong] = f"{type(error).__name__}: {error}"
print(json.dumps(told))
"""

WRONG = {
    "load": ("UsageError: The recipe stops with an error in load()", "in fail", "RuntimeError: no load today"),
    "build": ("UsageError: The recipe stops with an error in build()", "RuntimeError: no build today"),
    "augment": ("UsageError: The recipe stops with an error while it is trained", "no augment today"),
    "traced": ("UsageError: The recipe stops with an error while it is trained", "in augment", "Cannot reshape"),
    "running": ("UsageError: The recipe stops with an error while it is trained", "the target is too large"),
    "after_epoch": ("UsageError: The recipe stops with an error while it is trained", "no after_epoch today"),
    "deliver": ("UsageError: The recipe stops with an error in deliver()", "no deliver today"),
    "not compiled": ("UsageError: build() returns a compiled model",),
    "rebuilt": ("UsageError: build() returns another model when it is called again", "2 arrays", "1 arrays"),
    "monitor": ("UsageError: The recipe's monitor is not a figure of its model", "no_loss", "one of loss, val_loss"),
    "metric": ("SampleError: The metric accuracy cannot be measured",),
    "input name": ("SampleError: There are other names", "got:      data", "expected: x"),
    "input shape": ("UsageError: The model and its contract differ in an input", "x float32[?, 1]", "x float32[?, 2]"),
    "output name": ("UsageError: The model and its contract have other outputs", "got:      y", "expected: z"),
    "output dtype": ("UsageError: The model and its contract differ in an output", "y float64[?, 1]"),
}
AFTER_TRAINING_BEGAN = ("augment", "traced", "running", "after_epoch", "monitor")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, counting: Path) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("wrong")
    done = subprocess.run(
        [sys.executable, "-c", ALL, counting, folder, *WRONG], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_said_in_one_message(told: dict[str, str], wrong: str) -> None:
    for part in WRONG[wrong]:
        assert part in told[wrong]


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory, steered, counting: Path) -> Path:
    out = tmp_path_factory.mktemp("counted") / "out"
    done = steered(counting, "--out", out)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:3] == [
        "1 weights, 5 epochs on 1 device in 1 process, the best was 3",
        "samples: 8 train, 4 validation, 5 test",
        "counting: test rmse 0.0000",
    ]
    return out


def test_training_stops_when_nothing_gets_better_and_the_best_weight_is_kept(counted: Path, weights) -> None:
    history = json.loads((counted / "history.json").read_text())
    assert history == {"loss": [10.0, 9.0, 8.0, 7.0, 6.0], "val_loss": [2.0, 1.0, 0.0, 1.0, 2.0]}
    assert [array.tolist() for array in weights(counted).values() if array.ndim == 2] == [[[3.0]]]
    document, calibration, evaluation, targets = read_trained(counted)
    assert (document.metric_value, document.provenance["best_epoch"]) == (0.0, 3)
    assert (len(calibration["x"]), len(evaluation["x"])) == (8, 5)
    np.testing.assert_array_equal(targets, np.full((5, 1), 3.0, np.float32))


def test_what_the_recipe_keeps_of_each_epoch_is_in_the_result(counted: Path) -> None:
    assert [(counted / f"weight-{epoch}.txt").read_text() for epoch in range(1, 6)] == [
        "1.0",
        "2.0",
        "3.0",
        "4.0",
        "5.0",
    ]


def test_there_is_a_picture_of_the_history(counted: Path) -> None:
    from PIL import Image

    with Image.open(counted / "history.png") as picture:
        assert picture.format == "PNG"
        assert picture.width > picture.height > 100


def test_tensorboard_finds_every_figure(counted: Path) -> None:
    script = """
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator, STORE_EVERYTHING_SIZE_GUIDANCE
from tensorboard.util.tensor_util import make_ndarray
found = {}
for part in sys.argv[2:]:
    log = EventAccumulator(f"{sys.argv[1]}/{part}", STORE_EVERYTHING_SIZE_GUIDANCE)
    log.Reload()
    found[part] = [(event.step, float(make_ndarray(event.tensor_proto))) for event in log.Tensors("loss")]
print(json.dumps(found))
"""
    command = [sys.executable, "-c", script, str(counted / "tensorboard"), "train", "validation"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["train"] == [[1, 10.0], [2, 9.0], [3, 8.0], [4, 7.0], [5, 6.0]]
    assert found["validation"] == [[1, 2.0], [2, 1.0], [3, 0.0], [4, 1.0], [5, 2.0]]


def test_the_sample_of_an_own_recipe_trains_and_converts(tmp_path: Path, litefoot, own_recipe: Path) -> None:
    own = tmp_path / "mine.csv"
    own.write_text(own_recipe.with_name("readings.csv").read_text())
    done = litefoot("train", own_recipe, "--data", own, "--out", tmp_path / "machine")
    assert done.returncode == 0, done.stderr
    document = read_trained(tmp_path / "machine")[0]
    assert document.provenance["origin"] == "mine.csv"
    assert document.metric_value is not None
    assert document.metric_value > 0.9
    converted = litefoot("convert", tmp_path / "machine", "--out", tmp_path / "bundle")
    assert converted.returncode in (0, 1), converted.stderr
    assert (tmp_path / "bundle" / "manifest.json").is_file()
