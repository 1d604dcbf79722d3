"""Attention against its formula in numpy; masks, causality, and one step at a time against all at once."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from litefoot.train.networks.attention import MASKED, causal_biases, sinusoids, slopes

from . import transformers as cases

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    folder = tmp_path_factory.mktemp("transformers")
    done = subprocess.run(
        [sys.executable, cases.__file__, folder], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    with np.load(folder / "answers.npz") as arrays:
        return dict(arrays)


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def test_attention_is_the_formula(answers: dict[str, np.ndarray]) -> None:
    q, k, v = cases.QKV.astype(np.float64)
    expected = softmax(q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1]) + cases.BIAS) @ v
    np.testing.assert_allclose(answers["attended"], expected, atol=1e-6)


def test_what_stands_in_the_padding_changes_nothing(answers: dict[str, np.ndarray]) -> None:
    real = cases.SOURCE != 0
    np.testing.assert_allclose(answers["read otherwise"][real], answers["read"][real], atol=1e-6)
    assert np.abs(answers["read otherwise"] - answers["read"])[~real].max() > 0.1


def test_positions_are_the_sinusoids_of_the_paper(answers: dict[str, np.ndarray]) -> None:
    table = sinusoids(4, cases.UNITS)
    np.testing.assert_array_equal(answers["places"], np.broadcast_to(table, answers["places"].shape))
    assert table[3, 0] == pytest.approx(np.sin(3))
    assert table[3, 5] == pytest.approx(np.cos(3 / 10000 ** (4 / 8)))
    np.testing.assert_allclose((sinusoids(50, 16) ** 2).sum(1), 8.0, rtol=1e-5)


def test_nearness_is_the_same_on_both_sides_and_counts_for_each_head(answers: dict[str, np.ndarray]) -> None:
    near = answers["near"][0]
    np.testing.assert_array_equal(near, near.swapaxes(1, 2))
    np.testing.assert_allclose(near[:, 0, 3], [-3 * slope for slope in slopes(cases.HEADS)], rtol=1e-6)


def test_slopes_and_causal_biases_are_those_of_the_paper() -> None:
    assert slopes(8) == [0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125, 0.00390625]
    biases = causal_biases(8, 3)
    assert biases[0].tolist() == [[0, MASKED, MASKED], [-0.5, 0, MASKED], [-1, -0.5, 0]]
    assert causal_biases(8, 300).min() == MASKED


@pytest.mark.parametrize("kind", ["alone", "crossed"])
def test_no_step_sees_a_later_one(answers: dict[str, np.ndarray], kind: str) -> None:
    before, after = answers[f"{kind} window"], answers[f"{kind} other end"]
    np.testing.assert_allclose(after[:, :4], before[:, :4], atol=1e-5)
    assert np.abs(after[:, 4:] - before[:, 4:]).max() > 0.01


@pytest.mark.parametrize("kind", ["alone", "crossed"])
def test_one_step_at_a_time_is_the_window(answers: dict[str, np.ndarray], kind: str) -> None:
    np.testing.assert_allclose(answers[f"{kind} stepped"], answers[f"{kind} window"], atol=1e-5)


def test_the_loss_is_the_mean_over_what_is_no_padding(answers: dict[str, np.ndarray]) -> None:
    likelihoods = np.log(softmax(cases.LOGITS.astype(np.float64)))
    right = np.take_along_axis(likelihoods, cases.TARGETS[..., np.newaxis], axis=2)[..., 0]
    real = cases.TARGETS != 0
    for losses, smoothing in zip(answers["loss"], (0.0, 0.1), strict=True):
        expected = -(1 - smoothing) * right - smoothing * likelihoods.mean(-1)
        assert losses.mean() == pytest.approx(expected[real].mean(), rel=1e-5)
        assert (losses[~real] == 0).all()
