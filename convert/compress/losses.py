"""Which loss a model is fine-tuned by, where nobody says."""

from __future__ import annotations

from typing import Any

import numpy as np

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import SampleError, UsageError

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
        SampleError: A label is no class of the model.
    """
    if asked is None and (data.loss is not None or data.as_trained is not None):
        return data.loss
    name = asked or _usual(contract, data)
    if name == "sparse_categorical_crossentropy" and isinstance(data.targets, np.ndarray):
        _check_classes(data, contract.outputs[0].shape[-1])
    if name in _CLASSES and contract.outputs[0].kind == "logits":
        return {"class_name": _CLASSES[name], "config": {"from_logits": True, "name": name}}
    return name


def _check_classes(data: TrainingData, classes: int | None) -> None:
    assert isinstance(data.targets, np.ndarray)
    least, most = data.targets.min(), data.targets.max()
    if least < 0 or (classes is not None and most >= classes):
        raise SampleError(
            "The labels are no classes of this model",
            where=data.source,
            got=f"{least} to {most}",
            expected=f"0 to {classes - 1}" if classes is not None else "0 or more",
        )


def _usual(contract: ModelContract, data: TrainingData) -> str:
    targets, output = data.targets, contract.outputs[0]
    if len(contract.outputs) == 1 and isinstance(targets, np.ndarray):
        rank, whole = len(output.shape), targets.dtype.kind in "iub"
        if output.kind in ("probabilities", "logits", "mask"):
            if whole and output.shape[-1] == 1:
                return "binary_crossentropy"
            if whole and targets.ndim == rank - 1:
                return "sparse_categorical_crossentropy"
            if targets.ndim == rank and targets.shape[-1] == output.shape[-1]:
                return "categorical_crossentropy"
        if output.kind in (None, "regression", "sequence", "image") and not whole and targets.ndim == rank:
            return "mean_squared_error"
    answers = targets.items() if isinstance(targets, dict) else [("targets", targets)]
    kinds = ", ".join(f"{spec.name}: {spec.kind or 'no kind'}" for spec in contract.outputs)
    forms = ", ".join(f"{name}: {array.dtype} {array.shape}" for name, array in answers)
    raise UsageError(
        "These outputs and right answers do not tell by which loss the model was trained",
        where=data.source,
        got=f"outputs {kinds}; {forms}",
        expected="classes as integers, or as ones and zeros; values as floats in the output's shape",
        fix="--loss with the name of a loss of Keras; --kind says what an output holds",
    )
