"""Metrics of classes against scikit-learn where it has them, and against counts by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.tensors import Kind, TensorSpec
from litefoot.runtime.verification.metrics import METRICS
from litefoot.runtime.verification.metrics.classes import SMALLEST_PROBABILITY, count_classes
from litefoot.runtime.verification.task import score_of

Array = np.ndarray[Any, Any]


def score(name: Any, kind: Kind, output: Array, targets: Array) -> float:
    spec = TensorSpec("y", (None, *output.shape[1:]), "float32", kind)
    contract = ModelContract((), (spec,), "", metric=Metric(name, 0.01))
    value = score_of(contract, {"y": output}, targets)
    assert value is not None
    return value


@st.composite
def answers(draw: st.DrawFn) -> tuple[Array, Array, int]:
    """Predicted and right classes, and how many classes there are."""
    classes, n = draw(st.integers(2, 5)), draw(st.integers(1, 30))
    lists = st.lists(st.integers(0, classes - 1), min_size=n, max_size=n)
    return np.array(draw(lists)), np.array(draw(lists)), classes


@given(answers())
def test_accuracy_and_f1_are_those_of_scikit_learn(case: tuple[Array, Array, int]) -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    predicted, targets, classes = case
    scores = np.eye(classes)[predicted]
    assert score("accuracy", "logits", scores, targets) == pytest.approx(metrics.accuracy_score(targets, predicted))
    if classes > 2:
        f1 = metrics.f1_score(targets, predicted, labels=np.unique(targets), average="macro", zero_division=0)
        assert score("f1", "logits", scores, targets) == pytest.approx(f1)
    elif (targets == 1).any():
        assert score("f1", "logits", scores, targets) == pytest.approx(metrics.f1_score(targets, predicted))


@given(answers())
def test_mean_iou_is_that_of_scikit_learn_over_the_classes_that_there_are(case: tuple[Array, Array, int]) -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    predicted, targets, classes = case
    iou = metrics.jaccard_score(targets, predicted, labels=np.unique(targets), average="macro", zero_division=0)
    masks = np.eye(classes)[predicted].reshape(len(targets), 1, 1, classes)
    assert score("mean_iou", "mask", masks, targets.reshape(-1, 1, 1)) == pytest.approx(iou)


@given(answers(), st.randoms())
def test_what_is_marked_as_not_counted_does_not_count(case: tuple[Array, Array, int], random: Any) -> None:
    predicted, targets, classes = case
    hidden = [random.random() < 0.5 for _ in targets]
    if all(hidden):
        return
    marked = np.where(hidden, -1, targets)
    scores, kept = np.eye(classes)[predicted], ~np.array(hidden)
    for name in ("accuracy", "perplexity"):
        assert score(name, "logits", scores, marked) == pytest.approx(
            score(name, "logits", scores[kept], targets[kept])
        )


@pytest.mark.parametrize(
    ("kind", "values", "right"),
    [("probabilities", [0.2, 0.6, 0.5], [0, 1, 0]), ("logits", [-3.0, 0.1, 0.0], [0, 1, 0])],
)
def test_one_value_is_the_second_of_two_classes(kind: Kind, values: list[float], right: list[int]) -> None:
    output, targets = np.array(values, np.float32)[:, np.newaxis], np.array(right)
    assert score("accuracy", kind, output, targets) == 1.0
    assert score("accuracy", kind, output, 1 - targets) == 0.0
    assert score("f1", kind, output, targets) == 1.0


def test_the_last_step_counts_where_there_is_one_answer_for_a_sequence() -> None:
    scores = np.eye(3)[np.array([[0, 1], [2, 2]])]
    assert score("accuracy", "logits", scores, np.array([1, 2])) == 1.0
    assert score("accuracy", "logits", scores, np.array([[0, 1], [2, 0]])) == 0.75


@given(st.integers(2, 50), st.integers(1, 20))
def test_the_perplexity_of_a_guess_is_the_number_of_classes(classes: int, n: int) -> None:
    targets = np.arange(n) % classes
    assert score("perplexity", "logits", np.full((n, classes), 3.0), targets) == pytest.approx(classes)
    even = np.full((n, classes), 1 / classes)
    assert score("perplexity", "probabilities", even, targets) == pytest.approx(classes)


def test_perplexity_of_logits_is_that_of_their_softmax_and_does_not_overflow() -> None:
    logits = np.random.default_rng(3).normal(size=(40, 7)) * 3
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    targets = np.arange(40) % 7
    expected = math.exp(-np.log(shares[np.arange(40), targets]).mean())
    assert score("perplexity", "logits", logits, targets) == pytest.approx(expected)
    assert score("perplexity", "logits", logits + 1e5, targets) == pytest.approx(expected)
    assert score("perplexity", "probabilities", shares, targets) == pytest.approx(expected)
    assert score("perplexity", "logits", np.array([[0.0, 1e4]]), np.array([0])) == math.inf


def test_a_probability_that_was_rounded_to_zero_is_improbable_and_not_impossible() -> None:
    assert score("perplexity", "probabilities", np.array([[0.0, 1.0]]), np.array([0])) == pytest.approx(
        1 / SMALLEST_PROBABILITY
    )


@given(answers())
def test_every_class_is_counted_once_for_each_sample(case: tuple[Array, Array, int]) -> None:
    predicted, targets, classes = case
    counts = count_classes(predicted[:, np.newaxis], targets[:, np.newaxis], classes)
    assert counts.shape == (len(targets), classes, 3)
    assert counts[:, :, 1].sum() == counts[:, :, 2].sum() == len(targets)
    assert counts[:, :, 0].sum() == (predicted == targets).sum()
    assert (counts[:, :, 0] <= counts[:, :, 1:].min(-1)).all()


@pytest.mark.parametrize("name", ["accuracy", "f1", "perplexity"])
@given(case=answers(), data=st.data())
def test_a_weight_of_two_is_the_sample_twice(name: str, case: tuple[Array, Array, int], data: st.DataObject) -> None:
    predicted, targets, classes = case
    weights = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(targets), max_size=len(targets))))
    spec = TensorSpec("y", (None, classes), "float32", "logits")
    contract = ModelContract((), (spec,), "", metric=Metric(name, 0.01))  # type: ignore[arg-type]
    output = np.eye(classes)[predicted] + np.arange(classes) / 7
    whole = METRICS[name](contract, {"y": output}, targets)
    kept = np.repeat(np.arange(len(targets)), weights)
    copied = whole.score(np.array([weights, np.ones(len(targets))]))
    if name == "f1" and not np.array_equal(np.unique(targets[kept]), np.unique(targets)):
        return  # which classes there are is said by all samples
    if len(kept):
        again = METRICS[name](contract, {"y": output[kept]}, targets[kept])
        assert copied[0] == pytest.approx(float(again.score(np.ones(len(kept)))), nan_ok=True)
    else:
        assert math.isnan(copied[0])
