"""A layer whose weights stay in float has its own bias again, in the finished file of both formats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_models

from litefoot.convert.export import quantize_onnx
from litefoot.convert.remedies import correct_biases
from litefoot.convert.remedies.float_file import open_float
from litefoot.convert.rescue.trials import Plan
from litefoot.convert.rescue.trying import make
from litefoot.runtime import load
from litefoot.runtime.storage.folder import write_arrays

WEIGHTS = np.array([[127.0, 0.4], [1.0, 127.0]], np.float32)
X = np.random.default_rng(0).uniform(1, 5, (16, 2)).astype(np.float32)


@pytest.mark.filterwarnings(
    "ignore:Warning. Enabling `experimental_preserve_all_tensors`:UserWarning"
)  # the quantizer's
@pytest.mark.parametrize("suffix", ["tflite", "onnx"])
def test_in_float_throughout_it_answers_as_the_model_before_the_correction(tmp_path: Path, suffix: str) -> None:
    before = tiny_models.write_two_layers(tmp_path / f"before.{suffix}", WEIGHTS, WEIGHTS)
    corrected, quantized, out = (tmp_path / f"{name}.{suffix}" for name in ("corrected", "quantized", "out"))
    assert len(correct_biases(before, corrected, {"x": X})) == 2
    write_arrays(tmp_path / "rest.npz", {"x": X})
    if suffix == "onnx":
        quantize_onnx.quantize(corrected, tmp_path / "rest.npz", quantized)
    file = open_float(corrected)
    tensors = {name for node in file.nodes for name in (*node.inputs, *node.outputs)}
    layers = {layer.output for layer in file.linears()}
    plan = Plan(
        suffix,
        str(corrected),
        str(quantized),
        str(tmp_path / "rest.npz"),
        uncorrected=str(before),
        freed=tuple(sorted(tensors)),
        float_weights=tuple(sorted(layers)),
    )
    make(plan, out)
    expected, wrong, found = (load(path).predict(X) for path in (before, corrected, out))
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert not np.allclose(wrong, expected, rtol=1e-4, atol=0.0)
