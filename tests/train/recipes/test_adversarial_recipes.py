"""The recipes gan and inpaint: trained, interrupted, converted, judged and run as a user does it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from litefoot.runtime.model import load
from litefoot.runtime.preprocessing import preprocess
from litefoot.runtime.storage.bundle import Bundle
from litefoot.runtime.storage.trained import read_trained
from litefoot.train.recipes.inpaint import hole_psnr

Litefoot = Callable[..., subprocess.CompletedProcess[str]]
pytestmark = pytest.mark.slow

NAMES = ("gan", "inpaint")
EPOCHS = 2
INTERRUPTED = """
import os, sys
from litefoot.cli.main import main
from litefoot.train.recipe import find_recipe
recipe = find_recipe(sys.argv[1])
keep = recipe.after_epoch
recipe.after_epoch = lambda model, data, epoch, folder: keep(model, data, epoch, folder) if epoch == 1 else os._exit(9)
main(["train", *sys.argv[1:]])
"""


def arguments(name: str, out: Path) -> list[str]:
    return [name, "--quick", "--epochs", str(EPOCHS), "--seed", "3", "--out", str(out)]


@pytest.fixture(scope="module", params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def trained(name: str, tmp_path_factory: pytest.TempPathFactory, litefoot: Litefoot) -> Path:
    out = tmp_path_factory.mktemp("trained") / name
    done = litefoot("train", *arguments(name, out))
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def bundle(name: str, trained: Path, tmp_path_factory: pytest.TempPathFactory, litefoot: Litefoot) -> Path:
    out = tmp_path_factory.mktemp("bundles") / name
    chosen = ("--variants", "fp32.tflite", "dynamic.tflite", "int8.tflite", "int8.onnx")
    done = litefoot("convert", trained, "--out", out, *chosen)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def test_a_picture_of_samples_is_kept_for_each_epoch(trained: Path) -> None:
    pictures = sorted((trained / "samples").glob("epoch-*.png"))
    assert [path.stem for path in pictures] == [f"epoch-{epoch:03d}" for epoch in range(1, EPOCHS + 1)]
    shown = [np.asarray(Image.open(path)) for path in pictures]
    assert shown[0].std() > 5.0
    assert not np.array_equal(shown[0], shown[1])


def test_a_training_that_was_killed_goes_on_to_the_same_weights(
    name: str, trained: Path, tmp_path: Path, litefoot: Litefoot, weights: Callable[[Path], dict[str, np.ndarray]]
) -> None:
    if name != "gan":
        pytest.skip("once is enough: both are of one class, and gan draws noise besides")
    out = tmp_path / name
    killed = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, *arguments(name, out)], capture_output=True, text=True, timeout=600
    )
    assert killed.returncode == 9, killed.stderr
    assert not out.exists()
    done = litefoot("train", *arguments(name, out), "--resume")
    assert done.returncode == 0, done.stderr
    whole, resumed = weights(trained), weights(out)
    assert whole.keys() == resumed.keys()
    for key, array in whole.items():
        np.testing.assert_array_equal(array, resumed[key], err_msg=key)
    assert json.loads((trained / "history.json").read_text()) == json.loads((out / "history.json").read_text())


def test_every_file_is_within_its_tolerance(bundle: Path) -> None:
    assert {artifact.name for artifact in Bundle(bundle).artifacts} >= {"int8.tflite", "int8.onnx"}
    for artifact in Bundle(bundle).artifacts:
        verdict = load(bundle, artifact=artifact.name).selftest()
        assert verdict.passed, (artifact.name, verdict.reason)


def test_what_is_shipped_is_the_generator_on_samples_of_the_contracts_own_steps(name: str, trained: Path) -> None:
    document, calibration, evaluation, targets = read_trained(trained)
    (spec,) = document.contract.inputs
    assert spec.accepts(evaluation[spec.name].shape)
    assert (targets is None) == (name == "gan")
    seen = {sample.tobytes() for sample in calibration[spec.name]}
    assert not any(sample.tobytes() in seen for sample in evaluation[spec.name])
    if name == "gan":
        drawn = preprocess(np.array(5), document.contract.preprocessing[spec.name])
        np.testing.assert_array_equal(evaluation[spec.name][5], drawn)


def test_a_seed_makes_a_picture(name: str, bundle: Path, tmp_path: Path, litefoot: Litefoot) -> None:
    if name != "gan":
        pytest.skip("gan takes a seed")
    done = litefoot("run", bundle, "--seed", 4, "--output", tmp_path / "four.png")
    assert done.returncode == 0, done.stderr
    made = np.asarray(Image.open(tmp_path / "four.png"))
    assert made.shape == (28, 28)
    np.save(tmp_path / "four.npy", np.random.default_rng(4).standard_normal(100, np.float32))
    done = litefoot("run", bundle, "--input", tmp_path / "four.npy", "--output", tmp_path / "again.png")
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "again.png")), made)


def test_a_transparent_hole_is_repaired_and_the_rest_stays(
    name: str, bundle: Path, tmp_path: Path, litefoot: Litefoot
) -> None:
    if name != "inpaint":
        pytest.skip("inpaint takes a picture")
    given = np.zeros((28, 28, 4), np.uint8)
    given[4:24, 12:16, :3] = 250
    given[..., 3] = 255
    given[10:18, 8:20] = (0, 99, 0, 0)
    Image.fromarray(given).save(tmp_path / "damaged.png")
    run = ("run", bundle, "--input", tmp_path / "damaged.png", "--output", tmp_path / "whole.png")
    done = litefoot(*run, "--artifact", "fp32.tflite")
    assert done.returncode == 0, done.stderr
    made = np.asarray(Image.open(tmp_path / "whole.png"))
    whole = given[..., 3] == 255
    np.testing.assert_array_equal(made[whole], given[whole, 0])
    Image.fromarray(given[..., :3]).save(tmp_path / "damaged.png")
    refused = litefoot(*run, "--force")
    assert refused.returncode == 2
    assert "transparent" in refused.stderr


def test_figures_say_how_good_the_pictures_are(name: str, trained: Path) -> None:
    figures = json.loads((trained / "trained.json").read_text())["provenance"]["figures"]
    if name == "gan":
        last = json.loads((trained / "samples" / f"epoch-{EPOCHS:03d}.json").read_text())
        assert figures == {key: last[key] for key in ("confidence", "coverage")}
        assert sum(last["counts"]) == len(read_trained(trained)[2]["noise"])
    else:
        assert figures["hole_psnr"] > figures["damaged_hole_psnr"] > 0.0


def test_the_error_in_the_holes_is_counted_in_the_holes_alone() -> None:
    given = np.ones((1, 2, 2, 2), np.float32)
    given[0, 0, 0, 1] = -1.0
    original = np.zeros((1, 2, 2, 1), np.float32)
    repaired = original + np.float32([[[[0.2], [9.0]], [[9.0], [9.0]]]])
    assert hole_psnr(given, repaired, original) == pytest.approx(20.0)
