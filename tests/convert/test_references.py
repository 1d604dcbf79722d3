"""The reference is computed once for a model and samples, and anew whenever anything that decides it is another."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from litefoot.convert import convert, references
from litefoot.convert.jobs import REFERENCE
from litefoot.convert.references import References
from litefoot.convert.source import Source
from litefoot.convert.workers import pool
from litefoot.runtime.machine.threads import cache_folder

SAMPLES = {"x": np.arange(12, dtype=np.float32).reshape(4, 3)}
ANSWERS = {"y": np.linspace(0, 1, 8, dtype=np.float32).reshape(4, 2)}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.keras"
    path.write_bytes(b"weights")
    return path


@pytest.fixture
def source(model: Path) -> Source:
    return Source(str(model), "keras")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kept"


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir())


def test_what_was_kept_is_read_to_the_bit_and_nothing_before(source: Source, folder: Path) -> None:
    kept = References(source, SAMPLES, {}, folder)
    assert kept.read() is None
    kept.keep(ANSWERS)
    again = References(source, {name: array.copy() for name, array in SAMPLES.items()}, {}, folder).read()
    assert again is not None
    assert again.keys() == ANSWERS.keys()
    np.testing.assert_array_equal(again["y"], ANSWERS["y"], strict=True)
    assert len(files(folder)) == 1


def test_a_model_is_known_by_its_content_wherever_it_lies(source: Source, folder: Path, tmp_path: Path) -> None:
    References(source, SAMPLES, {}, folder).keep(ANSWERS)
    moved = tmp_path / "elsewhere.keras"
    shutil.move(source.path, moved)
    assert References(replace(source, path=str(moved)), SAMPLES, {}, folder).read() is not None


def test_whatever_decides_the_answers_misses_them_when_it_changes(
    source: Source, model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    References(source, SAMPLES, {}, folder).keep(ANSWERS)
    other = SAMPLES["x"].copy()
    other[2, 1] += 1e-6 * 8
    changed = {
        "a value": References(source, {"x": other}, {}, folder),
        "a type": References(source, {"x": SAMPLES["x"].astype(np.float64)}, {}, folder),
        "a shape": References(source, {"x": SAMPLES["x"].reshape(4, 3, 1)}, {}, folder),
        "a name": References(source, {"z": SAMPLES["x"]}, {}, folder),
        "the state": References(source, SAMPLES, {"h": "next"}, folder),
        "the signature": References(replace(source, signature="other"), SAMPLES, {}, folder),
        "the shapes": References(replace(source, shapes={"x": (1, 3)}), SAMPLES, {}, folder),
    }
    with monkeypatch.context() as patch:
        patch.setattr(references.importlib.metadata, "version", lambda package: f"another {package}")
        changed["the versions"] = References(source, SAMPLES, {}, folder)
    with monkeypatch.context() as patch:
        patch.setattr(references, "cpu_name", lambda: "another")
        changed["the processor"] = References(source, SAMPLES, {}, folder)
    model.write_bytes(b"Weights")
    changed["a weight"] = References(source, SAMPLES, {}, folder)
    assert [what for what, kept in changed.items() if kept.read() is not None] == []
    model.write_bytes(b"weights")
    assert References(source, SAMPLES, {}, folder).read() is not None


def test_every_file_of_a_folder_counts(folder: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    (saved / "variables").mkdir(parents=True)
    (saved / "saved_model.pb").write_bytes(b"graph")
    (saved / "variables" / "data").write_bytes(b"weights")
    source = Source(str(saved), "saved_model")
    References(source, SAMPLES, {}, folder).keep(ANSWERS)
    assert References(source, SAMPLES, {}, folder).read() is not None
    (saved / "variables" / "data").write_bytes(b"Weights")
    assert References(source, SAMPLES, {}, folder).read() is None


def test_a_class_of_the_users_own_is_nothing_that_a_digest_knows(source: Source, folder: Path) -> None:
    own = References(replace(source, custom_objects=("mine:Layer",)), SAMPLES, {}, folder)
    own.keep(ANSWERS)
    assert own.read() is None
    assert not folder.exists()


@pytest.mark.parametrize("damage", ["flipped", "cut", "empty", "other answers"])
def test_damaged_answers_are_none(source: Source, folder: Path, damage: str) -> None:
    kept = References(source, SAMPLES, {}, folder)
    kept.keep(ANSWERS)
    (file,) = files(folder)
    content = bytearray(file.read_bytes())
    if damage == "flipped":
        content[len(content) // 3] ^= 0x10
    file.write_bytes({"cut": content[:-40], "empty": b""}.get(damage, content))
    if damage == "other answers":
        np.savez(file, y=ANSWERS["y"][:3])
    assert kept.read() is None
    kept.keep(ANSWERS)
    assert kept.read() is not None


def test_what_was_not_used_for_longest_goes_first(
    source: Source, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = {"y": np.random.default_rng(0).random((4, 500))}
    several = [References(source, {"x": SAMPLES["x"] + i}, {}, folder) for i in range(4)]
    for i, kept in enumerate(several):
        kept.keep(noise)
        os.utime(folder / kept._file.name, (i, i))  # type: ignore[union-attr]
    assert several[0].read() is not None  # used just now
    monkeypatch.setattr(references, "MAX_BYTES", 4 * noise["y"].nbytes)
    for i in (1, 2):
        References(source, {"x": SAMPLES["x"] - i}, {}, folder).keep(noise)
    assert [kept.read() is not None for kept in several] == [True, False, False, True]


def test_answers_that_would_take_most_of_the_place_are_not_kept(
    source: Source, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(references, "MAX_BYTES", 2 * ANSWERS["y"].nbytes)
    References(source, SAMPLES, {}, folder).keep(ANSWERS)
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_keeps_nothing_and_breaks_nothing(source: Source, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    kept = References(source, SAMPLES, {}, tmp_path / "file" / "kept")
    kept.keep(ANSWERS)
    assert kept.read() is None


@pytest.mark.slow
def test_a_second_conversion_does_not_run_the_reference_again(
    tiny_trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITEFOOT_CACHE", str(tmp_path / "cache"))
    ran: list[list[str]] = []
    run = pool.Workers.run

    def watched(self: pool.Workers, jobs: list[pool.Job], done: Any) -> Any:
        ran.append([job.name for job in jobs])
        return run(self, jobs, done)

    monkeypatch.setattr(pool.Workers, "run", watched)
    first, second = (
        convert(tiny_trained / "two", out=tmp_path / name, variants=["fp32.tflite"]).bundle for name in ("a", "b")
    )
    assert [REFERENCE in names for names in ran] == [True, False]
    golden = [np.load(bundle / "golden.npz") for bundle in (first, second)]
    assert golden[0].files == golden[1].files
    assert all(np.array_equal(golden[0][name], golden[1][name]) for name in golden[0].files)
    (kept,) = (cache_folder() / "references").iterdir()
    kept.write_bytes(kept.read_bytes()[:-100])
    convert(tiny_trained / "two", out=tmp_path / "c", variants=["fp32.tflite"])
    assert REFERENCE in ran[-1]
