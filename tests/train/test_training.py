"""Training repeats itself to the bit, writes float32, and stops with an error rather than keep a broken model."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from litefoot.runtime.errors import OutputExists, UsageError
from litefoot.train import RECIPES, Options, train
from litefoot.train.recipe import find_recipe

slow = pytest.mark.slow
Runs = list[tuple[Path, subprocess.CompletedProcess[str]]]

FILES = [
    "calibration.npz",
    "evaluation.npz",
    "history.json",
    "history.png",
    "model.keras",
    "tensorboard",
    "trained.json",
]


@pytest.fixture(scope="module")
def short_runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """The same short training twice, side by side; the second replaces a folder that was there."""
    folder = tmp_path_factory.mktemp("short")
    (folder / "second").mkdir()
    (folder / "second" / "trained.json").write_text("what was there before")
    (folder / "second" / "left-over").write_text("of another training")
    order = [sys.executable, "-m", "litefoot.cli.main", "train", "digits", "--epochs", "1", "--seed", "7", "--json"]
    outs = [[str(folder / "first")], [str(folder / "second"), "--force"]]
    processes = [
        subprocess.Popen([*order, "--out", *out], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for out in outs
    ]
    runs = []
    for out, process in zip(outs, processes, strict=True):
        stdout, stderr = process.communicate(timeout=300)
        runs.append((Path(out[0]), subprocess.CompletedProcess(order, process.returncode, stdout, stderr)))
    return runs


@slow
def test_json_is_the_trained_document_and_the_terminal_stays_clean(short_runs: Runs) -> None:
    for folder, done in short_runs:
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == json.loads((folder / "trained.json").read_text())
        assert all(re.match(r"training digits \d+/28, ", line) for line in done.stderr.splitlines())


@slow
def test_a_second_run_has_the_same_data_and_the_same_weights(short_runs: Runs, weights) -> None:
    (first, _), (second, _) = short_runs
    documents = [json.loads((folder / "trained.json").read_text()) for folder in (first, second)]
    assert documents[0] == documents[1]
    assert documents[0]["provenance"]["seed"] == 7
    ours, again = weights(first), weights(second)
    assert ours.keys() == again.keys()
    assert sum(array.size for name, array in ours.items() if not name.startswith("optimizer")) > 9_000
    for name, array in ours.items():
        np.testing.assert_array_equal(array, again[name], err_msg=name)


@slow
def test_force_replaces_the_folder_that_was_there_whole(short_runs: Runs) -> None:
    assert [sorted(path.name for path in folder.iterdir()) for folder, _ in short_runs] == [FILES, FILES]
    assert not list(short_runs[0][0].parent.glob("*.training"))


@slow
def test_mixed_precision_and_xla_write_a_float32_model_that_is_as_good(
    tmp_path: Path, litefoot, own_recipe: Path, weights
) -> None:
    done = litefoot("train", own_recipe, "--mixed-precision", "--xla", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    document = json.loads((tmp_path / "out" / "trained.json").read_text())
    assert (document["provenance"]["precision"], document["provenance"]["xla"]) == ("mixed", True)
    assert document["metric_value"] > 0.9
    assert {array.dtype.name for array in weights(tmp_path / "out").values() if array.dtype.kind == "f"} == {"float32"}
    program = "import tf_keras, sys; print({l.compute_dtype for l in tf_keras.models.load_model(sys.argv[1]).layers})"
    command = [sys.executable, "-c", program, str(tmp_path / "out" / "model.keras")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "{'float32'}\n"


@slow
def test_a_loss_that_is_not_finite_fails_the_training_and_does_not_stand_in_the_way(
    tmp_path: Path, steered, counting: Path
) -> None:
    failed = steered(counting, "--out", tmp_path / "out", "--learning-rate", "3e38")
    assert (failed.returncode, failed.stdout) == (5, "")
    assert (
        "error: The loss is not finite\n  where:    epoch 1, step 1 of 1\n  got:      val_loss inf\n" in failed.stderr
    )
    assert "the same command with a smaller --learning-rate" in failed.stderr
    assert "Traceback" not in failed.stderr
    again = steered(counting, "--out", tmp_path / "out")
    assert again.returncode == 0, again.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_list_shows_every_recipe_with_what_it_does_and_loads_no_framework(litefoot) -> None:
    done = litefoot("train", "--list")
    assert done.returncode == 0, done.stderr
    listed = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert listed == {name: find_recipe(name).summary for name in sorted(RECIPES)}
    program = (
        "import sys; from litefoot.cli.main import main; main(['train', '--list']);"
        "sys.exit([m for m in ('tensorflow', 'tf_keras', 'sklearn', 'matplotlib') if m in sys.modules] or 0)"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False).stderr == ""


@pytest.mark.parametrize("arguments", [[], ["digits"], ["--out", "x"]])
def test_without_a_recipe_or_a_folder_there_is_nothing_to_train(litefoot, arguments: list[str]) -> None:
    done = litefoot("train", *arguments)
    assert done.returncode == 2
    assert "litefoot train digits --out runs/digits" in done.stderr


def test_a_recipe_that_is_not_known_is_refused_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        train("digit", tmp_path / "out")
    assert "got:      digit\n" in str(refused.value)
    assert ", digits, " in str(refused.value)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_is_found_under_its_own_name(name: str) -> None:
    recipe = find_recipe(name)
    assert recipe.name == name
    assert min(recipe.epochs, recipe.quick_epochs, recipe.batch) >= 1


@pytest.mark.parametrize(
    "options",
    [
        {"epochs": 0},
        {"epochs": -3},
        {"batch": 0},
        {"patience": 0},
        {"seed": -1},
        {"seed": 2**32},
        {"learning_rate": 0.0},
        {"learning_rate": float("nan")},
        {"learning_rate": float("inf")},
        {"source": Path("missing")},
    ],
)
def test_options_that_mean_nothing_are_refused_before_anything_is_loaded(tmp_path: Path, options) -> None:
    with pytest.raises(UsageError, match=str(next(iter(options.values())))):
        train("digits", tmp_path / "out", options=Options(**options))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("force", "error"), [(False, OutputExists), (True, UsageError)])
def test_a_folder_in_the_way_is_refused_before_anything_is_loaded(
    tmp_path: Path, force: bool, error: type[UsageError]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "holiday.jpg").write_text("precious")
    with pytest.raises(error):
        train("digits", out, force=force)
    assert "tensorflow" not in sys.modules
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "holiday.jpg"]


@slow
def test_the_learning_rate_falls_along_half_a_cosine_after_it_rose() -> None:
    program = (
        "from litefoot.train import Plan; import json;"
        "plan = Plan(4, 25, 0.5); rates = (plan.cosine(), plan.cosine(0.2));"
        "print(json.dumps([[float(rate(step)) for step in (0, 10, 20, 50, 60, 100)] for rate in rates]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    falling, rising = json.loads(done.stdout.splitlines()[-1])
    wave = 0.25 * (1 + np.cos(np.pi * np.array([0, 0.1, 0.2, 0.5, 0.6, 1.0])))
    np.testing.assert_allclose(falling, wave, atol=1e-7)
    after = 0.25 * (1 + np.cos(np.pi * np.array([0, 30 / 80, 40 / 80, 1.0])))
    np.testing.assert_allclose(rising, [0.0, 0.25, *after], atol=1e-7)
