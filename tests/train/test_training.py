"""Training repeats itself to the bit, and stops with an error rather than keep a broken model."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from litefoot.runtime.errors import OutputExists, UsageError
from litefoot.train import RECIPES, train
from litefoot.train.recipe import find_recipe

DIVERGING = """
import sys
from litefoot.cli.main import main
from litefoot.train.digits import RECIPE
RECIPE.learning_rate = float("inf")
sys.exit(main(["train", "digits", "--out", sys.argv[1], "--epochs", "3"]))
"""


def weights(folder: Path) -> dict[str, np.ndarray]:
    """Every array of the saved model by its path; the times of writing that the file also holds left out."""
    with zipfile.ZipFile(folder / "model.keras") as archive:
        stored = io.BytesIO(archive.read("model.weights.h5"))
    arrays: dict[str, np.ndarray] = {}
    with h5py.File(stored) as file:
        file.visititems(lambda name, item: arrays.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return arrays


def in_fresh_process(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def short_runs(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, subprocess.CompletedProcess[str]]]:
    """The same short training twice, side by side; the second replaces a folder that was there."""
    folder = tmp_path_factory.mktemp("short")
    (folder / "second").mkdir()
    (folder / "second" / "trained.json").write_text("what was there before")
    (folder / "second" / "left-over").write_text("of another training")
    order = ["-m", "litefoot.cli.main", "train", "digits", "--epochs", "1", "--seed", "7", "--json"]
    outs = [folder / "first", folder / "second"]
    processes = [in_fresh_process(*order, "--out", outs[0]), in_fresh_process(*order, "--out", outs[1], "--force")]
    runs = []
    for out, process in zip(outs, processes, strict=True):
        stdout, stderr = process.communicate(timeout=300)
        runs.append((out, subprocess.CompletedProcess(order, process.returncode, stdout, stderr)))
    return runs


@pytest.mark.slow
def test_json_is_the_trained_document_and_the_terminal_stays_clean(
    short_runs: list[tuple[Path, subprocess.CompletedProcess[str]]],
) -> None:
    for folder, done in short_runs:
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == json.loads((folder / "trained.json").read_text())
        assert all(line.startswith("training digits 1/1, ") for line in done.stderr.splitlines())


@pytest.mark.slow
def test_a_second_run_has_the_same_data_and_the_same_weights(
    short_runs: list[tuple[Path, subprocess.CompletedProcess[str]]],
) -> None:
    (first, _), (second, _) = short_runs
    documents = [json.loads((folder / "trained.json").read_text()) for folder in (first, second)]
    assert documents[0] == documents[1]
    assert documents[0]["provenance"]["seed"] == 7
    ours, again = weights(first), weights(second)
    assert ours.keys() == again.keys()
    assert sum(array.size for name, array in ours.items() if not name.startswith("optimizer")) > 9_000
    for name, array in ours.items():
        np.testing.assert_array_equal(array, again[name], err_msg=name)


@pytest.mark.slow
def test_force_replaces_the_folder_that_was_there_whole(
    short_runs: list[tuple[Path, subprocess.CompletedProcess[str]]],
) -> None:
    files = [sorted(path.name for path in folder.iterdir()) for folder, _ in short_runs]
    assert files[0] == files[1] == ["calibration.npz", "evaluation.npz", "history.json", "model.keras", "trained.json"]


@pytest.mark.slow
def test_a_loss_that_is_not_finite_fails_the_training_and_leaves_nothing(tmp_path: Path) -> None:
    process = in_fresh_process("-c", DIVERGING, tmp_path / "out")
    out, err = process.communicate(timeout=300)
    assert process.returncode == 5
    assert out == ""
    assert "error: The loss is not finite\n  where:    epoch 1\n  got:      nan\n" in err
    assert "a smaller learning rate" in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_a_recipe_that_is_not_known_is_refused_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        train("mnist", tmp_path / "out")
    assert "got:      mnist" in str(refused.value)
    assert "one of digits" in str(refused.value)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_is_found_under_its_own_name(name: str) -> None:
    recipe = find_recipe(name)
    assert recipe.name == name
    assert recipe.epochs >= 1


@pytest.mark.parametrize("options", [{"epochs": 0}, {"epochs": -3}, {"seed": -1}, {"seed": 2**32}])
def test_numbers_out_of_range_are_refused_before_anything_is_loaded(tmp_path: Path, options: dict[str, int]) -> None:
    with pytest.raises(UsageError, match=str(next(iter(options.values())))):
        train("digits", tmp_path / "out", **options)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def nothing_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(seed: int) -> None:
        raise AssertionError("data was loaded")

    monkeypatch.setattr(find_recipe("digits"), "load", load)


@pytest.mark.usefixtures("nothing_loads")
@pytest.mark.parametrize(("force", "error"), [(False, OutputExists), (True, UsageError)])
def test_a_folder_in_the_way_is_refused_before_anything_is_loaded(
    tmp_path: Path, force: bool, error: type[UsageError]
) -> None:
    (tmp_path / "holiday.jpg").write_text("precious")
    with pytest.raises(error):
        train("digits", tmp_path, force=force)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]
