"""What is installed is what is in the tree: nothing missing, nothing stray, nothing of the machine it was built on."""

from __future__ import annotations

import importlib.metadata
import re
import tarfile
import zipfile
from pathlib import Path

import pytest
import tomllib
from distributions import ROOMS, ROOT, build, tracked_files
from packaging.requirements import Requirement

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
OUTSIDE_THE_SDIST = (".gitignore", ".ci/")
ADDED_BY_THE_SDIST = {"PKG-INFO", "setup.cfg"}
MACHINE_PATH = re.compile(r"(?<![\w.)}-])/(?:home|root|Users|work|opt|mnt|private|workspace)/\w")
PACKAGE_INDEX = re.compile(r"--(?:extra-)?index-url[ =]|--find-links[ =]|file://\w|https?://[^\s\"'`)]+/simple\b")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return build(tmp_path_factory.getbasetemp() / "distributions")


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_the_rooms_and_nothing_else(built: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(built[0]) as wheel:
        packed = set(wheel.namelist())
    metadata = f"litefoot-{PROJECT['project']['version']}.dist-info/"
    expected = {f"litefoot/{name}" for name in tracked_files() if name.startswith(tuple(f"{room}/" for room in ROOMS))}
    assert {name for name in packed if not name.startswith(metadata)} == expected
    assert {f"litefoot/{room}/py.typed" for room in ROOMS} <= packed
    assert {"litefoot/convert/report.html.j2", "litefoot/runtime/engines/litert.py"} <= packed
    assert f"{metadata}licenses/LICENSE" in packed


@pytest.mark.slow
def test_every_file_of_the_wheel_is_the_trees_own(built: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(built[0]) as wheel:
        for name in wheel.namelist():
            if name.startswith("litefoot/"):
                assert wheel.read(name) == (ROOT / name.removeprefix("litefoot/")).read_bytes(), name


@pytest.mark.slow
def test_the_wheel_brings_the_command_and_asks_for_numpy_alone(built: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(built[0]) as wheel:
        texts = {name.rpartition("/")[2]: wheel.read(name).decode() for name in wheel.namelist() if "dist-info" in name}
    assert "litefoot = litefoot.cli.main:main" in texts["entry_points.txt"]
    asked = [Requirement(line[15:]) for line in texts["METADATA"].splitlines() if line.startswith("Requires-Dist: ")]
    assert [requirement.name for requirement in asked if requirement.marker is None] == ["numpy"]


@pytest.mark.slow
def test_the_sdist_holds_the_whole_tree_with_its_tests_samples_and_docs(built: tuple[Path, Path]) -> None:
    with tarfile.open(built[1]) as sdist:
        packed = {member.name.partition("/")[2] for member in sdist.getmembers() if member.isfile()}
    expected = {name for name in tracked_files() if not name.startswith(OUTSIDE_THE_SDIST)}
    assert {name for name in packed if not name.startswith("litefoot.egg-info/")} == expected | ADDED_BY_THE_SDIST
    assert {"tests/conftest.py", "samples/digits/seven.png", "docs/bundle_format.md"} <= packed


def test_every_package_folder_is_listed_in_pyproject() -> None:
    found = {
        ".".join(("litefoot", *Path(name).parent.parts))
        for name in tracked_files()
        if name.startswith(tuple(f"{room}/" for room in ROOMS)) and name.endswith("/__init__.py")
    }
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == found


def test_every_folder_with_modules_is_a_package() -> None:
    folders = {Path(name).parent for name in tracked_files() if name.startswith(ROOMS) and name.endswith(".py")}
    assert [str(folder) for folder in folders if not (ROOT / folder / "__init__.py").is_file()] == []


@pytest.mark.parametrize("pattern", [MACHINE_PATH, PACKAGE_INDEX], ids=["machine path", "package index"])
def test_no_text_file_knows_the_machine_it_was_written_on(pattern: re.Pattern[str]) -> None:
    found = []
    for name in tracked_files():
        try:
            lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue  # a picture
        found += [f"{name}:{i}: {line.strip()[:100]}" for i, line in enumerate(lines, 1) if pattern.search(line)]
    assert found == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (MACHINE_PATH, "see /" + "home/someone/notes"),
        (MACHINE_PATH, '"/' + 'opt/wheels"'),
        (PACKAGE_INDEX, "--extra-index" + "-url https://example.org/"),
        (PACKAGE_INDEX, "https://example.org/pypi/" + "simple"),
    ],
)
def test_what_gives_a_machine_away_is_recognised(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)


def test_the_pins_are_the_versions_that_the_tests_run_on() -> None:
    """A pin that this Python cannot install, or did not, is no pin."""
    pins = [Requirement(line) for line in (ROOT / "constraints.txt").read_text().splitlines() if line[:1].isalnum()]
    applying = [pin for pin in pins if pin.marker is None or pin.marker.evaluate()]
    assert len(applying) > 50
    installed = {pin.name: importlib.metadata.version(pin.name) for pin in applying}
    assert [
        f"{pin} is {installed[pin.name]}" for pin in applying if not pin.specifier.contains(installed[pin.name])
    ] == []
