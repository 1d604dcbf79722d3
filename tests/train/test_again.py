"""What a model was trained with comes back from its folder, or it is said why not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

RECIPE = Path(__file__).with_name("again_recipe.py")
PROGRAM = """
import json, os, sys
from pathlib import Path
from litefoot.runtime.errors import LitefootError
from litefoot.train import Options, train, trained_with
recipe, folder, data = map(Path, sys.argv[1:])
os.chdir(folder)
train(os.path.relpath(recipe), folder / "out", options=Options(source=Path("data.txt"), seed=3))
os.chdir("/")
told = {}
def tell(name, **options):
    os.environ["AGAIN"] = name
    try:
        found = trained_with(folder / "out", **options)
        arrays = {name: array.ravel().tolist() for name, array in found.targets.items()}
        told[name] = [found.inputs["x"].ravel().tolist(), arrays, found.loss, found.loss_weights, found.batch]
    except LitefootError as error:
        told[name] = f"{type(error).__name__}: {error}"
tell("same")
tell("closure")
tell("closure, another loss", needs_loss=False)
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


def test_samples_losses_and_batch_come_back_from_another_folder(told: dict[str, Any]) -> None:
    inputs, targets, loss, weights, batch = told["same"]
    assert (inputs, targets) == ([1.0, 2.0, 3.0, 4.0], {"low": [0.0, 1.0, 2.0, 3.0], "high": [4.0, 5.0, 6.0, 7.0]})
    assert loss["low"] == "mse"
    assert (loss["high"]["class_name"], loss["high"]["config"]["delta"]) == ("Huber", 0.5)
    assert (weights, batch) == ({"low": 2.0, "high": 1.0}, 4)


def test_a_loss_that_is_made_while_it_trains_is_needed_only_where_no_other_is_given(told: dict[str, Any]) -> None:
    assert "cannot be handed over" in told["closure"]
    assert "--loss" in told["closure"]
    assert told["closure, another loss"][2] is None


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
