"""The number of threads: measured once, remembered, and measured again where the memory is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tiny_models import write_affine

from litefoot.runtime.errors import UsageError
from litefoot.runtime.machine import threads
from litefoot.runtime.machine.board import usable_cores
from litefoot.runtime.model import load


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LITEFOOT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "threads.json"


@pytest.mark.parametrize("suffix", [".tflite", ".onnx"])
def test_auto_chooses_a_number_of_this_machine_and_remembers_it(tmp_path: Path, cache: Path, suffix: str) -> None:
    model = load(write_affine(tmp_path / f"model{suffix}"), threads="auto")
    assert 1 <= model.threads <= usable_cores()
    assert list(json.loads(cache.read_text()).values()) == [model.threads]


def test_what_is_remembered_is_not_measured_again(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_affine(tmp_path / "model.tflite")
    first = load(path, threads="auto").threads
    monkeypatch.delattr(threads, "_seconds")  # measuring would raise
    assert load(path, threads="auto").threads == first


def test_another_model_is_measured_for_itself(tmp_path: Path, cache: Path) -> None:
    load(write_affine(tmp_path / "model.tflite"), threads="auto")
    load(write_affine(tmp_path / "model.onnx"), threads="auto")
    assert len(json.loads(cache.read_text())) == 2


@pytest.mark.parametrize("damage", ["", "not json", "[]", '{"key": "many"}', '{"key": Infinity}'])
def test_a_damaged_cache_is_measured_anew(tmp_path: Path, cache: Path, damage: str) -> None:
    cache.parent.mkdir()
    cache.write_text(damage)
    assert load(write_affine(tmp_path / "model.tflite"), threads="auto").threads >= 1
    assert json.loads(cache.read_text())


def test_no_number_of_threads_is_not_one_that_is_remembered(tmp_path: Path, cache: Path) -> None:
    path = write_affine(tmp_path / "model.tflite")
    load(path, threads="auto")
    cache.write_text(json.dumps(dict.fromkeys(json.loads(cache.read_text()), -3)))
    assert load(path, threads="auto").threads >= 1


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LITEFOOT_CACHE", str(tmp_path / "file" / "below"))
    assert load(write_affine(tmp_path / "model.tflite"), threads="auto").threads >= 1


@pytest.mark.parametrize("number", [0, -1, "many"])
def test_other_numbers_of_threads_are_refused(tmp_path: Path, number: int | str) -> None:
    with pytest.raises(UsageError, match="so many threads"):
        load(write_affine(tmp_path / "model.tflite"), threads=number)
