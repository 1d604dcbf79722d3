"""A training that was killed, twice and once by Ctrl-C, ends with the very weights of one that was not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow

ORDER = ("--epochs", 8, "--patience", 5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("resuming")


@pytest.fixture(scope="module")
def whole(folder: Path, steered, own_recipe: Path) -> Path:
    done = steered(own_recipe, *ORDER, "--out", folder / "whole")
    assert done.returncode == 0, done.stderr
    return folder / "whole"


@pytest.fixture(scope="module")
def resumed(folder: Path, steered, own_recipe: Path) -> Path:
    """Of 13 steps an epoch: killed in the 5th, between the arrays and the document of the 6th, stopped in the 7th."""
    out = folder / "resumed"
    state = folder / "resumed.training" / "worker-0" / "state"
    order = (own_recipe, *ORDER, "--out", out)

    killed = steered(*order, DIE="step:57")
    assert killed.returncode == -9
    assert sorted(path.name for path in state.glob("*.json")) == ["epoch-3.json", "epoch-4.json"]

    refused = steered(*order)
    assert refused.returncode == 2
    assert "A training to this folder was interrupted" in refused.stderr
    assert "--resume to go on with it, or --force to begin anew" in refused.stderr

    other = steered(*order, "--resume", "--seed", 2, "--batch", 8)
    assert other.returncode == 2
    assert "error: The interrupted training was another one" in other.stderr
    assert "got:      batch 8, data_sha256 " in other.stderr
    assert "seed 2\n  expected: batch 16, data_sha256 " in other.stderr

    between = steered(*order, "--resume", DIE="between:6")
    assert between.returncode == -9
    assert sorted(path.name for path in state.glob("*.json")) == ["epoch-4.json", "epoch-5.json"]
    assert (state / "epoch-6.index").is_file()
    (state / "epoch-6_temp").mkdir()  # where TensorFlow writes first

    stopped = steered(*order, "--resume", DIE="interrupt:85")
    assert stopped.returncode == 130
    assert stopped.stderr == "interrupted; the same command with --resume goes on after epoch 6\n"
    assert not out.exists()

    done = steered(*order, "--resume")
    assert done.returncode == 0, done.stderr
    return out


def test_the_weights_are_those_of_the_training_that_was_not_interrupted_to_the_bit(
    whole: Path, resumed: Path, weights
) -> None:
    ours, theirs = weights(whole), weights(resumed)
    assert ours.keys() == theirs.keys()
    assert sum(array.size for array in ours.values()) > 1200
    for name, array in ours.items():
        np.testing.assert_array_equal(array, theirs[name], err_msg=name)


def test_so_are_the_history_and_where_it_came_from(whole: Path, resumed: Path) -> None:
    for name in ("history.json", "trained.json"):
        assert json.loads((whole / name).read_text()) == json.loads((resumed / name).read_text())
    assert {len(values) for values in json.loads((whole / "history.json").read_text()).values()} == {8}


def test_nothing_is_left_beside_the_result(folder: Path, whole: Path, resumed: Path) -> None:
    assert {path.name for path in folder.iterdir()} - {"killed"} == {"resumed", "whole"}
    assert sorted(path.name for path in resumed.iterdir()) == sorted(path.name for path in whole.iterdir())


@pytest.fixture(scope="module")
def killed(folder: Path, steered, counting: Path) -> Path:
    """The weight was best after epoch 3; killed while the state of the fifth was written."""
    folder = folder / "killed"
    folder.mkdir()
    assert steered(counting, "--out", folder / "out", DIE="between:5").returncode == -9
    return folder


def test_the_best_weights_survive_a_kill_after_they_were(
    tmp_path: Path, killed: Path, steered, counting, weights
) -> None:
    folder = shutil.copytree(killed, tmp_path / "copy")
    done = steered(counting, "--out", folder / "out", "--resume")
    assert done.returncode == 0, done.stderr
    assert [array.tolist() for array in weights(folder / "out").values() if array.ndim == 2] == [[[3.0]]]
    assert json.loads((folder / "out" / "history.json").read_text())["val_loss"] == [2.0, 1.0, 0.0, 1.0, 2.0]


def test_a_damaged_state_is_refused_with_the_way_out(tmp_path: Path, killed: Path, steered, counting: Path) -> None:
    folder = shutil.copytree(killed, tmp_path / "copy")
    (arrays,) = (folder / "out.training" / "worker-0" / "state").glob("epoch-4.data*")
    arrays.write_bytes(arrays.read_bytes()[:-4])
    refused = steered(counting, "--out", folder / "out", "--resume")
    assert refused.returncode == 4
    assert "error: The state of the interrupted training is damaged" in refused.stderr
    assert "--force to begin anew" in refused.stderr
