"""The activation ranges of quantization-aware training, for the tensors of an ONNX file that has names of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.storage.files import read_arrays, read_json

from ..compress.marks import RANGES, SAMPLES, mark_of

_RELATIVE = 1e-4
_ABSOLUTE = 1e-3


def trained_ranges(prepared: Path, folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Find the tensors that ranges were trained for, by what they hold on the same samples.

    Args:
        prepared: A float32 ``.onnx`` file of the trained weights.
        folder: Of a compressed form, see `litefoot.convert.compress.job`.

    Returns:
        By the tensor's name, what ONNX Runtime is told of its quantization.
    """
    found = {}
    ranges = read_json(folder / RANGES)
    marks = np.array([entry["mark"] for entry in ranges]).reshape(len(ranges), -1)
    for name, values in _values(prepared, read_arrays(folder / SAMPLES)).items():
        if values.dtype == np.float32 and values.size:
            same = np.isclose(marks, mark_of(values), rtol=_RELATIVE, atol=_ABSOLUTE).all(axis=1)
            for entry in [ranges[i] for i in np.flatnonzero(same)][:1]:
                found[name] = [{"rmin": np.float32(entry["low"]), "rmax": np.float32(entry["high"])}]
    return found


def _values(prepared: Path, samples: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    """What every tensor of the file holds on some samples, its inputs too."""
    import onnx
    import onnxruntime

    model = onnx.load(str(prepared))
    shown = {tensor.name for tensor in model.graph.output}
    inner = [name for node in model.graph.node for name in node.output if name and name not in shown]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in inner)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [tensor.name for tensor in session.get_outputs()]
    return samples | dict(zip(names, session.run(names, samples), strict=True))
