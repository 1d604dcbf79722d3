"""Train a recipe to a TrainedModel folder: the model, its contract, its samples, and where it came from."""

from .again import TrainedWith, trained_with
from .data.samples import Data, Samples
from .recipe import RECIPES, Delivery, Plan, Recipe, Request, find_recipe
from .run import Options, Trained, interrupted, train

__all__ = [
    "RECIPES",
    "Data",
    "Delivery",
    "Options",
    "Plan",
    "Recipe",
    "Request",
    "Samples",
    "Trained",
    "TrainedWith",
    "find_recipe",
    "interrupted",
    "train",
    "trained_with",
]
