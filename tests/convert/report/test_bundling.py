"""What a bundle carries beside its models: as many golden samples as fit, and the digest of every file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from litefoot.convert.report import bundling
from litefoot.convert.report.bundling import file_records, limit_golden
from litefoot.runtime.storage.files import sha256
from litefoot.runtime.storage.golden import Golden

GOLDEN = Golden(
    {"x": np.arange(20, dtype=np.float32).reshape(10, 2)},
    {"y": np.arange(10, dtype=np.float32)},
    np.arange(10, dtype=np.int32),
)
BYTES_OF_ONE = 2 * 4 + 4 + 4


@pytest.mark.parametrize(("limit", "kept"), [(10 * BYTES_OF_ONE, 10), (3 * BYTES_OF_ONE, 3), (1, 1)])
def test_the_first_samples_that_fit_are_kept_and_at_least_one(
    limit: int, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundling, "MAX_GOLDEN_BYTES", limit)
    limited = limit_golden(GOLDEN)
    assert limited.targets is not None
    np.testing.assert_array_equal(limited.inputs["x"], GOLDEN.inputs["x"][:kept])
    np.testing.assert_array_equal(limited.references["y"], np.arange(kept))
    np.testing.assert_array_equal(limited.targets, np.arange(kept))


def test_samples_without_labels_stay_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundling, "MAX_GOLDEN_BYTES", 1)
    assert limit_golden(Golden(GOLDEN.inputs, GOLDEN.references, None)).targets is None


def test_every_file_but_the_models_and_the_manifest_is_recorded_by_name(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    for name in ("report.json", "golden.npz", "manifest.json", "models/fp32.tflite"):
        (tmp_path / name).write_text(name)
    assert [(record.file, record.sha256) for record in file_records(tmp_path)] == [
        (name, sha256(tmp_path / name)) for name in ("golden.npz", "report.json")
    ]
