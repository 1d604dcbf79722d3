"""What is installed is what is in the tree: nothing missing, nothing stray, nothing of the machine it was built on."""

from __future__ import annotations

import importlib.metadata
import re
import tarfile
import zipfile
from pathlib import Path

import pytest
from distributions import DISTRIBUTIONS, FOLDERS, ROOMS, ROOT, Built, build, packed_files, project, tracked_files
from packaging.requirements import Requirement

each = pytest.mark.parametrize("distribution", DISTRIBUTIONS)
OUTSIDE_THE_SDIST = (".gitignore", ".ci/")
ADDED_BY_THE_SDIST = {"PKG-INFO", "setup.cfg"}
MACHINE_PATH = re.compile(r"(?<![\w.)}-])/(?:home|root|Users|work|opt|mnt|private|workspace)/\w")
PACKAGE_INDEX = re.compile(r"--(?:extra-)?index-url[ =]|--find-links[ =]|file://\w|https?://[^\s\"'`)]+/simple\b")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Built]:
    return build(tmp_path_factory.getbasetemp() / "distributions")


def metadata_folder(distribution: str) -> str:
    return f"{distribution.replace('-', '_')}-{project(distribution)['project']['version']}.dist-info/"


@pytest.mark.slow
@each
def test_a_wheel_holds_every_file_of_its_rooms_and_nothing_else(built: dict[str, Built], distribution: str) -> None:
    with zipfile.ZipFile(built[distribution].wheel) as wheel:
        packed = set(wheel.namelist())
        licence = wheel.read(f"{metadata_folder(distribution)}licenses/LICENSE")
    outside_of_metadata = {name for name in packed if not name.startswith(metadata_folder(distribution))}
    assert outside_of_metadata == {f"litefoot/{name}" for name in packed_files(distribution)}
    assert {f"litefoot/{room}/py.typed" for room in DISTRIBUTIONS[distribution]} <= packed
    assert licence == (ROOT / "LICENSE").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("distribution", "name"), [("litefoot", "engines/litert.py"), ("litefoot-convert", "report.html.j2")]
)
def test_subpackages_and_data_are_in_the_wheels(built: dict[str, Built], distribution: str, name: str) -> None:
    with zipfile.ZipFile(built[distribution].wheel) as wheel:
        assert any(packed.endswith(f"/{name}") for packed in wheel.namelist())


@pytest.mark.slow
@each
def test_every_file_of_a_wheel_is_the_trees_own(built: dict[str, Built], distribution: str) -> None:
    with zipfile.ZipFile(built[distribution].wheel) as wheel:
        for name in wheel.namelist():
            if name.startswith("litefoot/"):
                assert wheel.read(name) == (ROOT / name.removeprefix("litefoot/")).read_bytes(), name


@pytest.mark.slow
def test_the_wheel_brings_the_command_and_asks_for_numpy_alone(built: dict[str, Built]) -> None:
    with zipfile.ZipFile(built["litefoot"].wheel) as wheel:
        texts = {name.rpartition("/")[2]: wheel.read(name).decode() for name in wheel.namelist() if "dist-info" in name}
    assert "litefoot = litefoot.cli.main:main" in texts["entry_points.txt"]
    asked = [Requirement(line[15:]) for line in texts["METADATA"].splitlines() if line.startswith("Requires-Dist: ")]
    assert [requirement.name for requirement in asked if requirement.marker is None] == ["numpy"]


@pytest.mark.slow
def test_the_sdist_holds_the_whole_tree_with_its_tests_samples_and_docs(built: dict[str, Built]) -> None:
    expected = {name for name in tracked_files() if not name.startswith(OUTSIDE_THE_SDIST)}
    packed = files_of_sdist(built["litefoot"], "litefoot.egg-info/")
    assert packed == expected | ADDED_BY_THE_SDIST
    assert {"tests/conftest.py", "samples/digits/seven.png", "docs/bundle_format.md"} <= packed


@pytest.mark.slow
@pytest.mark.parametrize("room", ["train", "convert"])
def test_the_sdist_of_a_room_holds_the_whole_room(built: dict[str, Built], room: str) -> None:
    expected = {name.removeprefix(f"{room}/") for name in tracked_files() if name.startswith(f"{room}/")}
    packed = files_of_sdist(built[f"litefoot-{room}"], f"litefoot_{room}.egg-info/")
    assert packed == expected | ADDED_BY_THE_SDIST
    assert {"pyproject.toml", "LICENSE", "__init__.py", "py.typed"} <= packed


def files_of_sdist(distribution: Built, metadata: str) -> set[str]:
    """Its regular files: a link would point out of the archive."""
    with tarfile.open(distribution.sdist) as sdist:
        packed = {member.name.partition("/")[2] for member in sdist.getmembers() if member.isfile()}
    return {name for name in packed if not name.startswith(metadata)}


@each
def test_every_package_folder_is_listed_in_its_pyproject(distribution: str) -> None:
    found = {
        ".".join(("litefoot", *Path(name).parent.parts))
        for name in packed_files(distribution)
        if name.endswith("/__init__.py")
    }
    assert set(project(distribution)["tool"]["setuptools"]["packages"]) == found


def test_all_distributions_have_one_version_and_ask_for_each_other_in_it() -> None:
    version = project("litefoot")["project"]["version"]
    asked = set()
    for distribution in DISTRIBUTIONS:
        table = project(distribution)["project"]
        assert (table["name"], table["version"]) == (distribution, version)
        lines = [
            *table["dependencies"],
            *(line for extra in table.get("optional-dependencies", {}).values() for line in extra),
        ]
        others = [Requirement(line) for line in lines if Requirement(line).name in set(DISTRIBUTIONS) - {distribution}]
        assert {str(requirement.specifier) for requirement in others} == {f"=={version}"}
        asked |= {(distribution, requirement.name) for requirement in others}
    rooms = set(DISTRIBUTIONS) - {"litefoot"}
    assert asked == {("litefoot", room) for room in rooms} | {(room, "litefoot") for room in rooms}


@pytest.mark.parametrize("key", ["build-system", "license", "license-files", "requires-python", "classifiers"])
def test_all_distributions_agree(key: str) -> None:
    tables = [project(distribution) for distribution in FOLDERS]
    assert len({str(table.get(key, table["project"].get(key))) for table in tables}) == 1


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
