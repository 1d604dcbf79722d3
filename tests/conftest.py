"""What several rooms' tests share: the digits, trained once and converted once for the whole run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


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
def trained_digits(
    tmp_path_factory: pytest.TempPathFactory, litefoot: Callable[..., subprocess.CompletedProcess[str]]
) -> Path:
    """A TrainedModel folder of the digits recipe, as the demo makes it. Read only."""
    folder = tmp_path_factory.mktemp("trained") / "digits"
    done = litefoot("train", "digits", "--out", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def digits_bundle(
    tmp_path_factory: pytest.TempPathFactory,
    trained_digits: Path,
    litefoot: Callable[..., subprocess.CompletedProcess[str]],
) -> Path:
    """The verified bundle of the digits, every variant. Read only: change a copy."""
    folder = tmp_path_factory.mktemp("converted") / "digits"
    done = litefoot("convert", trained_digits, "--out", folder)
    assert done.returncode == 0, done.stderr + done.stdout
    return folder


@pytest.fixture
def copied_bundle(digits_bundle: Path, tmp_path: Path) -> Path:
    """A copy of the digits' bundle to damage."""
    return Path(shutil.copytree(digits_bundle, tmp_path / "bundle"))
