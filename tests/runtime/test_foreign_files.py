"""Files that nobody here made: the ONNX project's own cases, and whatever lies in the folder `LITEFOOT_MODELS`."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from litefoot.runtime.errors import LitefootError, UnreadableModel
from litefoot.runtime.graph import read_graph
from litefoot.runtime.machine.fresh import sample_inputs
from litefoot.runtime.model import load

CASES = sorted(path.parent for path in (Path(onnx.__file__).parent / "backend/test/data").glob("*/*/model.onnx"))


def read_tensors(folder: Path, kind: str) -> list[np.ndarray]:
    count = len(list(folder.glob(f"{kind}_*.pb")))
    tensors = [onnx.TensorProto.FromString((folder / f"{kind}_{i}.pb").read_bytes()) for i in range(count)]
    return [numpy_helper.to_array(tensor) for tensor in tensors]


def answers_as_recorded(case: Path) -> bool:
    """Whether a case runs, and then rightly; or it is refused with its own path in the message."""
    try:
        model = load(case / "model.onnx")
    except UnreadableModel as refusal:  # strings, gradients, operators of ONNX versions that ONNX Runtime has dropped
        words = str(refusal)
    else:
        words = ""
    if words:
        assert str(case) in words
        return False
    given = read_tensors(case / "test_data_set_0", "input")
    outputs = model.run({spec.name: array for spec, array in zip(model.inputs, given, strict=True)}, raw=True)
    for output, expected in zip(outputs.values(), read_tensors(case / "test_data_set_0", "output"), strict=True):
        np.testing.assert_allclose(output, expected, rtol=1e-3, atol=1e-5)
    return True


def test_the_cases_of_the_onnx_project_give_their_recorded_answers_or_are_refused_in_words() -> None:
    answered = [answers_as_recorded(case) for case in CASES]
    assert len(answered) > 100
    assert sum(answered) > 90


def foreign_files() -> list[Path]:
    folder = os.environ.get("LITEFOOT_MODELS")
    files = sorted(Path(folder).iterdir()) if folder and Path(folder).is_dir() else []
    return [path for path in files if path.suffix in (".tflite", ".onnx")]


@pytest.mark.skipif(not foreign_files(), reason="LITEFOOT_MODELS names no folder with .tflite or .onnx files")
@pytest.mark.parametrize("path", foreign_files(), ids=lambda path: path.name)
def test_a_foreign_file_answers_the_same_twice_and_in_batches_or_is_refused_in_words(path: Path) -> None:
    assert read_graph(path).operators
    try:
        model = load(path)
        inputs = sample_inputs(model.inputs)
        first, second = model.run(inputs), model.run(inputs)
    except LitefootError:
        return
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name])
    if all(array.shape[:1] == (1,) for array in (*inputs.values(), *first.values())):
        many = model.predict({name: np.repeat(array, 20, axis=0) for name, array in inputs.items()})
        for name, array in (many if isinstance(many, dict) else {model.outputs[0].name: many}).items():
            np.testing.assert_array_equal(array, np.repeat(first[name], 20, axis=0))
