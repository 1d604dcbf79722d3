"""What a finished conversion is known by, so that an interrupted search goes on with it and with no other."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from litefoot.convert.budgets.kept import Kept, is_whole

SAMPLES = np.arange(6, dtype=np.float32).reshape(2, 3)


def test_the_same_content_has_the_same_place_beside_the_output(tmp_path: Path) -> None:
    (tmp_path / "model.keras").write_bytes(b"weights")
    kept = Kept(tmp_path / "dist")
    content = {"model": str(tmp_path / "model.keras"), "calibration": SAMPLES, "reading": None}
    assert kept.bundle(content) == kept.bundle({**content, "calibration": SAMPLES.copy()})
    assert kept.bundle(content).parent == tmp_path / "dist.trials"


def test_another_model_sample_or_option_has_another_place(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(b"weights")
    kept = Kept(tmp_path / "dist")
    content = {"model": path, "calibration": {"x": SAMPLES}, "reading": None}
    places = {kept.bundle(content), kept.bundle({**content, "calibration": {"x": SAMPLES + 1}})}
    places |= {kept.bundle({**content, "reading": "other"}), kept.bundle({**content, "calibration": {"y": SAMPLES}})}
    path.write_bytes(b"other weights")
    places.add(kept.bundle(content))
    assert len(places) == 5


def test_a_folder_is_known_by_the_files_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "saved_model"
    folder.mkdir()
    (folder / "a").write_bytes(b"1")
    kept = Kept(tmp_path / "dist")
    before = kept.bundle({"model": folder})
    (folder / "b").write_bytes(b"2")
    assert kept.bundle({"model": folder}) != before


def test_what_is_missing_or_damaged_is_not_gone_on_with(tmp_path: Path) -> None:
    assert not is_whole(tmp_path / "nowhere")
    (tmp_path / "half").mkdir()
    assert not is_whole(tmp_path / "half")


def test_the_folder_goes_when_the_search_has_ended(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "dist")
    kept.bundle({}).mkdir(parents=True)
    kept.remove()
    kept.remove()
    assert not kept.path.exists()
