"""What goes into a conversion is settled and checked before any converter starts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from litefoot.convert.contracts import Promises
from litefoot.convert.data import Given
from litefoot.convert.intake import MAX_CALIBRATION_SAMPLES, SYNTHETIC_SAMPLES, Intake, take_in
from litefoot.convert.pipeline import _check_asked
from litefoot.convert.source import Description, Source
from litefoot.convert.staging import MIN_CALIBRATION_SAMPLES, Staged, Training
from litefoot.convert.variants import VARIANTS, Skipped, choose_variants
from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.errors import ConversionFailed, SampleError, UsageError
from litefoot.runtime.storage.files import sha256
from litefoot.runtime.storage.trained import TrainedModel
from litefoot.runtime.tensors import TensorSpec

X = TensorSpec("x", (None, 2), "float32")
TOKENS = TensorSpec("tokens", (None, 4), "int32")
Y = TensorSpec("y", (None, 3), "float32")
ACCURACY = Promises(metric=Metric("accuracy", 0.01))
CALIBRATED = {"int8.tflite", "int8-io.tflite", "int8.onnx"}


def found(*inputs: TensorSpec, outputs: tuple[TensorSpec, ...] = (Y,), **settings: Any) -> Description:
    everything = {"largest_tokens": {}, "parameters": 12, "compressible": True, "bridge_error": None, "notes": ()}
    return Description("Keras 3.0", "model", inputs or (X,), outputs, **{**everything, **settings})


@pytest.fixture
def staged(tmp_path: Path) -> Staged:
    path = tmp_path / "model.keras"
    path.write_bytes(b"a model")
    return Staged(Source(str(path), "keras"), "model")


def samples(count: int, width: int = 2) -> np.ndarray:
    return np.arange(count * width, dtype=np.float32).reshape(count, width)


def labelled(count: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    return {"x": samples(count)}, np.arange(count) % 3


def take(
    staged: Staged,
    calibration: Given | None = None,
    evaluation: Given | None = None,
    promises: Promises = Promises(),  # noqa: B008 - frozen
    description: Description | None = None,
    variants: list[str] | None = None,
) -> Intake:
    return take_in(staged, description or found(), promises, calibration, evaluation, choose_variants(variants))


# Where samples come from


def test_with_both_sets_the_ranges_come_from_one_and_the_verdict_from_the_other(staged: Staged) -> None:
    intake = take(staged, {"x": samples(20)}, {"x": samples(3) + 1})
    assert intake.calibration is not None
    np.testing.assert_array_equal(intake.calibration["x"], samples(20))
    np.testing.assert_array_equal(intake.evaluation["x"], samples(3) + 1)
    assert intake.targets is None
    assert intake.evidence.startswith("3 evaluation samples from ")
    assert intake.variants == VARIANTS
    assert intake.skipped == ()


def test_without_evaluation_every_fifth_calibration_sample_is_held_back_and_calibrates_nothing(staged: Staged) -> None:
    intake = take(staged, {"x": samples(20)})
    assert intake.calibration is not None
    np.testing.assert_array_equal(intake.evaluation["x"], samples(20)[[4, 9, 14, 19]])
    np.testing.assert_array_equal(intake.calibration["x"], np.delete(samples(20), [4, 9, 14, 19], axis=0))
    assert intake.evidence == "4 calibration samples that were held back for it"


def test_labels_of_held_back_samples_stay_with_them(staged: Staged) -> None:
    intake = take(staged, labelled(20), promises=ACCURACY)
    assert intake.targets is not None
    np.testing.assert_array_equal(intake.targets, np.array([4, 9, 14, 19]) % 3)


def test_fifteen_calibration_samples_are_enough_to_hold_some_back(staged: Staged) -> None:
    intake = take(staged, {"x": samples(15)})
    assert intake.calibration is not None
    assert len(intake.calibration["x"]) == 12
    assert len(intake.evaluation["x"]) == 3


@pytest.mark.parametrize("count", [1, 14])
def test_too_few_to_hold_some_back_are_refused_with_both_ways_out(staged: Staged, count: int) -> None:
    with pytest.raises(SampleError) as refusal:
        take(staged, {"x": samples(count)})
    for words in ("too few calibration samples", f"got:      {count}\n", "at least 15", "give more, or --evaluation"):
        assert words in str(refusal.value)


def test_with_evaluation_ten_are_enough_and_nine_are_not(staged: Staged) -> None:
    assert take(staged, {"x": samples(10)}, {"x": samples(1)}).calibration is not None
    with pytest.raises(SampleError) as refusal:
        take(staged, {"x": samples(9)}, {"x": samples(1)})
    assert f"got:      9\n  expected: at least {MIN_CALIBRATION_SAMPLES}" in str(refusal.value)


def test_calibration_is_limited_and_spread_over_all_samples(staged: Staged) -> None:
    intake = take(staged, {"x": samples(3 * MAX_CALIBRATION_SAMPLES)}, {"x": samples(2000)})
    assert intake.calibration is not None
    assert len(intake.calibration["x"]) == MAX_CALIBRATION_SAMPLES
    assert intake.calibration["x"][-1, 0] > samples(3 * MAX_CALIBRATION_SAMPLES)[-10, 0]
    assert len(intake.evaluation["x"]) == 2000


def test_without_any_samples_the_inputs_are_made_up_and_the_verdict_says_so(staged: Staged) -> None:
    intake = take(staged, description=found(X, TOKENS, largest_tokens={"tokens": 7}))
    assert intake.calibration is None
    assert {name: array.shape for name, array in intake.evaluation.items()} == {
        "x": (SYNTHETIC_SAMPLES, 2),
        "tokens": (SYNTHETIC_SAMPLES, 4),
    }
    assert intake.evaluation["tokens"].max() == 7
    assert intake.evaluation["tokens"].dtype == np.int32
    for words in (f"{SYNTHETIC_SAMPLES} made-up inputs", "--calibration or --evaluation"):
        assert words in intake.evidence
    assert intake.warnings == ()


# What can be made


def test_without_calibration_what_needs_it_is_left_out_with_the_reason(staged: Staged) -> None:
    for evaluation in (None, {"x": samples(3)}):
        intake = take(staged, evaluation=evaluation)
        assert intake.skipped == tuple(
            Skipped(variant.name, "it needs calibration samples: --calibration")
            for variant in VARIANTS
            if variant.name in CALIBRATED
        )
        assert {variant.name for variant in intake.variants} == {variant.name for variant in VARIANTS} - CALIBRATED
        _check_asked(intake, None)


def test_a_variant_that_was_asked_for_by_name_and_cannot_be_made_is_an_error(staged: Staged) -> None:
    asked = ["fp32.tflite", "int8.onnx"]
    with pytest.raises(UsageError) as refusal:
        _check_asked(take(staged, variants=asked), asked)
    assert str(refusal.value) == "int8.onnx cannot be made\n  got:      it needs calibration samples: --calibration"


def test_nothing_that_can_be_made_is_an_error(staged: Staged) -> None:
    intake = replace(take(staged), variants=(), skipped=(Skipped("int8.onnx", "no reason"),))
    with pytest.raises(UsageError, match=r"No variant can be made\n  got:      no reason"):
        _check_asked(intake, None)


# Checks


def test_samples_that_do_not_fit_the_model_are_refused_before_anything_is_made(staged: Staged) -> None:
    with pytest.raises(SampleError, match="calibration"):
        take(staged, {"x": samples(20, width=5)})
    with pytest.raises(SampleError, match="evaluation"):
        take(staged, {"x": samples(20)}, {"x": samples(3, width=5)})
    nan = samples(20)
    nan[7] = np.nan
    with pytest.raises(SampleError, match=r"not finite\n  where:    input x, sample 7"):
        take(staged, {"x": nan})


def test_samples_that_look_odd_are_a_warning(staged: Staged) -> None:
    intake = take(staged, {"x": samples(20) / 20}, {"x": samples(20)})
    assert len(intake.warnings) == 1
    assert "input x reaches far outside the calibration" in intake.warnings[0]
    assert take(staged, {"x": samples(20)}, {"x": samples(20)}).warnings == ()


def test_a_metric_needs_labels(staged: Staged) -> None:
    for given in ({"x": samples(20)}, None):
        with pytest.raises(UsageError) as refusal:
            take(staged, given, promises=ACCURACY)
        for words in ("The metric accuracy needs labels", "--evaluation with labels", "a column named label"):
            assert words in str(refusal.value)


def test_labels_have_to_be_classes_of_the_model(staged: Staged) -> None:
    inputs, _ = labelled(20)
    with pytest.raises(SampleError, match=r"got:      0 to 3\n  expected: 0 to 2"):
        take(staged, evaluation=(inputs, np.arange(20) % 4), promises=ACCURACY)
    with pytest.raises(SampleError, match="labels"):
        take(staged, evaluation=(inputs, np.arange(19) % 3), promises=ACCURACY)


def test_labels_without_a_metric_are_kept_and_judge_nothing(staged: Staged) -> None:
    intake = take(staged, evaluation=labelled(20))
    assert intake.contract.metric is None
    assert intake.targets is not None


def test_the_names_of_classes_come_from_the_data_where_the_user_gave_none(staged: Staged) -> None:
    given = {"x": samples(6)}, np.array(["cat", "ant", "bee"] * 2)
    intake = take(staged, evaluation=given, promises=ACCURACY)
    assert intake.contract.labels == ("ant", "bee", "cat")
    assert intake.targets is not None
    assert intake.targets.tolist() == [2, 0, 1] * 2
    own = replace(ACCURACY, labels=("cat", "bee", "ant"))
    intake = take(staged, evaluation=given, promises=own)
    assert intake.contract.labels == ("cat", "bee", "ant")
    assert intake.targets is not None
    assert intake.targets.tolist() == [0, 2, 1] * 2


def test_the_names_of_classes_come_from_folders(staged: Staged, tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    for label, value in (("ant", 0), ("bee", 100), ("cat", 200)):
        (tmp_path / "pictures" / label).mkdir(parents=True)
        for i in range(5):
            image.new("RGB", (9, 7), (value + i, 0, 0)).save(tmp_path / "pictures" / label / f"{i}.png")
    picture = TensorSpec("x", (None, 4, 4, 3), "float32")
    promises = replace(ACCURACY, pixels=(0.5, 0.0))
    intake = take(staged, str(tmp_path / "pictures"), promises=promises, description=found(picture))
    assert intake.contract.labels == ("ant", "bee", "cat")
    assert intake.targets is not None
    assert sorted(intake.targets.tolist()) == [0, 1, 2]
    for array, target in zip(intake.evaluation["x"], intake.targets, strict=True):
        assert array.shape == (4, 4, 3)
        assert 50 * target <= array[0, 0, 0] <= 50 * target + 2


# Provenance and TrainedModels


def test_the_bundle_knows_the_file_that_it_was_made_of(staged: Staged, tmp_path: Path) -> None:
    expected = {"framework": "Keras 3.0", "parameters": 12}
    assert take(staged).provenance == {**expected, "sha256": sha256(tmp_path / "model.keras")}
    folder = replace(staged, source=Source(str(tmp_path), "saved_model"))
    assert take(folder).provenance == expected


CONTRACT = ModelContract((X,), (Y._replace(kind="logits"),), "classification", metric=Metric("accuracy", 0.01))


def trained(staged: Staged, contract: ModelContract = CONTRACT) -> Staged:
    document = TrainedModel("litefoot-trained", 1, "tiny", contract, 0.5, {"seed": 7})
    inputs, targets = labelled(6)
    return replace(staged, training=Training(document, {"x": samples(12)}, inputs, targets))


def test_a_trained_model_brings_contract_samples_and_provenance(staged: Staged) -> None:
    intake = take(trained(staged))
    assert intake.contract == CONTRACT
    assert intake.calibration is not None
    assert len(intake.calibration["x"]) == 12
    assert len(intake.evaluation["x"]) == 6
    assert intake.evidence == "6 samples of the test data"
    assert intake.provenance == {"seed": 7}
    assert intake.variants == VARIANTS


def test_samples_that_are_given_take_the_place_of_a_trained_models_own(staged: Staged) -> None:
    intake = take(trained(staged), {"x": samples(30)}, labelled(9))
    assert intake.calibration is not None
    assert len(intake.calibration["x"]) == 30
    assert len(intake.evaluation["x"]) == 9
    only_calibration = take(trained(staged), {"x": samples(30)})
    assert only_calibration.calibration is not None
    assert len(only_calibration.calibration["x"]) == 30
    assert len(only_calibration.evaluation["x"]) == 6


def test_a_trained_models_contract_is_its_own(staged: Staged) -> None:
    with pytest.raises(UsageError, match="A TrainedModel brings its own contract"):
        take(trained(staged), promises=Promises(task="other"))


def test_how_much_a_trained_models_metric_may_drop_is_the_users_to_say_and_is_told(staged: Staged) -> None:
    usual = take(trained(staged))
    asked = take(trained(staged), promises=Promises(max_drop=0.2))
    assert (usual.contract.metric, usual.notes) == (Metric("accuracy", 0.01), ())
    assert asked.contract.metric == Metric("accuracy", 0.2)
    assert asked.notes == ("accuracy may drop by 20.00%, as asked for; the model came with a limit of 1.00%",)
    with pytest.raises(UsageError, match="there is none"):
        take(trained(staged, replace(CONTRACT, metric=None)), promises=Promises(max_drop=0.2))


Z = TensorSpec("z", (None, 3), "float32", kind="regression")


@pytest.mark.parametrize(
    ("contract", "description", "words"),
    [
        (replace(CONTRACT, inputs=(X._replace(name="image"),)), found(), ["inputs differ", "['x']", "['image']"]),
        (CONTRACT, found(X, TOKENS), ["inputs differ", "['x', 'tokens']", "['x']"]),
        (CONTRACT, found(outputs=(Z,)), ["outputs differ", "['z']", "['y']"]),
        (CONTRACT, found(outputs=(Y, Z)), ["outputs differ", "['y', 'z']", "['y']"]),
        (replace(CONTRACT, outputs=(Z, Y)), found(outputs=(Y, Z)), ["another order", "['z', 'y']", "['y', 'z']"]),
    ],
    ids=["input's name", "another input", "output's name", "another output", "order"],
)
def test_a_contract_that_is_not_its_models_is_a_failed_conversion(
    staged: Staged, contract: ModelContract, description: Description, words: list[str]
) -> None:
    with pytest.raises(ConversionFailed) as refusal:
        take(trained(staged, contract), description=description)
    for word in words:
        assert word in str(refusal.value)


def test_the_order_of_inputs_does_not_matter(staged: Staged) -> None:
    contract = replace(CONTRACT, inputs=(TOKENS, X), metric=None)
    both = {"x": samples(12), "tokens": np.zeros((12, 4), np.int32)}
    document = TrainedModel("litefoot-trained", 1, "tiny", contract, None, {})
    given = replace(staged, training=Training(document, both, both, None))
    assert take(given, description=found(X, TOKENS)).contract == contract
