"""What a worker found and what the user said become one contract, or a refusal that says where they differ."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from litefoot.convert.contracts import Promises, limited, make_contract, read_promises, with_labels
from litefoot.convert.source import Description
from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.errors import UsageError
from litefoot.runtime.postprocessing import Classes
from litefoot.runtime.preprocessing import Grayscale, Resize, Scale, Waveform
from litefoot.runtime.storage.codec import decode, encode
from litefoot.runtime.tensors import Kind, TensorSpec
from litefoot.runtime.verification.tolerance import PRECISIONS, Tolerance

ACCURACY = Metric("accuracy", 0.01)
PICTURE = TensorSpec("picture", (None, 8, 6, 3), "float32")
GRAY = TensorSpec("picture", (None, 8, 6, 1), "float32")
SOUND = TensorSpec("sound", (None, 16000), "float32")
CLASSES = TensorSpec("classes", (None, 3), "float32")


def found(*inputs: TensorSpec, outputs: tuple[TensorSpec, ...] = (CLASSES,)) -> Description:
    return Description("Keras 3", "model", inputs or (PICTURE,), outputs, {}, 1, True, None, ())


def refused(*inputs: TensorSpec, outputs: tuple[TensorSpec, ...] = (CLASSES,), **promises: Any) -> str:
    with pytest.raises(UsageError) as refusal:
        make_contract(found(*inputs, outputs=outputs), Promises(**promises))
    return str(refusal.value)


def test_without_promises_the_contract_is_what_was_found() -> None:
    assert make_contract(found(), Promises()) == ModelContract((PICTURE,), (CLASSES,), "")


def test_a_limit_of_the_users_stands_above_the_metrics_own_and_needs_a_metric() -> None:
    assert limited(ACCURACY, None) == ACCURACY
    assert limited(ACCURACY, 0.2) == Metric("accuracy", 0.2)
    assert limited(None, None) is None
    assert make_contract(found(), Promises(metric=ACCURACY, max_drop=0.2)).metric == Metric("accuracy", 0.2)
    assert "there is none" in refused(max_drop=0.2)


def test_what_the_user_said_is_in_the_contract() -> None:
    outputs = (CLASSES, TensorSpec("next", (None, 2), "float32"))
    inputs = (PICTURE, TensorSpec("memory", (None, 2), "float32"))
    promises = Promises(
        task="birds",
        labels=("a", "b", "c"),
        metric=ACCURACY,
        kinds={"classes": "logits"},
        preprocessing={"picture": (Scale(2.0),)},
        state={"memory": "next"},
    )
    contract = make_contract(found(*inputs, outputs=outputs), promises)
    assert contract.task == "birds"
    assert contract.labels == ("a", "b", "c")
    assert contract.metric == ACCURACY
    assert [spec.kind for spec in contract.outputs] == ["logits", None]
    assert contract.preprocessing == {"picture": (Scale(2.0),)}
    assert contract.state == {"memory": "next"}


def test_the_users_kind_counts_more_than_what_was_found() -> None:
    probabilities = CLASSES._replace(kind="probabilities")
    assert make_contract(found(outputs=(probabilities,)), Promises()).outputs == (probabilities,)
    said = make_contract(found(outputs=(probabilities,)), Promises(kinds={"classes": "regression"}))
    assert said.outputs[0].kind == "regression"


@pytest.mark.parametrize(
    ("promises", "what", "got", "expected"),
    [
        ({"kinds": {"scores": "logits"}}, "output", "scores", "classes"),
        ({"preprocessing": {"image": ()}}, "input", "image", "picture"),
        ({"state": {"memory": "classes"}}, "input", "memory", "picture"),
        ({"state": {"picture": "next"}}, "output", "next", "classes"),
        ({"kinds": {"b": "logits", "a": "logits"}}, "output", "a, b", "classes"),
    ],
)
def test_a_name_that_the_model_does_not_have_is_refused(
    promises: dict[str, Any], what: str, got: str, expected: str
) -> None:
    told = refused(**promises)
    assert told == f"The model has no such {what}\n  got:      {got}\n  expected: some of {expected}"


# Classes


def test_a_metric_makes_the_only_output_logits_where_nobody_said_what_it_is() -> None:
    assert make_contract(found(), Promises(metric=ACCURACY)).outputs[0].kind == "logits"


@pytest.mark.parametrize("kind", ["probabilities", "logits"])
def test_a_metric_takes_the_output_that_is_known_to_hold_classes(kind: Kind) -> None:
    outputs = (TensorSpec("boxes", (None, 4), "float32"), CLASSES._replace(kind=kind))
    contract = make_contract(found(outputs=outputs), Promises(metric=ACCURACY))
    assert contract.outputs == outputs


@pytest.mark.parametrize(
    "outputs",
    [
        (CLASSES, TensorSpec("boxes", (None, 4), "float32")),
        (TensorSpec("one", (None, 1), "float32"),),
        (TensorSpec("flat", (None,), "float32"),),
    ],
    ids=["several", "one value", "no values"],
)
def test_a_metric_without_an_output_of_classes_is_refused(outputs: tuple[TensorSpec, ...]) -> None:
    told = refused(outputs=outputs, metric=ACCURACY)
    assert "The metric accuracy needs to know which output it is measured on" in told
    assert f"got:      {', '.join(map(str, outputs))}\n" in told
    assert "fix:      --kind OUTPUT=probabilities or --kind OUTPUT=logits" in told


@pytest.mark.parametrize(
    ("metric", "spec", "kind"),
    [
        (Metric("mean_iou", 0.01), TensorSpec("y", (None, 8, 8, 3), "float32"), "mask"),
        (Metric("mean_iou", 0.01), TensorSpec("y", (None, 8, 8, 3), "float32", "probabilities"), "mask"),
        (Metric("psnr", 1.0), TensorSpec("y", (None, 8, 8, 3), "float32"), "image"),
        (Metric("rmse", 1.0), TensorSpec("y", (None, 1), "float32"), "regression"),
        (Metric("perplexity", 1.0), TensorSpec("y", (None, 9, 20), "float32"), "logits"),
        (Metric("perplexity", 1.0), TensorSpec("y", (None, 9, 20), "float32", "probabilities"), "probabilities"),
        (Metric("token_match", 0.01), TensorSpec("y", (None, 9), "int32"), "tokens"),
    ],
)
def test_a_metric_says_what_the_only_output_holds(metric: Metric, spec: TensorSpec, kind: Kind) -> None:
    contract = make_contract(found(outputs=(spec,)), Promises(metric=metric))
    assert contract.outputs[0].kind == kind


@pytest.mark.parametrize(
    ("metric", "spec"),
    [
        (Metric("mean_iou", 0.01), TensorSpec("y", (None, 3), "float32")),
        (Metric("token_match", 0.01), TensorSpec("y", (None, 9), "float32")),
        (Metric("exact_match", 0.01), TensorSpec("y", (None, 9), "float32")),
        (Metric("map50", 0.01), TensorSpec("y", (None, 9, 4), "float32")),
    ],
)
def test_a_metric_of_something_else_is_refused(metric: Metric, spec: TensorSpec) -> None:
    assert f"The metric {metric.name} needs to know" in refused(outputs=(spec,), metric=metric)


TOLERANCE = Tolerance(4.0, 0.0, 15.0, {"mean_iou": 0.8})


def test_a_users_tolerances_and_postprocessing_are_in_the_contract() -> None:
    given = {"classes": {"int8": TOLERANCE}}
    contract = make_contract(found(), Promises(tolerances=given, postprocessing=Classes()))
    assert (contract.tolerances, contract.postprocessing) == (given, Classes())
    assert decode(ModelContract, encode(contract), "here") == contract


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"clases": {"int8": TOLERANCE}}, ["no such output", "clases"]),
        ({"classes": {"int7": TOLERANCE}}, ["output classes, int7", ", ".join(PRECISIONS)]),
        ({"classes": {"int8": Tolerance(None, 0.0, None)}}, ["at least one limit"]),
        ({"classes": {"int8": Tolerance(math.inf, 0.0, -math.inf)}}, ["at least one limit"]),
        ({"classes": {"int8": Tolerance(1.0, 0.0, None, {"beauty": 0.5})}}, ["top1_agreement, psnr_db"]),
    ],
)
def test_a_tolerance_that_is_none_is_refused(given: dict[str, dict[str, Tolerance]], words: list[str]) -> None:
    told = refused(tolerances=given)
    assert all(word in told for word in words)


def test_one_value_of_a_known_kind_tells_two_classes_apart_and_takes_two_labels() -> None:
    outputs = (TensorSpec("y", (None, 1), "float32"),)
    promises = Promises(metric=ACCURACY, kinds={"y": "probabilities"}, labels=("cat", "dog"))
    contract = make_contract(found(outputs=outputs), promises)
    assert (contract.outputs[0].kind, contract.labels) == ("probabilities", ("cat", "dog"))
    assert with_labels(replace(contract, labels=()), ("ham", "spam")).labels == ("ham", "spam")


def test_labels_have_to_be_as_many_as_an_output_has_values() -> None:
    told = refused(labels=("a", "b"))
    assert "The labels do not fit the model's outputs\n  got:      2 labels\n" in told
    assert "classes float32[?, 3]" in told
    assert make_contract(found(), Promises(labels=("a", "b", "c"))).labels == ("a", "b", "c")


@pytest.mark.parametrize(
    ("spec", "own", "labels", "kept"),
    [
        (CLASSES._replace(kind="logits"), (), ("a", "b", "c"), ("a", "b", "c")),
        (CLASSES._replace(kind="logits"), ("x", "y", "z"), ("a", "b", "c"), ("x", "y", "z")),
        (CLASSES._replace(kind="logits"), (), ("a", "b"), ()),
        (CLASSES._replace(kind="logits"), (), (), ()),
        (CLASSES, (), ("a", "b", "c"), ()),
    ],
    ids=["taken", "the model's own", "too few", "none", "no classes"],
)
def test_labels_of_the_data_are_taken_where_the_model_has_none_and_they_fit(
    spec: TensorSpec, own: tuple[str, ...], labels: tuple[str, ...], kept: tuple[str, ...]
) -> None:
    assert with_labels(ModelContract((PICTURE,), (spec,), "", labels=own), labels).labels == kept


# Pictures and recordings


def test_a_scale_stands_for_resizing_and_scaling_and_for_one_channel_gray() -> None:
    promises = Promises(pixels=(1 / 127.5, -1.0))
    colour = (Resize(8, 6), Scale(1 / 127.5, -1.0))
    assert make_contract(found(PICTURE), promises).preprocessing == {"picture": colour}
    assert make_contract(found(GRAY), promises).preprocessing == {"picture": (Grayscale(), *colour)}


@pytest.mark.parametrize("shape", [(None, 16000), (None, 16000, 1)])
def test_a_rate_stands_for_a_waveform_of_the_inputs_length(shape: tuple[int | None, ...]) -> None:
    contract = make_contract(found(SOUND._replace(shape=shape)), Promises(rate_hz=8000))
    assert contract.preprocessing == {"sound": (Waveform(8000, 16000),)}


@pytest.mark.parametrize("promises", [{"pixels": (1.0, 0.0)}, {"rate_hz": 8000}])
def test_scale_and_rate_need_a_model_of_one_input(promises: dict[str, Any]) -> None:
    told = refused(PICTURE, SOUND, **promises)
    for words in ("for models of one input", "2 inputs: picture, sound", "--contract FILE"):
        assert words in told


def test_a_scale_needs_pictures_and_a_rate_recordings() -> None:
    assert "does not take pictures\n  got:      sound float32[?, 16000]\n" in refused(SOUND, pixels=(1.0, 0.0))
    assert "does not take recordings\n  got:      picture float32[?, 8, 6, 3]\n" in refused(PICTURE, rate_hz=8000)


# From a file


def write(folder: Path, content: str | dict[str, Any]) -> Path:
    path = folder / "contract.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.mark.parametrize(
    ("content", "promises"),
    [
        ({}, Promises()),
        ({"task": "birds"}, Promises(task="birds")),
        ({"labels": ["a", "b"]}, Promises(labels=("a", "b"))),
        ({"metric": {"name": "accuracy", "max_drop": 0.02}}, Promises(metric=Metric("accuracy", 0.02))),
        ({"kinds": {"y": "logits"}, "state": {"h": "h_next"}}, Promises(kinds={"y": "logits"}, state={"h": "h_next"})),
        ({"pixels": [0.5, -1.0]}, Promises(pixels=(0.5, -1.0))),
        ({"rate_hz": 16000}, Promises(rate_hz=16000)),
        (
            {"preprocessing": {"x": [{"op": "grayscale"}, {"op": "resize", "height": 8, "width": 6}]}},
            Promises(preprocessing={"x": (Grayscale(), Resize(8, 6))}),
        ),
    ],
)
def test_promises_are_read_from_json_any_field_may_be_missing(
    tmp_path: Path, content: dict[str, Any], promises: Promises
) -> None:
    assert read_promises(write(tmp_path, content)) == promises


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "JSON"),
        ("", "JSON"),
        ("[]", "type dict"),
        ({"tasks": "birds"}, "tasks"),
        ({"task": 3}, "task"),
        ({"kinds": {"y": "nonsense"}}, "nonsense"),
        ({"metric": {"name": "beauty", "max_drop": 0.01}}, "beauty"),
        ({"metric": {"name": "accuracy"}}, "max_drop"),
        ({"pixels": [1.0]}, "2 values"),
        ({"pixels": [1.0, 2.0, 3.0]}, "2 values"),
        ({"preprocessing": {"x": [{"op": "rotate"}]}}, "preprocessing"),
    ],
)
def test_a_file_of_another_form_is_refused_with_the_place_and_the_fields(
    tmp_path: Path, content: str | dict[str, Any], words: str
) -> None:
    path = write(tmp_path, content)
    with pytest.raises(UsageError) as refusal:
        read_promises(path)
    told = str(refusal.value)
    assert refusal.value.exit_code == 2
    assert f"This contract cannot be used\n  where:    {path}\n" in told
    assert "expected: a JSON object with any of task, labels, metric, max_drop, kinds, preprocessing, state" in told
    assert words in told.partition("got:")[2].partition("expected: a JSON object with any of")[0]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"This contract cannot be used[\s\S]*missing\.json"):
        read_promises(tmp_path / "missing.json")
