"""The wheels and sdists of this tree, built once for all tests that look at them."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import tomllib

ROOT = Path(__file__).parents[1]
FOLDERS = {"litefoot-train": "train", "litefoot-convert": "convert", "litefoot": "."}
"""Where each is built, and in which order: what building a room leaves in its folder must not get into the tree's."""
DISTRIBUTIONS = {"litefoot-train": ("train",), "litefoot-convert": ("convert",), "litefoot": ("runtime", "cli")}
"""Each by the rooms that it holds."""
ROOMS = tuple(room for rooms in DISTRIBUTIONS.values() for room in rooms)


class Built(NamedTuple):
    """The files of one distribution."""

    wheel: Path
    sdist: Path


@functools.cache
def tracked_files() -> tuple[str, ...]:
    """Every file that is, or is about to be, under version control; what ``.gitignore`` names is not."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a checkout")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(sorted(name for name in listed.split("\0") if name and (ROOT / name).is_file()))


def packed_files(distribution: str) -> set[str]:
    """Those of the tree that its wheel holds: its rooms without what only builds them."""
    rooms = tuple(f"{room}/" for room in DISTRIBUTIONS[distribution])
    builds = {f"{FOLDERS[distribution]}/{name}" for name in ("pyproject.toml", "LICENSE")}
    return {name for name in tracked_files() if name.startswith(rooms)} - builds


def project(distribution: str) -> dict[str, Any]:
    """Its pyproject.toml."""
    return tomllib.loads((ROOT / FOLDERS[distribution] / "pyproject.toml").read_text())


@functools.cache
def build(scratch: Path) -> dict[str, Built]:
    """Build from a clean copy: of each distribution the sdist, and the wheel from that sdist."""
    source = scratch / "source"
    for name in tracked_files():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, source / name, follow_symlinks=False)
    return {name: _build(source / folder, scratch / name) for name, folder in FOLDERS.items()}


def _build(source: Path, out: Path) -> Built:
    command = [sys.executable, "-m", "build", "--installer", "uv", "--outdir", str(out), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return Built(next(out.glob("*.whl")), next(out.glob("*.tar.gz")))
