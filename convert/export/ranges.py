"""Activation ranges of a float32 TFLite file over calibration samples, for ai-edge-quantizer."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np

from litefoot.runtime.storage.files import read_arrays

from ..tflite_tables import read_tables
from .calibration import one_by_one
from .contents import Contents

_LARGEST = 3e38
"""The quantizer leaves what is beyond out of a range: infinities that stand for "nothing" in padding and masks."""


def ranges_of(source: str, calibration: str) -> Any:
    """Each tensor's smallest and largest value over the calibration samples.

    The quantizer's own default is a moving average of them, which lost 30 dB on recurrent models.

    Args:
        source: The float32 ``.tflite`` file.
        calibration: An ``.npz`` file, by input name, (samples, ...), float32.

    Returns:
        What the quantizer takes.
    """
    return _ranges_of(Contents.of(source), Contents.of(calibration))


@functools.lru_cache(maxsize=1)
def _ranges_of(source: Contents, calibration: Contents) -> Any:
    from ai_edge_quantizer.calibrator import CalibrationMode

    graphs = read_tables(source.path).subgraphs
    if len(graphs) == 1:  # what observes while the file runs, ten times as fast, sees the main graph alone
        seen = _calibrate(source.path, calibration.path, CalibrationMode.CALIBRATION_PROFILER_BASED)
        if all(np.abs(bound).max() < _LARGEST for entry in seen.values() for bound in entry.values()):
            return _with_ranks(seen, graphs[0])
    return _calibrate(source.path, calibration.path, CalibrationMode.CALIBRATION_PRESERVE_ALL_TENSORS)


def _calibrate(source: Path, calibration: Path, mode: Any) -> dict[str, dict[str, Any]]:
    from ai_edge_litert.interpreter import Interpreter
    from ai_edge_quantizer import recipe
    from ai_edge_quantizer.calibrator import Calibrator
    from ai_edge_quantizer.recipe_manager import RecipeManager
    from ai_edge_quantizer.utils.qsv_utils import min_max_update

    interpreter = Interpreter(str(source))
    signature = next(iter(interpreter.get_signature_list()))
    batch = int(interpreter.get_input_details()[0]["shape"][0])
    manager = RecipeManager()
    manager.load_quantization_recipe(recipe.static_wi8_ai8())
    # Unless told, it takes 16 threads, which get into each other's way on small boards' models.
    calibrator = Calibrator(str(source), num_threads=1, mode=mode, qsv_update_func=min_max_update)
    samples = list(one_by_one(read_arrays(calibration), batch))  # it goes through them twice
    calibrator.calibrate({signature: samples}, manager)
    found: dict[str, dict[str, Any]] = calibrator.get_model_qsvs()
    return found


def _with_ranks(seen: dict[str, dict[str, Any]], graph: Any) -> dict[str, dict[str, Any]]:
    """The same bounds with as many axes as their tensors have: the quantizer compares the two."""
    ranks = {tensor.name.decode(): len(() if tensor.shape is None else tensor.shape) for tensor in graph.tensors}
    return {
        name: {key: np.reshape(bound, (1,) * ranks[name]) for key, bound in entry.items()}
        for name, entry in seen.items()
        if name in ranks
    }
