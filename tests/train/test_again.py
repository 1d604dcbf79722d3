"""What a model was trained with comes back from its folder, or it is said why not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from litefoot.train import RECIPES

pytestmark = pytest.mark.slow

RECIPE = Path(__file__).with_name("again_recipe.py")
PROGRAM = """
import json, os, sys
import numpy as np
from pathlib import Path
from litefoot.runtime.errors import LitefootError
from litefoot.train import Options, train, trained_with
from litefoot.train.again import as_trained
recipe, folder, data = map(Path, sys.argv[1:])
os.chdir(folder)
train(os.path.relpath(recipe), folder / "out", options=Options(source=Path("data.txt"), seed=3))
os.chdir("/")
told = {}
def tell(name, **options):
    os.environ["AGAIN"] = name.partition(",")[0]
    try:
        found = trained_with(folder / "out", **options)
        arrays = {name: array.ravel().tolist() for name, array in found.targets.items()}
        live = as_trained(found.as_trained[1])
        pair = np.array([[3.0]]), np.array([[1.0]])
        losses = [float(np.ravel(loss(*pair))[0]) if callable(loss) else loss for loss in live.losses]
        given = [found.inputs["x"].ravel().tolist(), arrays, found.batch]
        told[name] = [*given, losses, live.loss_weights, live.metrics]
    except LitefootError as error:
        told[name] = f"{type(error).__name__}: {error}"
tell("same")
tell("closure")
tell("own step")
tell("own step, another loss", needs_loss=False)
tell("other")
data.write_text("5 6 7 8 9")
tell("changed data")
data.unlink()
tell("no data")
document = folder / "out" / "trained.json"
content = json.loads(document.read_text())
content["provenance"] = {"framework": "mine"}
document.write_text(json.dumps(content))
tell("no provenance")
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("again")
    data = folder / "data.txt"
    data.write_text("1 2 3 4")
    environment = {**os.environ, "AGAIN": ""}
    command = [sys.executable, "-c", PROGRAM, str(RECIPE), str(folder), str(data)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_samples_losses_and_metrics_come_back_from_another_folder(told: dict[str, Any]) -> None:
    inputs, targets, batch, losses, weights, metrics = told["same"]
    assert (inputs, targets) == ([1.0, 2.0, 3.0, 4.0], {"low": [0.0, 1.0, 2.0, 3.0], "high": [4.0, 5.0, 6.0, 7.0]})
    assert (batch, losses[0]) == (4, "mse")
    assert losses[1] == 0.5 * 0.5**2 + 0.5 * (2.0 - 0.5), "Huber's, of an error of 2 with delta 0.5"
    assert (weights, metrics) == ([2.0, 1.0], [[], ["mae"]])


def test_a_loss_that_is_made_while_it_trains_comes_back(told: dict[str, Any]) -> None:
    assert told["closure"][3][0] == 2.0 * (3.0 - 1.0) ** 2


def test_without_a_loss_that_it_is_trained_by_another_one_will_do(told: dict[str, Any]) -> None:
    assert "Stepping.train_step" in told["own step"]
    assert "--loss" in told["own step"]
    assert told["own step, another loss"][2] == 4


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("other", "ships another model than the one that it trains"),
        ("changed data", "no longer those that this model was trained with"),
        ("no data", "are gone"),
        ("no provenance", "does not say how its model was trained"),
    ],
)
def test_what_is_gone_or_has_changed_is_said(told: dict[str, Any], case: str, said: str) -> None:
    assert said in told[case]


LOSSES = {
    "answer": ["sparse_categorical_crossentropy"] * 2,
    "cats-dogs": ["sparse_categorical_crossentropy"],
    "detect": ["box_loss", "score_loss"],
    "digits": ["sparse_categorical_crossentropy"],
    "forecast": ["huber_loss"],
    "mnist": ["sparse_categorical_crossentropy"],
    "segment": ["sparse_categorical_crossentropy"],
    "text-class": ["balanced_crossentropy"],
}
REFUSED = {
    "gan": "trains on image, by Generation.train_step, and ships gan (noise)",
    "generate": "ships generate (token, filled",
    "inpaint": "by Repair.train_step, and ships inpaint (damaged)",
    "speech": "trains on frame and ships speech (frame, state)",
    "translate": "ships encoder (source), decoder (token",
}


def test_every_recipe_brings_its_loss_or_says_why_not(tmp_path: Path) -> None:
    command = [sys.executable, str(Path(__file__).with_name("every_recipe_again.py")), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.keys() == RECIPES.keys() == LOSSES.keys() | REFUSED.keys()
    for name, losses in LOSSES.items():
        assert found[name] == losses
    for name, said in REFUSED.items():
        assert said in found[name]["refused"]
