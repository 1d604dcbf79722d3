"""Files measured side by side."""

from __future__ import annotations

from pathlib import Path

from tiny_models import write_affine

from litefoot.convert.latencies import latencies
from litefoot.runtime.machine.fresh import sample_inputs
from litefoot.runtime.model import load


def test_latencies_are_positive_and_one_for_each_model(tmp_path: Path) -> None:
    models = [load(write_affine(tmp_path / f"model{suffix}")) for suffix in (".tflite", ".onnx")]
    times = latencies(models, sample_inputs(models[0].inputs), seconds=0.01)
    assert len(times) == 2
    assert all(0 < milliseconds < 1000 for milliseconds in times)
