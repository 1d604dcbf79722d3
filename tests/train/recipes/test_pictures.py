"""The recipes for pictures: a quick run of each to a verified bundle that answers; real data where they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from litefoot.runtime import load
from litefoot.runtime.errors import UsageError
from litefoot.runtime.postprocessing.detections import Objects
from litefoot.runtime.postprocessing.segments import Mask
from litefoot.runtime.preprocessing import preprocess
from litefoot.runtime.storage.codec import read_document
from litefoot.runtime.storage.trained import TrainedModel, read_trained
from litefoot.train.data.handwriting import scikit_learn_digits
from litefoot.train.data.scenes import SIDE, load_scenes
from litefoot.train.recipe import Request, find_recipe
from litefoot.train.recipes.cats_dogs import draw_stripes

Litefoot = Callable[..., "subprocess.CompletedProcess[str]"]

LEAST = {"mnist": 0.9, "cats-dogs": 0.9, "detect": 0.3, "segment": 0.3}
"""The test metric that each quick run reaches with room to spare."""


BACKBONE = """
import sys
import numpy as np
import tf_keras
from pathlib import Path
folder = Path(sys.argv[1])
made = tf_keras.applications.MobileNetV2(input_shape=(32, 32, 3), include_top=False, weights=None)
made.save_weights(folder / "weights.h5")
from litefoot.train.recipe import Plan, Request, find_recipe
from litefoot.train.recipes.cats_dogs import BACKBONES
recipe = find_recipe(str(folder / "own.py"))
model = recipe.build(recipe.load(Request(quick=True)), Plan(1, 1, 1e-3))
given = {weight.name: weight.numpy() for weight in made.weights}
inside = next(layer for layer in model.layers if layer.name.startswith("mobilenetv2"))
for weight, loaded in zip(made.weights, inside.weights, strict=True):
    np.testing.assert_array_equal(weight.numpy(), loaded.numpy())
assert [weight.name for weight in model.trainable_weights] == ["probabilities/kernel:0", "probabilities/bias:0"]
pixels = np.arange(256.0).reshape(1, 16, 16, 1).repeat(3, -1)
for name in BACKBONES:
    module = getattr(tf_keras.applications, {"ResNet50V2": "resnet_v2"}.get(name, name.lower().replace("v2", "_v2")))
    np.testing.assert_allclose(module.preprocess_input(pixels.copy()), pixels / 127.5 - 1.0, atol=1e-6)
"""

OWN = """
from pathlib import Path
from litefoot.train.recipes.cats_dogs import CatsDogs

class Own(CatsDogs):
    name, backbone, weights = "own", "MobileNetV2", str(Path(__file__).with_name("weights.h5"))

RECIPE = Own()
"""


@pytest.fixture(scope="module")
def trained(train_quick: Callable[..., Path]) -> Path:
    """A TrainedModel folder for each recipe, by its name."""
    return train_quick(*LEAST)


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory, trained: Path, litefoot: Litefoot) -> dict[str, Path]:
    """The bundles of those recipes whose answers are not labels."""
    folder = tmp_path_factory.mktemp("bundles")
    for name in ("detect", "segment"):
        variants = ("fp32.tflite", "int8.tflite")
        done = litefoot("convert", trained / name, "--out", folder / name, "--variants", *variants)
        assert done.returncode == 0, done.stderr + done.stdout
    return {name: folder / name for name in ("detect", "segment")}


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    """A scene that was not trained on, as a file."""
    parts, _ = load_scenes(Request(quick=True, seed=9), train=4, validation=4, test=4)
    Image.fromarray(parts["test"].pictures[0]).save(tmp_path / "scene.png")
    return tmp_path / "scene.png"


@pytest.mark.slow
@pytest.mark.parametrize("name", LEAST)
def test_a_quick_run_learns(trained: Path, name: str) -> None:
    document = read_document(TrainedModel, trained / name / "trained.json")
    assert document.metric_value is not None
    assert document.metric_value >= LEAST[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", LEAST)
def test_every_model_is_small(trained: Path, name: str) -> None:
    assert (trained / name / "model.keras").stat().st_size < 150_000 * 4 * 3.5  # weights and the optimizer's two slots


@pytest.mark.slow
def test_mnists_evaluation_samples_are_the_pictures_through_the_runtimes_own_preprocessing(trained: Path) -> None:
    pictures, labels = scikit_learn_digits()
    document, _, evaluation, targets = read_trained(trained / "mnist")
    tested = document.provenance["indices"]["test"]
    steps = document.contract.preprocessing["image"]
    np.testing.assert_array_equal(evaluation["image"], np.stack([preprocess(pictures[i], steps) for i in tested]))
    np.testing.assert_array_equal(targets, labels[tested])


@pytest.mark.slow
def test_the_detectors_bundle_is_verified_and_finds_digits(
    bundles: dict[str, Path], scene: Path, litefoot: Litefoot
) -> None:
    done = litefoot("verify", bundles["detect"])
    assert done.returncode == 0, done.stdout + done.stderr
    done = litefoot("run", bundles["detect"], "--input", scene, "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)["answer"]
    assert all(found["label"] in "0123456789" and len(found["box"]) == 4 for found in answer["objects"])
    model = load(bundles["detect"])
    found = model.postprocess(model(model.preprocess(scene)))
    assert isinstance(found, Objects)
    assert [entry.label for entry in found.objects] == [entry["label"] for entry in answer["objects"]]


@pytest.mark.slow
def test_the_segmenters_bundle_is_verified_and_writes_a_mask(
    bundles: dict[str, Path], scene: Path, litefoot: Litefoot, tmp_path: Path
) -> None:
    done = litefoot("verify", bundles["segment"])
    assert done.returncode == 0, done.stdout + done.stderr
    output = tmp_path / "mask.png"
    done = litefoot("run", bundles["segment"], "--input", scene, "--output", output)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{SIDE} x {SIDE} pixels")
    model = load(bundles["segment"])
    mask = model.postprocess(model(model.preprocess(scene)))
    assert isinstance(mask, Mask)
    with Image.open(output) as picture:
        np.testing.assert_array_equal(np.asarray(picture), mask.picture())
    again = litefoot("run", bundles["segment"], "--input", scene, "--output", output)
    assert again.returncode == 2
    assert "--force" in again.stderr


@pytest.mark.slow
def test_boxes_are_no_picture_to_write(bundles: dict[str, Path], scene: Path, litefoot: Litefoot) -> None:
    done = litefoot("run", bundles["detect"], "--input", scene, "--output", scene.with_name("boxes.png"))
    assert done.returncode == 2
    assert "no picture" in done.stderr
    assert not scene.with_name("boxes.png").exists()


@pytest.mark.slow
def test_a_backbone_keeps_the_weights_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    done = subprocess.run([sys.executable, "-c", BACKBONE, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_weights_that_are_not_there_are_refused(tmp_path: Path, litefoot: Litefoot) -> None:
    (tmp_path / "own.py").write_text(OWN)
    done = litefoot("train", tmp_path / "own.py", "--quick", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "weights cannot be loaded" in done.stderr


@pytest.mark.slow
def test_without_a_network_mnist_says_what_to_do_instead(tmp_path: Path) -> None:
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "KERAS_HOME": str(tmp_path / "keras")}
    command = [sys.executable, "-m", "litefoot.cli.main", "train", "mnist", "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **nowhere})
    assert done.returncode == 2
    assert "MNIST cannot be downloaded" in done.stderr
    assert "--data FOLDER with its idx files" in done.stderr


def test_photographs_come_from_a_folder_alone() -> None:
    with pytest.raises(UsageError, match="--data FOLDER"):
        find_recipe("cats-dogs").load(Request())


def test_stripes_of_both_classes_are_drawn_across() -> None:
    pictures, classes = draw_stripes(20, 16, seed=0)
    assert (pictures.shape, pictures.dtype) == ((20, 16, 16, 3), np.uint8)
    assert classes.tolist() == [0, 1] * 10
    across = np.abs(np.diff(pictures.astype(float).mean(axis=3), axis=1)).mean((1, 2))
    along = np.abs(np.diff(pictures.astype(float).mean(axis=3), axis=2)).mean((1, 2))
    assert ((across > along) == (classes == 0)).mean() > 0.8


def test_the_detectors_targets_fit_its_outputs() -> None:
    data = find_recipe("detect").load(Request(quick=True))
    boxes, scores = data.contract.outputs
    assert isinstance(data.train.targets, dict)
    assert data.train.targets["boxes"].shape == (len(data.train), boxes.shape[1], 5)
    assert data.train.targets["scores"].max() < scores.shape[2]
    assert isinstance(data.test.targets, np.ndarray)
    assert data.test.targets.shape[2] == 5


def test_a_segmenters_labels_begin_with_the_background() -> None:
    data = find_recipe("segment").load(Request(quick=True))
    assert data.contract.labels[0] == "background"
    assert len(data.contract.labels) == data.contract.outputs[0].shape[-1]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "part", "least"), [("mnist", "mnist", 0.95), ("cats-dogs", "cats_dogs", 0.55)])
def test_one_pass_over_real_pictures_learns(
    real: Path, tmp_path: Path, litefoot: Litefoot, name: str, part: str, least: float
) -> None:
    done = litefoot("train", name, "--data", real / part, "--epochs", 2, "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["metric_value"] >= least
