"""The wheel and the sdist of this tree, built once for all tests that look at them."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("runtime", "train", "convert", "cli")


@functools.cache
def tracked_files() -> tuple[str, ...]:
    """Every file that is, or is about to be, under version control; what ``.gitignore`` names is not."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a checkout")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(sorted(name for name in listed.split("\0") if name and (ROOT / name).is_file()))


@functools.cache
def build(scratch: Path) -> tuple[Path, Path]:
    """Build from a clean copy: the sdist, and the wheel from that sdist; given back as wheel and sdist."""
    source, out = scratch / "source", scratch / "out"
    for name in tracked_files():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, source / name)
    command = [sys.executable, "-m", "build", "--installer", "uv", "--outdir", str(out), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.whl")), next(out.glob("*.tar.gz"))
