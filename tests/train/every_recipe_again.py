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


def handed_over(place: Path) -> dict[str, object]:
    """The loss on zeros shows that it can be called."""
    found = trained_with(place)
    live = as_trained(found.as_trained[1])
    sample = {name: array[0] for name, array in found.inputs.items()}
    targets = found.targets
    right = {name: array[0] for name, array in targets.items()} if isinstance(targets, dict) else targets[0]
    varied = sample if live.augment is None else live.augment(sample, right, (1, 2))[0]
    return {
        "losses": [str(getattr(loss, "name", getattr(loss, "__name__", loss))) for loss in np.ravel(live.losses)],
        "weights": live.loss_weights,
        "metrics": live.metrics,
        "varies": any(not np.array_equal(varied[name], sample[name]) for name in sample),
    }


told = {}
for recipe in RECIPES:
    try:
        told[recipe] = handed_over(untrained(recipe, Path(sys.argv[1])))
    except LitefootError as error:
        told[recipe] = {"refused": str(error)}
sys.stdout.write(json.dumps(told) + "\n")
