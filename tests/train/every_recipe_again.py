"""What each of litefoot's recipes hands over to be fine-tuned with, or why not, as JSON; nothing is trained."""

import json
import sys
from pathlib import Path

import numpy as np

from litefoot.runtime.errors import LitefootError
from litefoot.runtime.storage.trained import MODEL, TrainedModel
from litefoot.train import RECIPES, Request, find_recipe
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


def handed_over(place: Path) -> list[str]:
    """The names of the losses."""
    live = as_trained(trained_with(place).as_trained[1])
    return [str(getattr(loss, "name", getattr(loss, "__name__", loss))) for loss in np.ravel(live.losses)]


told = {}
for recipe in RECIPES:
    try:
        told[recipe] = handed_over(untrained(recipe, Path(sys.argv[1])))
    except LitefootError as error:
        told[recipe] = {"refused": str(error)}
sys.stdout.write(json.dumps(told) + "\n")
