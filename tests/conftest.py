"""What several rooms' tests share: the digits, trained once and converted once for the whole run."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:  # each of two has a core: with more threads they wait for one another
    os.environ |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}

ROOT = Path(__file__).parents[1]
MadeOnce = Callable[[str, Callable[[Path], None]], Path]


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """A folder by its name, filled by the first process of the run that asks for it; the others wait. Read only."""
    root = tmp_path_factory.getbasetemp()
    root = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root

    def make(name: str, fill: Callable[[Path], None]) -> Path:
        folder, partial = root / f"once-{name}", root / f"once-{name}.partial"
        with (root / f"once-{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.is_dir():
                shutil.rmtree(partial, ignore_errors=True)
                partial.mkdir()
                fill(partial)
                partial.rename(folder)
        return folder

    return make


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What earlier runs have kept decides nothing in this one."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LITEFOOT_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def litefoot() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line in a fresh process, as a user does."""

    def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "litefoot.cli.main", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=600, check=False)

    return run


@pytest.fixture(scope="session")
def trained_digits(made_once: MadeOnce, litefoot: Callable[..., subprocess.CompletedProcess[str]]) -> Path:
    """A TrainedModel folder of the digits recipe, as the demo makes it. Read only."""

    def train(folder: Path) -> None:
        done = litefoot("train", "digits", "--out", folder / "digits")
        assert done.returncode == 0, done.stderr

    return made_once("trained", train) / "digits"


@pytest.fixture(scope="session")
def digits_bundle(
    made_once: MadeOnce, trained_digits: Path, litefoot: Callable[..., subprocess.CompletedProcess[str]]
) -> Path:
    """The verified bundle of the digits, every variant. Read only: change a copy."""

    def convert(folder: Path) -> None:
        done = litefoot("convert", trained_digits, "--out", folder / "digits")
        assert done.returncode == 0, done.stderr + done.stdout

    return made_once("converted", convert) / "digits"


@pytest.fixture
def copied_bundle(digits_bundle: Path, tmp_path: Path) -> Path:
    """A copy of the digits' bundle to damage."""
    return Path(shutil.copytree(digits_bundle, tmp_path / "bundle"))
