"""A bundle that was changed after it was written is not run, whatever the change, and the message says which file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from litefoot.runtime.storage.bundle import MANIFEST

pytestmark = pytest.mark.slow

FILES = (
    "models/fp32.tflite", "models/fp16.tflite", "models/dynamic.tflite", "models/int8.tflite", "models/int8-io.tflite",
    "models/fp32.onnx", "models/fp16.onnx", "models/dynamic.onnx", "models/int8.onnx",
    "golden.npz", "labels.txt", "report.html", "report.json",
)  # fmt: skip


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def flip_one_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0b100
    path.write_bytes(content)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def remove(path: Path) -> None:
    path.unlink()


def test_the_files_named_here_are_all_the_files_there_are(digits_bundle: Path) -> None:
    found = {str(path.relative_to(digits_bundle)) for path in digits_bundle.rglob("*") if path.is_file()}
    assert found == {*FILES, MANIFEST}


@pytest.mark.parametrize("tamper", [truncate, flip_one_bit, empty, remove])
def test_any_changed_file_is_found_and_named(
    copied_bundle: Path, refused: Callable[..., str], tamper: Callable[[Path], None]
) -> None:
    for name in FILES:
        before = (copied_bundle / name).read_bytes()
        tamper(copied_bundle / name)
        message = refused(4, "verify", copied_bundle)
        assert str(copied_bundle / name) in message
        assert "missing" in message if tamper is remove else "was changed after it was written" in message
        (copied_bundle / name).write_bytes(before)


def test_any_bit_of_the_manifest_counts(copied_bundle: Path, refused: Callable[..., str]) -> None:
    manifest = copied_bundle / MANIFEST
    content = manifest.read_bytes()
    chosen = np.random.default_rng(0)
    for position, bit in zip(chosen.integers(0, len(content), 80), chosen.integers(0, 8, 80), strict=True):
        changed = bytearray(content)
        changed[position] ^= 1 << int(bit)
        if changed.split() != content.split():  # spaces between the words of JSON mean nothing
            manifest.write_bytes(changed)
            assert MANIFEST in refused(4, "verify", copied_bundle)


@pytest.mark.parametrize("tamper", [truncate, empty, remove])
def test_a_damaged_manifest_is_unreadable(
    copied_bundle: Path, refused: Callable[..., str], tamper: Callable[[Path], None]
) -> None:
    tamper(copied_bundle / MANIFEST)
    assert MANIFEST in refused(4, "verify", copied_bundle)


@pytest.mark.parametrize("name", ["fp32.tflite", "int8.onnx"])
@pytest.mark.parametrize("arguments", [["run", "--input", "samples/digits/seven.png"], ["inspect"]])
def test_run_and_inspect_do_not_touch_a_changed_model(
    copied_bundle: Path, refused: Callable[..., str], name: str, arguments: list[str]
) -> None:
    flip_one_bit(copied_bundle / "models" / name)
    verb, *rest = arguments
    chosen = ["--artifact", name] if verb == "run" else []
    assert "was changed after it was written" in refused(4, verb, copied_bundle, *rest, *chosen)


def test_bench_does_not_touch_a_changed_model(copied_bundle: Path, refused: Callable[..., str]) -> None:
    flip_one_bit(copied_bundle / "models" / "fp32.tflite")
    assert "was changed" in refused(4, "bench", copied_bundle, "--rounds", "1", "--seconds", "0.01")
