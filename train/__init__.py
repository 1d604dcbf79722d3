"""Train a recipe to a TrainedModel folder: the model, its contract, its samples, and where it came from."""

from .recipe import RECIPES, Recipe, train

__all__ = ["RECIPES", "Recipe", "train"]
