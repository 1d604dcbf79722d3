"""What each of litefoot's recipes hands over to be fine-tuned with, or why not, as JSON; nothing is trained."""

import json
import sys
from pathlib import Path

import numpy as np

from litefoot.runtime.errors import LitefootError
from litefoot.runtime.storage.trained import MODEL, TrainedModel
from litefoot.train import RECIPES, Plan, Request, find_recipe
from litefoot.train.again import AGAIN, as_trained, trained_with


def untrained(name: str, folder: Path) -> Path:
    """A folder that says what a quick run's would say of its training."""
    data = find_recipe(name).load(Request(quick=True))
    again = {"recipe": name, "data": None}
    provenance = {AGAIN: again, "seed": 0, "quick": True, "batch": 32, "data_sha256": data.digest}
    place = folder / name
    place.mkdir()
    (place / MODEL).touch()
    TrainedModel("litefoot-trained", 1, name, data.contract, None, provenance).write(place, {}, {}, None)
    return place


def handed_over(name: str, place: Path) -> list[str]:
    """The names of the losses, with which the recipe's model can be judged on a few samples."""
    found = trained_with(place)
    live = as_trained(found.as_trained[1])
    recipe = find_recipe(name)
    data = recipe.load(Request(quick=True))
    few = data.train.take(np.arange(4))
    model = recipe.build(data, Plan(1, 1, 1e-3))
    model.compile("sgd", live.losses, live.metrics, live.loss_weights)
    right = few.targets
    targets = [right[name] for name in model.output_names] if isinstance(right, dict) else right
    figures = model.evaluate(few.inputs, targets, verbose=0, return_dict=True)
    assert all(np.isfinite(value) for value in figures.values()), figures
    return [str(getattr(loss, "name", getattr(loss, "__name__", loss))) for loss in np.ravel(live.losses)]


told = {}
for each in RECIPES:
    try:
        told[each] = handed_over(each, untrained(each, Path(sys.argv[1])))
    except LitefootError as error:
        told[each] = {"refused": str(error)}
sys.stdout.write(json.dumps(told) + "\n")
