"""The recipes for texts: a quick run of each to verified models that answer, write and translate."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from litefoot.runtime import load
from litefoot.runtime.errors import UsageError
from litefoot.runtime.generation import load_pipeline
from litefoot.runtime.generation.document import read_pipeline
from litefoot.runtime.preprocessing import preprocess
from litefoot.runtime.storage.codec import read_document
from litefoot.runtime.storage.trained import TrainedModel, read_trained
from litefoot.train.recipe import Request, find_recipe

Litefoot = Callable[..., "subprocess.CompletedProcess[str]"]

VARIANTS = ("fp32.tflite", "fp16.tflite", "fp32.onnx")  # 8 bits change the answers of models that have learned little
PARTS = {"answer": [""], "generate": ["generate"], "translate": ["encoder", "decoder"]}


@pytest.fixture(scope="module")
def trained(train_quick: Callable[..., Path]) -> Path:
    """What each recipe's quick run writes, by its name."""
    return train_quick(*PARTS)


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory, trained: Path, litefoot: Litefoot) -> Path:
    """The same converted."""
    folder = tmp_path_factory.mktemp("converted")
    for name in PARTS:
        done = litefoot("convert", trained / name, "--out", folder / name, "--variants", *VARIANTS)
        assert done.returncode == 0, done.stderr + done.stdout
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(("name", "least", "most"), [("answer", 0.1, 1.0), ("generate", 1.0, 12.0)])
def test_a_quick_run_learns_something(trained: Path, name: str, least: float, most: float) -> None:
    document = read_document(TrainedModel, trained / name / PARTS[name][0] / "trained.json")
    assert document.metric_value is not None
    assert least <= document.metric_value <= most


@pytest.mark.slow
def test_the_quick_translation_is_better_than_word_by_word(trained: Path) -> None:
    figures = read_document(TrainedModel, trained / "translate" / "decoder" / "trained.json").provenance["figures"]
    assert figures["bleu_greedy"] > figures["bleu_word_by_word"]


@pytest.mark.slow
@pytest.mark.parametrize("name", PARTS)
def test_what_is_delivered_fits_its_contract(trained: Path, name: str) -> None:
    for part in PARTS[name]:
        document, calibration, evaluation, _ = read_trained(trained / name / part)
        fed = {spec.name: spec for spec in document.contract.inputs if spec.name not in document.contract.state}
        for arrays in (calibration, evaluation):
            assert arrays.keys() == fed.keys()
            for key, array in arrays.items():
                steps = array.ndim - len(fed[key].shape)
                assert array.shape[1 + steps :] == fed[key].shape[1:]
                assert array.dtype == fed[key].dtype


@pytest.mark.slow
@pytest.mark.parametrize("name", PARTS)
def test_every_file_passes(converted: Path, litefoot: Litefoot, name: str) -> None:
    done = litefoot("verify", converted / name)
    assert done.returncode == 0, done.stderr + done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("artifact", VARIANTS)
def test_an_answer_is_a_part_of_its_text(converted: Path, tmp_path: Path, litefoot: Litefoot, artifact: str) -> None:
    asked = {"question": "Where does Anna live?", "context": "Anna lives in Corford. Bota works as a judge."}
    path = tmp_path / "question.json"
    path.write_text(json.dumps(asked), encoding="utf-8")
    done = litefoot("run", converted / "answer", "--input", path, "--artifact", artifact, "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)["answer"]
    assert answer["text"] == asked["context"][answer["begin"] : answer["end"]] != ""


@pytest.mark.slow
def test_a_prompt_is_written_on_the_same_for_the_same_seed(converted: Path, tmp_path: Path, litefoot: Litefoot) -> None:
    path = tmp_path / "prompt.txt"
    path.write_text("Anna lives", encoding="utf-8")
    runs = [litefoot("run", converted / "generate", "--input", path, "--seed", seed, "--json") for seed in (1, 1, 2)]
    assert [done.returncode for done in runs] == [0, 0, 0], runs[0].stderr
    first, again, other = (json.loads(done.stdout)["text"] for done in runs)
    assert first == again != other
    assert len(first) == read_pipeline(converted / "generate").generation.most


@pytest.mark.slow
def test_a_text_is_written_on_beyond_the_length_of_the_cache(converted: Path) -> None:
    model = load(converted / "generate" / "generate", artifact="fp32.tflite")
    stream = model.stream()
    for _ in range(300):
        logits = stream({"token": np.full((1, 1), 5, np.int32)})
    assert np.isfinite(logits if isinstance(logits, np.ndarray) else logits["logits"]).all()


@pytest.mark.slow
def test_a_sentence_is_translated_greedily_and_by_beam(converted: Path, tmp_path: Path, litefoot: Litefoot) -> None:
    path = tmp_path / "sentence.txt"
    path.write_text("The cat sees the house.", encoding="utf-8")
    done = litefoot("run", converted / "translate", "--input", path, "--json")
    assert done.returncode == 0, done.stderr
    generator = load_pipeline(converted / "translate", artifact="fp32.onnx")
    assert json.loads(done.stdout)["text"]
    assert generator("The cat sees the house.").endswith(".")


@pytest.mark.slow
def test_the_step_for_a_question_is_the_one_that_training_used(trained: Path) -> None:
    document, _, evaluation, _ = read_trained(trained / "answer")
    data = find_recipe("answer").load(Request(quick=True))
    assert data.contract.preprocessing == document.contract.preprocessing
    np.testing.assert_array_equal(data.test.inputs["tokens"], evaluation["tokens"])


def test_words_of_a_translation_join_to_the_text() -> None:
    data = find_recipe("translate").load(Request(quick=True))
    labels = data.contract.labels
    targets = data.test.targets
    assert isinstance(targets, np.ndarray)
    text = "".join(labels[number] for number in targets[0])
    assert text.endswith(".")
    assert "  " not in text
    source = preprocess("The red cat", data.contract.preprocessing["source"])
    assert source.shape == data.test.inputs["source"].shape[1:]


@pytest.mark.parametrize("name", ["generate", "translate"])
def test_without_a_network_it_is_said_what_to_give(name: str) -> None:
    program = f"""
import tf_keras
def refuse(*arguments, **options):
    raise OSError("no network")
tf_keras.utils.get_file = refuse
from litefoot.train.recipe import Request, find_recipe
find_recipe("{name}").load(Request())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert "cannot be downloaded" in done.stderr
    assert "no network" in done.stderr
    assert "--data" in done.stderr
    assert UsageError.__name__ in done.stderr
