"""The folder where training ends and conversion begins: the model, its contract, its samples, where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy.typing as npt

from ..contract import ModelContract
from ..errors import UnreadableModel
from .codec import encode, read_document
from .files import member, read_arrays
from .folder import write_arrays, write_json

DOCUMENT = "trained.json"
MODEL = "model.keras"
CALIBRATION = "calibration.npz"
EVALUATION = "evaluation.npz"

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class TrainedModel:
    """The content of ``trained.json``.

    Attributes:
        format: Always ``litefoot-trained``.
        version: Of the format.
        name: Of the model.
        contract: What the model promises.
        metric_value: The metric on the evaluation samples, measured at the end of training; None without a metric.
        provenance: Recipe, seed, package versions, digest of the data set; for people.
    """

    format: Literal["litefoot-trained"]
    version: Literal[1]
    name: str
    contract: ModelContract
    metric_value: float | None
    provenance: dict[str, Any]

    def write(self, folder: Path, calibration: Arrays, evaluation: Arrays, targets: npt.NDArray[Any] | None) -> None:
        """Write the document and the samples; the model file is written by who trained it, as `MODEL`.

        Args:
            folder: An existing folder.
            calibration: By input name, preprocessed, (samples, ...), from the training data.
            evaluation: By input name, preprocessed, (samples, ...), from data that training never saw.
            targets: The right answer for each evaluation sample; None without labels.
        """
        write_json(folder / DOCUMENT, encode(self))
        write_arrays(folder / CALIBRATION, calibration)
        labelled = {} if targets is None else {"target": targets}
        write_arrays(folder / EVALUATION, {f"input/{name}": array for name, array in evaluation.items()} | labelled)


def read_trained(folder: Path) -> tuple[TrainedModel, Arrays, Arrays, npt.NDArray[Any] | None]:
    """Read what `TrainedModel.write` wrote.

    Args:
        folder: The folder.

    Returns:
        The document, the calibration inputs, the evaluation inputs and the evaluation targets.

    Raises:
        UnreadableModel: It is not such a folder, or a file in it is missing or damaged.
    """
    if not folder.is_dir():
        raise UnreadableModel("There is no such folder", where=folder)
    if not (folder / DOCUMENT).is_file():
        raise UnreadableModel(
            "This folder holds no trained model",
            where=folder,
            got=f"no {DOCUMENT} in it",
            fix="litefoot train RECIPE --out FOLDER",
        )
    if not member(folder, MODEL).is_file():
        raise UnreadableModel("The trained model's file is missing", where=folder / MODEL)
    document = read_document(TrainedModel, folder / DOCUMENT)
    evaluation = read_arrays(folder / EVALUATION)
    inputs = {name.removeprefix("input/"): array for name, array in evaluation.items() if name != "target"}
    return document, read_arrays(folder / CALIBRATION), inputs, evaluation.get("target")
