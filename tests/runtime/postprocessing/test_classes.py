"""Labels by hand: the order, the scores, one value for two classes, the last of several steps."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import UsageError
from litefoot.runtime.postprocessing import Classes, postprocess
from litefoot.runtime.postprocessing.answers import softmax
from litefoot.runtime.storage.codec import decode, encode
from litefoot.runtime.tensors import Kind, TensorSpec


def contract(kind: Kind, *labels: str, values: int, reading: Classes | None = None) -> ModelContract:
    output = TensorSpec("scores", (None, values), "float32", kind=kind)
    return ModelContract((), (output,), "image classification", labels=labels, postprocessing=reading)


def test_the_most_probable_class_comes_first() -> None:
    scores = np.array([0.2, 0.7, 0.1], np.float32)
    answer = Classes().answer({"scores": scores}, contract("probabilities", "a", "b", "c", values=3))
    assert [entry.label for entry in answer.labels] == ["b", "a", "c"]
    assert str(answer) == "label b\nb  0.7000\na  0.2000\nc  0.1000"
    assert json.loads(json.dumps(encode(answer)))["labels"][0] == {"label": "b", "score": pytest.approx(0.7)}


def test_only_so_many_are_named() -> None:
    answer = Classes(most=2).answer({"scores": np.arange(5.0)}, contract("probabilities", values=5))
    assert [entry.label for entry in answer.labels] == ["4", "3"]


def test_logits_become_probabilities() -> None:
    logits = np.log(np.array([0.1, 0.6, 0.3]))
    answer = Classes().answer({"scores": logits}, contract("logits", "a", "b", "c", values=3))
    assert [entry.score for entry in answer.labels] == pytest.approx([0.6, 0.3, 0.1])


@pytest.mark.parametrize(("kind", "value"), [("probabilities", 0.9), ("logits", math.log(9))])
def test_one_value_is_the_second_of_two_classes(kind: Kind, value: float) -> None:
    answer = Classes().answer({"scores": np.array([value])}, contract(kind, "no", "yes", values=1))
    assert [(entry.label, entry.score) for entry in answer.labels] == [
        ("yes", pytest.approx(0.9)),
        ("no", pytest.approx(0.1)),
    ]


def test_of_several_steps_the_last_counts() -> None:
    steps = np.array([[0.9, 0.1], [0.2, 0.8]])
    assert Classes().answer({"scores": steps}, contract("probabilities", "a", "b", values=2)).labels[0].label == "b"


def test_a_labelled_classifier_needs_no_postprocessing_in_its_contract() -> None:
    answer = postprocess({"scores": np.array([0.3, 0.7])}, contract("probabilities", "a", "b", values=2))
    assert str(answer).startswith("label b")


def test_without_labels_nobody_says_that_the_values_are_classes() -> None:
    assert postprocess({"scores": np.array([0.3, 0.7])}, contract("probabilities", values=2)) is None


def test_a_model_without_such_an_output_is_refused() -> None:
    with pytest.raises(UsageError, match="no output of the kind"):
        Classes().answer({"scores": np.zeros(2)}, contract("regression", values=2))


def test_the_contract_carries_it() -> None:
    promised = contract("probabilities", "a", values=1, reading=Classes(most=3))
    assert decode(ModelContract, encode(promised), "contract") == promised


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=8), st.floats(-1e4, 1e4))
def test_softmax_sums_to_one_and_does_not_mind_a_shift(logits: list[float], shift: float) -> None:
    values = np.array(logits)
    assert softmax(values).sum() == pytest.approx(1.0)
    np.testing.assert_allclose(softmax(values + shift), softmax(values), atol=1e-9)
