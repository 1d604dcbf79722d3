"""Every kind of model that users bring, opened as a worker does: what it is, what it computes, or why it is refused."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import pytest

from litefoot.convert.source import Description, Source, find_layout
from litefoot.runtime.storage.codec import decode, encode

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
X = {"x": [[1.0, 2.0, 3.0]]}
STEPS = {"steps": [[[1.0, 2.0, 3.0, 4.0], [3.0, 2.0, 1.0, 0.0]]]}
ARMS = {"left": [[1.0, 0.0]], "right": [[0.0, 1.0]]}
OF_ARMS = {"total": [[4.0, 6.0]], "gap": [[-2.0, -2.0]]}
CUSTOM = {"custom_objects": ("my_objects:Multiply", "my_objects:above")}
ONLY = "my_objects:EVERYTHING"


class Good(NamedTuple):
    """A model that opens.

    Attributes:
        file: The model's.
        framework: The beginning of it.
        inputs: As text.
        outputs: As text.
        given: Inputs by name.
        expected: Outputs by name.
        compressible: Whether it is one.
        settings: Of the source.
    """

    file: str
    framework: str
    inputs: str
    outputs: str
    given: dict[str, Any]
    expected: dict[str, Any]
    compressible: bool = True
    settings: dict[str, Any] = {}  # noqa: RUF012 - read only


GOOD = {
    "Keras 3 functional": Good(
        "pictures.keras", "Keras 3", "picture float32[?, 8, 8, 1]", "class float32[?, 2]",
        {"picture": [[[[1.0]] * 8] * 8]}, {"class": [[1.0, 0.0]]},
    ),
    "Keras 3 Sequential": Good(
        "sequential.keras", "Keras 3", "x float32[?, 3]", "plus float32[?, 2]", X, {"plus": [[7.0, 7.0]]}
    ),
    "Keras 3 in HDF5": Good(
        "sequential3.h5", "Keras 3", "x float32[?, 3]", "plus float32[?, 2]", X, {"plus": [[7.0, 7.0]]}
    ),
    "nested, shared, dicts": Good(
        "arms.keras", "Keras 3", "left float32[?, 2], right float32[?, 2]", "gap float32[?, 2], total float32[?, 2]",
        ARMS, OF_ARMS,
    ),
    "lists": Good(
        "listed.keras", "Keras 3", "first float32[?, 2], second float32[?, 3]",
        "double float32[?, 2], more float32[?, 3]",
        {"first": [[1.0, 2.0]], "second": [[1.0, 2.0, 3.0]]}, {"double": [[2.0, 4.0]], "more": [[2.0, 3.0, 4.0]]},
    ),
    "subclassed": Good(
        "subclassed.keras", "Keras 3", "input_0 float32[?, 3]", "output float32[?, 1]",
        {"input_0": [[1.0, 2.0, 3.0]]}, {"output": [[12.0]]}, False, {"custom_objects": (ONLY,)},
    ),
    "custom layer and activation": Good(
        "custom.keras", "Keras 3", "x float32[?, 3]", "above float32[?, 3]", X, {"above": [[2.0, 5.0, 8.0]]}, False,
        CUSTOM,
    ),
    "Lambda allowed": Good(
        "lambda.keras", "Keras 3", "x float32[?, 3]", "halve float32[?, 3]", X, {"halve": [[0.5, 1.0, 1.5]]}, False,
        {"allow_code": True},
    ),
    "sequence of a chosen length": Good(
        "any_length.keras", "Keras 3", "steps float32[?, 2, 4]", "mean float32[?, 4]", STEPS,
        {"mean": [[2.0, 2.0, 2.0, 2.0]]}, True, {"shapes": {"steps": (1, 2, 4)}},
    ),
    "fixed batch": Good(
        "fixed_batch.keras", "Keras 3", "x float32[4, 3]", "double float32[4, 3]", {"x": [[1.0, 2.0, 3.0]] * 4},
        {"double": [[2.0, 4.0, 6.0]] * 4},
    ),
    "tokens": Good(
        "tokens.keras", "Keras 3", "words int32[?, 5]", "mean float32[?, 2]", {"words": [[0, 1, 2, 3, 4]]},
        {"mean": [[4.0, 5.0]]},
    ),
    "Keras 2 in HDF5": Good(
        "old.h5", "Keras 2", "x float32[?, 2]", "once float32[?, 2], twice float32[?, 2]", {"x": [[1.0, 1.0]]},
        {"once": [[4.0, 6.0]], "twice": [[8.0, 12.0]]},
    ),
    "Keras 2 archive": Good(
        "old.keras", "Keras 2", "x float32[?, 2]", "once float32[?, 2], twice float32[?, 2]", {"x": [[1.0, 1.0]]},
        {"once": [[4.0, 6.0]], "twice": [[8.0, 12.0]]},
    ),
    "Keras 2 Lambda allowed": Good(
        "lambda2.h5", "Keras 2", "x float32[?, 3]", "halve float32[?, 3]", X, {"halve": [[0.5, 1.0, 1.5]]}, True,
        {"allow_code": True},
    ),
    "SavedModel": Good(
        "one", "SavedModel", "x float32[?, 3]", "y float32[?, 3]", X, {"y": [[2.0, 4.0, 6.0]]}, False
    ),
    "SavedModel, chosen signature": Good(
        "several", "SavedModel", "x float32[?, 3]", "half float32[?, 3]", X, {"half": [[0.5, 1.0, 1.5]]}, False,
        {"signature": "halve"},
    ),
    "SavedModel of Keras 3": Good(
        "exported", "SavedModel", "a float32[?, 2], b float32[?, 2]",
        "gap float32[?, 2], total float32[?, 2]", {"a": [[1.0, 0.0]], "b": [[0.0, 1.0]]}, OF_ARMS, False,
    ),
}  # fmt: skip


class Bad(NamedTuple):
    """A model, or an order, that is refused.

    Attributes:
        file: The model's.
        kind: The error's type.
        words: What is said, among others.
        settings: Of the source.
    """

    file: str
    kind: str
    words: tuple[str, ...]
    settings: dict[str, Any] = {}  # noqa: RUF012 - read only


CODE = ("holds code, which would run with your rights", "a Python function", "fix:      --allow-code")
BAD = {
    "Lambda": Bad("lambda.keras", "UnreadableModel", ("layer halve (Lambda)", *CODE)),
    "Lambda of Keras 2": Bad("lambda2.h5", "UnreadableModel", ("layer halve (Lambda)", *CODE)),
    "custom layer": Bad("custom.keras", "UnreadableModel", ("layer thrice (Multiply): an import of my_objects",)),
    "custom activation": Bad(
        "custom.keras", "UsageError", ("an object that Keras does not know", "above", "--custom-objects module:name"),
        {"custom_objects": ("my_objects:Multiply",)},
    ),
    "subclassed, unknown": Bad("subclassed.keras", "UnreadableModel", ("an import of my_objects", "--custom-objects")),
    "subclassed, never called": Bad(
        "never_called.keras", "UsageError", ("does not tell what it takes", "model never", "call it"),
        {"custom_objects": (ONLY,)},
    ),
    "custom object without a name": Bad(
        "custom.keras", "UsageError", ("got:      my_objects", "module:name"), {"custom_objects": ("my_objects",)}
    ),
    "custom object that is not there": Bad(
        "custom.keras", "UsageError", ("cannot be imported", "my_objects:Nothing", "AttributeError"),
        {"custom_objects": ("my_objects:Nothing",)},
    ),
    "custom object of a missing module": Bad(
        "custom.keras", "UsageError", ("cannot be imported", "ModuleNotFoundError"),
        {"custom_objects": ("no_such_module:Thing",)},
    ),
    "weights of Keras 3": Bad("only.weights.h5", "UnreadableModel", ("weights alone", "load_weights")),
    "weights of Keras 2": Bad("old_weights.h5", "UnreadableModel", ("weights alone", "load_weights")),
    "Keras 2, never built": Bad("unbuilt.keras", "UsageError", ("does not tell what it takes",)),
    "free length": Bad(
        "any_length.keras", "UsageError",
        ("where:    input steps, dimension 1", "steps float32[?, ?, 4]", "--shape steps=1,128,4"),
    ),
    "shape of another rank": Bad(
        "any_length.keras", "UsageError", ("A shape does not fit the model", "input steps", "(1, 16)"),
        {"shapes": {"steps": (1, 16)}},
    ),
    "shape of another size": Bad(
        "any_length.keras", "UsageError", ("A shape does not fit the model", "(1, 16, 5)"),
        {"shapes": {"steps": (1, 16, 5)}},
    ),
    "shape of another input": Bad(
        "any_length.keras", "UsageError", ("an input that the model does not have", "got:      word", "steps"),
        {"shapes": {"steps": (1, 16, 4), "word": (1, 16)}},
    ),
    "batch of another size": Bad(
        "fixed_batch.keras", "UsageError", ("fixed to another size", "got:      2", "expected: 4"), {"batch": 2}
    ),
    "texts": Bad("texts.keras", "UsageError", ("takes texts", "input words", "after the vocabulary")),
    "several signatures": Bad(
        "several", "UsageError",
        (
            "several signatures", "double: x float32[?, 3] -> y float32[?, 3]",
            "halve: x float32[?, 3] -> half float32[?, 3]", "--signature NAME",
        ),
    ),
    "no such signature": Bad(
        "several", "UsageError", ("no such signature", "got:      treble", "double:", "halve:"),
        {"signature": "treble"},
    ),
    "no signature": Bad("no_signature", "UsageError", ("has no signature", "model.export")),
    "a graph that reads files": Bad(
        "reading", "UnreadableModel", ("holds code", "operator ReadFile", "--allow-code")
    ),
    "an input of any rank": Bad(
        "any_rank", "UsageError", ("how many dimensions", "signature serving_default, input x", "known rank")
    ),
    "a damaged archive": Bad("damaged.keras", "UnreadableModel", ("damaged.keras",)),
    "an archive with another configuration": Bad("strange.keras", "UnreadableModel", ("strange.keras",)),
    "a configuration that is no JSON": Bad("no_json.keras", "UnreadableModel", ("damaged", "no_json.keras")),
    "a damaged HDF5 file": Bad("damaged.h5", "UnreadableModel", ("damaged.h5",)),
    "an HDF5 file of anything": Bad("anything.h5", "UnreadableModel", ("holds no model", "anything.h5")),
    "a configuration in HDF5 that is no JSON": Bad("no_json.h5", "UnreadableModel", ("no_json.h5",)),
    "a damaged SavedModel": Bad("damaged", "UnreadableModel", ("SavedModel is damaged", "saved_model.pb")),
    "a SavedModel without its variables": Bad("incomplete", "UnreadableModel", ("TensorFlow cannot load",)),
    "an empty SavedModel": Bad("empty", "UnreadableModel", ("empty",)),
}  # fmt: skip


def damage(own: Path, folder: Path) -> None:
    """Copies of good models with something wrong."""

    def archive(path: Path, config: str | None) -> None:
        with zipfile.ZipFile(own / "sequential.keras") as source, zipfile.ZipFile(path, "w") as target:
            for name in source.namelist():
                content = source.read(name)
                target.writestr(name, config if name == "config.json" and config is not None else content)

    archive(folder / "damaged.keras", None)
    content = bytearray((folder / "damaged.keras").read_bytes())
    begin = content.index(b"model.weights.h5") + 16
    content[begin : begin + 400] = bytes(400)
    (folder / "damaged.keras").write_bytes(bytes(content))
    archive(folder / "strange.keras", '{"class_name": "Nothing", "config": {"layers": 3}, "module": "keras"}')
    archive(folder / "no_json.keras", "{")
    (folder / "damaged.h5").write_bytes((own / "old.h5").read_bytes()[:3000])
    with h5py.File(folder / "anything.h5", "w") as file:
        file["data"] = [1, 2, 3]
    with h5py.File(folder / "no_json.h5", "w") as file:
        file.attrs["model_config"] = "{"
    (folder / "damaged").mkdir()
    (folder / "damaged" / "saved_model.pb").write_bytes(b"not a protocol buffer")
    shutil.copytree(own / "one", folder / "incomplete")
    shutil.rmtree(folder / "incomplete" / "variables")
    (folder / "empty").mkdir()
    (folder / "empty" / "saved_model.pb").write_bytes(b"")


@pytest.fixture(scope="session")
def answers(
    own: Path, tmp_path_factory: pytest.TempPathFactory, program_environment: dict[str, str]
) -> dict[str, dict[str, Any]]:
    """What a worker answers to every case."""
    folder = tmp_path_factory.mktemp("damaged")
    damage(own, folder)
    requests = {}
    for name, case in {**GOOD, **BAD}.items():
        path = own / case.file if (own / case.file).exists() else folder / case.file
        requests[name] = {"source": encode(Source(str(path), find_layout(path), **case.settings))}
        if isinstance(case, Good):
            requests[name]["inputs"] = case.given
    done = subprocess.run(
        [sys.executable, HERE / "open_all.py"], input=json.dumps(requests), capture_output=True, text=True,
        env=program_environment, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", GOOD)
def test_a_model_is_described(answers: dict[str, dict[str, Any]], name: str) -> None:
    case, answer = GOOD[name], answers[name]
    assert answer["error"] is None
    description = decode(Description, answer["value"], name)
    assert description.framework.startswith(case.framework)
    assert ", ".join(map(str, description.inputs)) == case.inputs
    assert ", ".join(map(str, description.outputs)) == case.outputs
    assert description.compressible == case.compressible
    assert bool(description.notes) != case.compressible
    bridged = case.compressible and case.framework == "Keras 3"
    assert (description.bridge_error is not None) == bridged
    assert (description.bridge_error or 0.0) < 1e-5


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("which", ["original", "exported"])
def test_a_model_computes_what_it_did_when_it_was_saved(
    answers: dict[str, dict[str, Any]], name: str, which: str
) -> None:
    outputs = answers[name][which]
    assert outputs.keys() == GOOD[name].expected.keys()
    for output, expected in GOOD[name].expected.items():
        assert outputs[output] == [pytest.approx(row, abs=1e-4) for row in expected], output


def test_probabilities_are_told_by_what_the_model_returns(answers: dict[str, dict[str, Any]]) -> None:
    kinds = {name: [spec["kind"] for spec in answers[name]["value"]["outputs"]] for name in GOOD}
    assert {name for name, found in kinds.items() if found != [None] * len(found)} == {"Keras 3 functional"}
    assert kinds["Keras 3 functional"] == ["probabilities"]


def test_of_tokens_the_largest_is_known(answers: dict[str, dict[str, Any]]) -> None:
    assert answers["tokens"]["value"]["largest_tokens"] == {"words": 10}
    assert answers["Keras 3 functional"]["value"]["largest_tokens"] == {}


def test_what_is_not_compressible_says_why(answers: dict[str, dict[str, Any]]) -> None:
    def notes(name: str) -> str:
        return " ".join(answers[name]["value"]["notes"])

    assert "thrice" in notes("custom layer and activation")
    assert "Multiply" in notes("custom layer and activation")
    assert "subclassed" in notes("subclassed").lower()
    assert "signature halve" in notes("SavedModel, chosen signature")


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_opened_is_refused_by_type_and_in_words(answers: dict[str, dict[str, Any]], name: str) -> None:
    case, answer = BAD[name], answers[name]
    assert answer["kind"] == case.kind, answer["error"]
    for words in case.words:
        assert words in answer["error"]
