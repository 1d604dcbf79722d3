"""Which loss a model is fine-tuned by, where nobody says."""

from __future__ import annotations

from typing import Any

import numpy as np

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import UsageError

from .training_data import TrainingData

_CLASSES = {
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
    "categorical_crossentropy": "CategoricalCrossentropy",
    "binary_crossentropy": "BinaryCrossentropy",
}


def choose_loss(contract: ModelContract, data: TrainingData, asked: str | None) -> Any:
    """The loss for a model's outputs.

    Args:
        contract: Of the model.
        data: What it is fine-tuned with; its own loss counts where it has one.
        asked: What the user asked for; None for the data's own, else the usual one for the outputs.

    Returns:
        A name or configuration, as in `TrainingData`; None for that of `TrainingData.as_trained`.

    Raises:
        UsageError: The outputs leave several open.
    """
    if asked is None and (data.loss is not None or data.as_trained is not None):
        return data.loss
    name = asked or _usual(contract, data)
    if name in _CLASSES and contract.outputs[0].kind == "logits":
        return {"class_name": _CLASSES[name], "config": {"from_logits": True, "name": name}}
    return name


def _usual(contract: ModelContract, data: TrainingData) -> str:
    targets, output = data.targets, contract.outputs[0]
    if len(contract.outputs) == 1 and isinstance(targets, np.ndarray):
        rank, whole = len(output.shape), targets.dtype.kind in "iub"
        if output.kind in ("probabilities", "logits", "mask") and whole:
            if output.shape[-1] == 1:
                return "binary_crossentropy"
            if targets.ndim == rank - 1:
                return "sparse_categorical_crossentropy"
        if output.kind in (None, "regression", "sequence", "image") and not whole and targets.ndim == rank:
            return "mean_squared_error"
    raise UsageError(
        "These outputs do not tell by which loss the model was trained",
        got=", ".join(f"{spec.name}: {spec.kind or 'no kind'}" for spec in contract.outputs),
        fix="--loss with the name of a loss of Keras; --kind says what an output holds",
    )
