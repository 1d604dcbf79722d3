"""The recipes for texts, sounds and series: a quick run of each to a verified bundle that answers; real data too."""

from __future__ import annotations

import json
import subprocess
import wave
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from litefoot.convert.report.report import REPORT, Report
from litefoot.runtime.decoding import Table
from litefoot.runtime.errors import SampleError, UsageError
from litefoot.runtime.postprocessing import NextPrice
from litefoot.runtime.preprocessing import Scale, Tokens, preprocess
from litefoot.runtime.storage.codec import read_document
from litefoot.runtime.storage.trained import TrainedModel, read_trained
from litefoot.train.data.sentences import generate_messages
from litefoot.train.data.series import Series, generate_walk
from litefoot.train.data.sounds import generate_tones
from litefoot.train.recipe import Request, find_recipe
from litefoot.train.recipes.forecast import against_naive, trust
from litefoot.train.recipes.speech import front_end
from litefoot.train.recipes.text_class import tokens_for

Litefoot = Callable[..., "subprocess.CompletedProcess[str]"]

NAMES = ("text-class", "speech", "forecast")
VARIANTS = ("fp32.tflite", "int8.tflite", "fp32.onnx", "int8.onnx")


@pytest.fixture(scope="module")
def trained(train_quick: Callable[..., Path]) -> Path:
    """A TrainedModel folder for each recipe, by its name."""
    return train_quick(*NAMES)


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory, trained: Path, litefoot: Litefoot) -> Path:
    """The folder of their bundles."""
    folder = tmp_path_factory.mktemp("bundles")
    for name in NAMES:
        done = litefoot("convert", trained / name, "--out", folder / name, "--variants", *VARIANTS)
        assert done.returncode == 0, done.stderr + done.stdout
    return folder


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A file for each recipe that was not trained on."""
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "message.txt").write_text("Congratulations! You have won a holiday. Text WIN to 87070 now!")
    tones = generate_tones(1, seed=77)
    with wave.open(str(folder / "rising.wav"), "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(2)
        recording.setframerate(tones.rate_hz)
        values = tones.sounds[tones.labels.index("rising")].values
        recording.writeframes(np.rint(values * 32767).astype("<i2").tobytes())
    days = generate_walk(40, 5, "close").table.values[:, 0]
    rows = "".join(f"2020-02-{number % 28 + 1:02},{price}\n" for number, price in enumerate(days))
    (folder / "days.csv").write_text("date,close\n" + rows)
    return dict(zip(NAMES, (folder / "message.txt", folder / "rising.wav", folder / "days.csv"), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "least"), [("text-class", 0.95), ("speech", 0.9)])
def test_a_quick_run_learns(trained: Path, name: str, least: float) -> None:
    document = read_document(TrainedModel, trained / name / "trained.json")
    assert document.metric_value is not None
    assert document.metric_value >= least


@pytest.mark.slow
def test_a_forecast_of_a_random_walk_is_about_as_good_as_none(trained: Path) -> None:
    figures = read_document(TrainedModel, trained / "forecast" / "trained.json").provenance["figures"]
    assert figures["rmse"] == pytest.approx(figures["naive rmse"], rel=0.05)
    assert 0.3 < figures["direction"] < 0.7


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_bundle_is_verified_in_both_formats(bundles: Path, name: str, litefoot: Litefoot) -> None:
    done = litefoot("verify", bundles / name, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    recommended = json.loads((bundles / name / "manifest.json").read_text())["recommended"]
    assert {entry.split(".")[-1] for entry in recommended} == {"tflite", "onnx"}


@pytest.mark.slow
@pytest.mark.parametrize("artifact", VARIANTS)
@pytest.mark.parametrize(("name", "label"), [("text-class", "advertising"), ("speech", "rising")])
def test_every_file_answers_a_new_input(
    bundles: Path, inputs: dict[str, Path], litefoot: Litefoot, name: str, label: str, artifact: str
) -> None:
    done = litefoot("run", bundles / name, "--input", inputs[name], "--artifact", artifact)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(f"label {label}\n")


@pytest.mark.slow
def test_a_recurrent_model_is_pruned_by_its_own_loss(tmp_path: Path, trained: Path, litefoot: Litefoot) -> None:
    options = ("--prune", 0.5, "--epochs", 5, "--variants", "fp32.tflite", "--out", tmp_path / "pruned")
    done = litefoot("convert", trained / "text-class", *options)
    assert done.returncode in (0, 1), done.stderr
    report = read_document(Report, tmp_path / "pruned" / REPORT)
    (artifact,) = report.artifacts
    assert artifact.verdict.task is not None
    assert artifact.verdict.task.artifact > 0.9
    assert report.audit is not None
    kept = [(kept.layer, kept.kept) for kept in report.audit.kept]
    assert [layer.rstrip("_0123456789") for layer, _ in kept] == ["embedding", "probabilities"]
    assert all(held for _, held in kept)


@pytest.mark.slow
def test_a_model_of_one_step_is_not_compressed_and_it_is_said_why(
    tmp_path: Path, trained: Path, litefoot: Litefoot
) -> None:
    done = litefoot("convert", trained / "speech", "--prune", "0.5", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "trains on frame and ships speech (frame, state)" in done.stderr


@pytest.mark.slow
def test_the_answer_to_a_table_is_a_price(bundles: Path, inputs: dict[str, Path], litefoot: Litefoot) -> None:
    done = litefoot("run", bundles / "forecast", "--input", inputs["forecast"], "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    answer = json.loads(done.stdout)["answer"]
    assert answer["last"] == pytest.approx(float(inputs["forecast"].read_text().split(",")[-1]), rel=1e-6)
    assert answer["price"] == pytest.approx(answer["last"], rel=0.05)


@pytest.mark.slow
def test_speech_is_evaluated_on_the_recordings_through_the_runtimes_own_preprocessing(trained: Path) -> None:
    document, calibration, evaluation, targets = read_trained(trained / "speech")
    tones = generate_tones(100, 0)
    tested = document.provenance["indices"]["test"]
    steps = document.contract.preprocessing["frame"]
    expected = np.stack([preprocess(tones.sounds[i], steps) for i in tested])
    np.testing.assert_array_equal(evaluation["frame"], expected)
    np.testing.assert_array_equal(targets, tones.targets[tested])
    assert calibration["frame"].shape[1:] == expected.shape[1:]
    assert document.contract.state == {"state": "next_state"}


@pytest.mark.parametrize("name", NAMES)
def test_without_data_the_message_says_which_file_it_takes(name: str) -> None:
    with pytest.raises(UsageError, match=r"--data F[\s\S]*--quick"):
        find_recipe(name).load(Request())


def test_a_vocabulary_is_of_the_words_that_occur_twice_the_frequent_ones_first() -> None:
    step = tokens_for(["b a! c", "B a b", "x"])
    assert step.vocabulary == ("<padding>", "<unknown>", "b", "a")
    assert step.length == 4


def test_the_vocabulary_is_of_the_training_part_alone(tmp_path: Path) -> None:
    recipe = find_recipe("text-class")
    messages = generate_messages(200, 0)
    path = tmp_path / "messages.tsv"

    def vocabulary(words: dict[int, str]) -> tuple[tuple[str, ...], Any]:
        lines = [f"{label}\t{text} {words.get(i, '')}" for i, (label, text) in enumerate(messages)]
        path.write_text("\n".join(lines), encoding="utf-8")
        data = recipe.load(Request(path))
        (step,) = data.contract.preprocessing["tokens"]
        assert isinstance(step, Tokens)
        return step.vocabulary, data

    plain, data = vocabulary({})
    held_back = dict.fromkeys(data.indices["test"] + data.indices["validation"], "zyzzyva zyzzyva")
    assert vocabulary(held_back)[0] == plain
    assert "zyzzyva" in vocabulary(dict.fromkeys(data.indices["train"], "zyzzyva"))[0]


def test_the_front_end_is_scaled_by_the_training_part_alone() -> None:
    data = find_recipe("speech").load(Request(quick=True))
    frames = data.train.inputs["frame"]
    assert abs(frames.mean()) < 1e-3
    assert frames.std() == pytest.approx(1.0, abs=1e-3)
    assert data.contract.preprocessing["frame"][:3] == front_end(8000)
    assert isinstance(data.contract.preprocessing["frame"][3], Scale)


def test_the_future_changes_no_input_and_no_constant(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = find_recipe("forecast")
    walk = generate_walk(800, 0, "close").table.values
    data = recipe.load(Request(quick=True))
    tested = data.indices["test"][0]
    known = tested + 16  # the last price that the first test window holds
    wild = np.where(np.arange(800)[:, np.newaxis] <= known, walk, walk * 7.0)
    changed_series = Series(Table(("close",), wild), "close")
    monkeypatch.setattr("litefoot.train.recipes.forecast.generate_walk", lambda *_: changed_series)
    changed = recipe.load(Request(quick=True))
    assert changed.contract == data.contract
    assert data.validation is not None
    assert changed.validation is not None
    for ours, other in ((data.train, changed.train), (data.validation, changed.validation)):
        np.testing.assert_array_equal(ours.inputs["returns"], other.inputs["returns"])
        np.testing.assert_array_equal(ours.targets, other.targets)
    np.testing.assert_array_equal(data.test.inputs["returns"][0], changed.test.inputs["returns"][0])
    assert data.test.targets[0] != changed.test.targets[0]  # type: ignore[index]


def test_activation_ranges_are_measured_on_the_wildest_days_too() -> None:
    recipe = find_recipe("forecast")
    data = recipe.load(Request(quick=True))
    returns = data.train.inputs["returns"]
    chosen = recipe.calibrate_on(data)
    assert {0, len(returns) - 1, int(np.square(returns).sum(axis=(1, 2)).argmax())} <= set(chosen.tolist())
    assert np.abs(returns[chosen]).max() == np.abs(returns).max()


def test_validation_and_test_come_after_what_is_trained_on() -> None:
    indices = find_recipe("forecast").load(Request(quick=True)).indices
    assert max(indices["train"]) < min(indices["validation"])
    assert max(indices["validation"]) < min(indices["test"])


def test_prices_that_never_change_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("close\n" + "5\n" * 100)
    with pytest.raises(SampleError, match="never change"):
        find_recipe("forecast").load(Request(tmp_path / "a.csv"))


def test_figures_are_against_the_last_price() -> None:
    contract = find_recipe("forecast").load(Request(quick=True)).contract
    contract = replace(contract, postprocessing=NextPrice("close", scale=0.01, offset=0.0))
    returned = np.array([[1.0], [-1.0], [2.0], [3.0]])
    perfect, nothing = against_naive(returned, returned, contract), against_naive(returned * 0, returned, contract)
    assert (perfect["rmse"], perfect["direction"], perfect["always up"]) == (0.0, 1.0, 0.75)
    assert nothing["rmse"] == nothing["naive rmse"] == perfect["naive rmse"] == pytest.approx(0.0195, abs=5e-4)
    assert (nothing["rmse to naive"], nothing["direction"]) == (1.0, 0.25)


@pytest.mark.parametrize(("factor", "expected"), [(2.0, 0.5), (0.5, 1.0), (-1.0, 0.05), (1e9, 0.05)])
def test_forecasts_are_trusted_as_far_as_they_were_right(factor: float, expected: float) -> None:
    returned = np.random.default_rng(0).normal(size=(50, 1))
    assert trust(returned * factor, returned) == pytest.approx(expected)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "part", "epochs", "least"),
    [("text-class", "text/sms_spam.tsv", 3, 0.85), ("speech", "speech_digits", 8, 0.9)],
)
def test_a_few_passes_over_real_data_learn(
    real: Path, tmp_path: Path, litefoot: Litefoot, name: str, part: str, epochs: int, least: float
) -> None:
    done = litefoot("train", name, "--data", real / part, "--epochs", epochs, "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["metric_value"] >= least


@pytest.mark.slow
def test_real_prices_are_forecast_not_worse_than_by_the_last(real: Path, tmp_path: Path, litefoot: Litefoot) -> None:
    done = litefoot("train", "forecast", "--data", real / "stocks" / "sp500.csv", "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)["provenance"]["figures"]
    assert figures["rmse"] <= figures["naive rmse"]
