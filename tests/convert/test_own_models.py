"""Models as users bring them, to verified bundles: names, shapes and values stay what they are."""

from __future__ import annotations

import functools
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from litefoot.convert.report.report import Report
from litefoot.runtime import Bundle, load
from litefoot.runtime.graph import read_graph
from litefoot.runtime.preprocessing import Grayscale, Resize, Scale
from litefoot.runtime.storage.codec import decode

pytestmark = pytest.mark.slow

Convert = Callable[..., tuple[Path, Report]]
FLOAT = ("fp32.tflite", "fp32.onnx")
CALIBRATED = ("int8.tflite", "int8-io.tflite", "int8.onnx")
SHARED = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
SAMPLES = 40


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Calibration and evaluation samples in the shapes that users have."""
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    np.savez(folder / "arms.npz", left=random.uniform(-1, 1, (50, 2)), right=random.uniform(-1, 1, (50, 2)))
    np.savez(folder / "steps.npz", steps=random.uniform(-1, 1, (50, 6, 4)).astype(np.float32))
    image = pytest.importorskip("PIL.Image")
    for label, low, high in (("bright", 150, 255), ("dark", 0, 100)):
        (folder / "pictures" / label).mkdir(parents=True)
        for i in range(SAMPLES):
            level = low + (high - low) * i // SAMPLES
            image.new("RGB", (12, 10), (level,) * 3).save(folder / "pictures" / label / f"{i}.png")
    return folder


@pytest.fixture(scope="module")
def converted(
    own: Path,
    data: Path,
    tmp_path_factory: pytest.TempPathFactory,
    litefoot: Callable[..., subprocess.CompletedProcess[str]],
) -> Iterator[Convert]:
    """Convert a model, once for the same order; it has to succeed."""
    out = tmp_path_factory.mktemp("bundles")

    @functools.cache
    def convert(name: str, *options: str, code: int = 0) -> tuple[Path, Report]:
        bundle = out / f"{len(list(out.iterdir()))}"
        here = Path(__file__).parent / "own"
        given = [str(data / option) if (data / option).exists() else option for option in options]
        done = litefoot("convert", own / name, "--out", bundle, "--json", *given, cwd=here)
        assert done.returncode == code, done.stderr + done.stdout
        assert "Traceback" not in done.stderr
        Bundle(bundle).check()
        return bundle, decode(Report, json.loads(done.stdout), "stdout")

    yield convert
    convert.cache_clear()


def names(bundle: Path) -> tuple[str, ...]:
    return tuple(artifact.name for artifact in Bundle(bundle).artifacts)


def assert_answers(bundle: Path, given: dict[str, np.ndarray], expected: dict[str, np.ndarray], atol: float) -> None:
    for name in names(bundle):
        outputs = load(bundle, artifact=name)(given)
        answers = outputs if isinstance(outputs, dict) else {next(iter(expected)): outputs}
        assert answers.keys() == expected.keys()
        for output, values in expected.items():
            np.testing.assert_allclose(answers[output], values, rtol=0, atol=atol, err_msg=f"{name}: {output}")


# Keras 3


ARMS = ("arms.keras", "--calibration", "arms.npz", "--variants", "int8.tflite", "int8-io.tflite", "int8.onnx")
LEFT, RIGHT = np.array([[0.5, -0.25]], np.float32), np.array([[-0.5, 0.75]], np.float32)


def test_dicts_nested_and_shared_layers_keep_names_and_values_in_every_file(converted: Convert) -> None:
    bundle, report = converted(*ARMS)
    assert names(bundle) == ("fp32.tflite", "int8.tflite", "int8-io.tflite", "fp32.onnx", "int8.onnx")
    expected = {"total": (LEFT + RIGHT) @ SHARED, "gap": (LEFT - RIGHT) @ SHARED}
    assert_answers(bundle, {"left": LEFT, "right": RIGHT}, expected, atol=0.15)
    assert report.status == "passed"
    assert report.source.framework.startswith("Keras 3")
    assert report.source.compressible
    assert report.source.bridge_error is not None
    assert report.source.bridge_error < 1e-5


def test_every_fifth_calibration_sample_was_held_back_for_the_verdict(converted: Convert, data: Path) -> None:
    bundle, report = converted(*ARMS)
    assert report.samples == 10
    assert report.evidence == "10 calibration samples that were held back for it"
    golden = Bundle(bundle).golden()
    with np.load(data / "arms.npz") as arrays:
        np.testing.assert_allclose(golden.inputs["left"], arrays["left"][4::5].astype(np.float32))
        total = (arrays["left"] + arrays["right"])[4::5] @ SHARED
    np.testing.assert_allclose(golden.references["total"], total, rtol=0, atol=1e-5)


PICTURES = ("pictures.keras", "--calibration", "pictures", "--evaluation", "pictures", "--scale", "1/255",
            "--metric", "accuracy")  # fmt: skip


def test_pictures_in_folders_give_labels_and_accuracy(converted: Convert) -> None:
    bundle, report = converted(*PICTURES, "--max-drop", "10%", "--variants", "int8.tflite", "fp32.onnx")
    contract = Bundle(bundle).manifest.contract
    assert contract.labels == ("bright", "dark")
    assert contract.outputs[0].kind == "probabilities"
    assert contract.preprocessing == {"picture": (Grayscale(), Resize(8, 8), Scale(1 / 255))}
    assert report.metric_value == 1.0
    assert report.samples == 2 * SAMPLES
    for artifact in report.artifacts:
        assert artifact.status == "passed"
        assert artifact.verdict.task is not None
        assert artifact.verdict.task.drop == 0.0


def test_with_too_few_samples_for_the_limit_the_verdict_is_undecided(converted: Convert) -> None:
    _, report = converted(*PICTURES, "--variants", "fp32.onnx", code=1)
    assert report.status == "undecided"
    assert "more samples" in report.artifacts[0].reason
    assert report.recommended == ()


def test_a_picture_is_classified_from_its_file(converted: Convert, data: Path) -> None:
    bundle, _ = converted(*PICTURES, "--max-drop", "10%", "--variants", "int8.tflite", "fp32.onnx")
    model = load(bundle)
    for label, column in (("bright", 0), ("dark", 1)):
        scores = model(model.preprocess(data / "pictures" / label / "20.png"))
        assert np.argmax(scores) == column


SUBCLASSED = ("subclassed.keras", "--custom-objects", "my_objects:EVERYTHING")


def test_a_subclassed_model_is_exported_directly_and_not_compressible(converted: Convert) -> None:
    bundle, report = converted(*SUBCLASSED)
    assert_answers(bundle, {"input_0": np.array([[1.0, 2.0, 3.0]])}, {"output": np.array([[12.0]])}, atol=0.1)
    assert not report.source.compressible
    assert report.source.bridge_error is None
    assert report.source.notes


def test_without_any_samples_what_needs_none_is_made_and_the_rest_listed(converted: Convert) -> None:
    bundle, report = converted(*SUBCLASSED)
    assert names(bundle) == ("fp32.tflite", "fp16.tflite", "fp32.onnx")
    reasons = {skip.name: skip.reason for skip in report.skipped}
    too_small = ("dynamic.tflite", "fp16.onnx", "dynamic.onnx")
    assert tuple(reasons) == (*CALIBRATED, *too_small)
    assert all("--calibration" in reasons[name] for name in CALIBRATED)
    assert all("no weights are large enough" in reasons[name] for name in too_small)
    assert "made-up inputs" in report.evidence
    assert report.status == "passed"
    assert "Left out" in (bundle / "report.html").read_text(encoding="utf-8")


def test_code_in_the_file_runs_when_it_is_allowed(converted: Convert) -> None:
    bundle, _ = converted("lambda.keras", "--allow-code", "--variants", *FLOAT)
    assert_answers(bundle, {"x": np.array([[1.0, 2.0, 3.0]])}, {"halve": np.array([[0.5, 1.0, 1.5]])}, atol=1e-6)


# Shapes


def test_a_free_length_is_what_the_user_chose_and_the_batch_stays_free_in_onnx(converted: Convert) -> None:
    bundle, _ = converted("any_length.keras", "--shape", "steps=1,16,4", "--variants", *FLOAT)
    shapes = {name: load(bundle, artifact=name).inputs[0].shape for name in FLOAT}
    assert shapes == {"fp32.tflite": (1, 16, 4), "fp32.onnx": (None, 16, 4)}
    steps = np.arange(64, dtype=np.float32).reshape(1, 16, 4)
    assert_answers(bundle, {"steps": steps}, {"mean": steps.mean(axis=1)}, atol=1e-5)


def test_a_chosen_batch_is_the_tflite_files(converted: Convert) -> None:
    bundle, report = converted("sequential.keras", "--batch", "4", "--variants", "fp32.tflite", "fp32.onnx")
    shapes = {name: load(bundle, artifact=name).inputs[0].shape for name in FLOAT}
    assert shapes == {"fp32.tflite": (4, 3), "fp32.onnx": (None, 3)}
    x = np.arange(12, dtype=np.float32).reshape(4, 3)
    assert_answers(bundle, {"x": x}, {"plus": np.repeat(x.sum(axis=1, keepdims=True) + 1, 2, axis=1)}, atol=1e-5)
    assert report.status == "passed"


def test_a_fixed_batch_is_every_files(converted: Convert) -> None:
    bundle, report = converted("fixed_batch.keras", "--variants", *FLOAT)
    assert {name: load(bundle, artifact=name).inputs[0].shape for name in FLOAT} == dict.fromkeys(FLOAT, (4, 3))
    x = np.arange(12, dtype=np.float32).reshape(4, 3)
    assert_answers(bundle, {"x": x}, {"double": 2 * x}, atol=1e-5)
    assert report.status == "passed"


# Recurrent


def test_an_lstm_of_keras_3_becomes_the_fused_operator_through_keras_2(converted: Convert) -> None:
    bundle, report = converted("lstm.keras", "--calibration", "steps.npz", "--variants", "fp32.tflite", "fp32.onnx")
    operators = {operator.name for operator in read_graph(bundle / "models" / "fp32.tflite").operators}
    assert "UNIDIRECTIONAL_SEQUENCE_LSTM" in operators
    assert "WHILE" not in operators
    assert report.source.bridge_error is not None
    assert report.status == "passed"


# Keras 2 and SavedModel


@pytest.mark.parametrize("name", ["old.h5", "old.keras"])
def test_keras_2_needs_no_bridge(converted: Convert, name: str) -> None:
    bundle, report = converted(name, "--variants", *FLOAT)
    x = np.array([[1.0, -0.5]], np.float32)
    assert_answers(bundle, {"x": x}, {"once": x @ SHARED, "twice": 2 * x @ SHARED}, atol=1e-5)
    assert report.source.framework.startswith("Keras 2")
    assert report.source.compressible
    assert report.source.bridge_error is None


@pytest.mark.parametrize(
    ("order", "output", "factor"),
    [(("one",), "y", 2.0), (("several", "--signature", "halve"), "half", 0.5)],
    ids=["one signature", "chosen signature"],
)
def test_a_signature_of_a_saved_model_is_exported_by_its_names(
    converted: Convert, order: tuple[str, ...], output: str, factor: float
) -> None:
    bundle, report = converted(*order, "--variants", *FLOAT)
    x = np.array([[1.0, 2.0, -3.0]], np.float32)
    assert_answers(bundle, {"x": x}, {output: factor * x}, atol=1e-5)
    assert not report.source.compressible
    assert report.name == order[0]
