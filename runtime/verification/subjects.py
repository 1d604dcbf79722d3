"""Model files and bundles, opened to be compared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import MissingDependency
from ..graph import Graph, read_graph
from ..model import Model, load
from ..sequences import check_wiring, roll_out
from ..storage.bundle import Bundle
from .comparison import Subject
from .tolerance import PRECISIONS

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]


def open_subject(path: Path, *, artifact: str | None = None, threads: int | str = 1) -> Subject:
    """Open a model file, or an artifact of a bundle.

    Args:
        path: A bundle folder, a ``.tflite`` or an ``.onnx`` file.
        artifact: Of the bundle; None for the first recommended one.
        threads: As for `load`.

    Returns:
        What can be compared.

    Raises:
        UnreadableModel: As `load`.
        MissingDependency: As `load`.
        UsageError: As `load`.
    """
    model = load(path, artifact=artifact, threads=threads)
    name, precision, steps = path.name, None, {}
    if path.is_dir():
        made = Bundle(path).artifact(model.name)
        name, precision, steps = f"{path.name}:{made.name}", made.precision, made.output_steps
        precision = precision if precision in PRECISIONS else "int8"
    else:
        try:
            graph = read_graph(path)
        except MissingDependency:  # boards run ONNX files without what reads them
            pass
        else:
            precision, steps = precision_of(graph), graph.output_steps
    return Subject(name, model.engine, model.inputs, model.outputs, _Answering(model), model.contract, precision, steps)


def precision_of(graph: Graph) -> str:
    """How a file stores its weights and activations.

    Args:
        graph: What is in it.

    Returns:
        The least precise that there is, one of `PRECISIONS`.
    """
    arithmetic = {operator.arithmetic for operator in graph.operators}
    if "integer" in arithmetic and not graph.while_running:
        return "int8"
    if graph.while_running or "hybrid" in arithmetic:
        return "dynamic"
    return "fp16" if "float16" in graph.weight_bytes else "fp32"


class _Answering:
    """A model as a function of samples; a single file is taken through sequences by the state of its counterpart."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def __call__(self, given: Mapping[str, Array], state: Mapping[str, str]) -> Mapping[str, Array]:
        model = self._model
        if not state or model.contract is not None:
            return model.predict_by_name(given)
        check_wiring(model.inputs, model.outputs, state, model.name)
        answers = [
            roll_out(model.run, model.inputs, state, {name: array[i : i + 1] for name, array in given.items()})
            for i in range(len(next(iter(given.values()))))
        ]
        return {name: np.concatenate([answer[name] for answer in answers]) for name in answers[0]}
