"""A judge knows the classes it was shown, and sees when one is missing."""

from __future__ import annotations

import numpy as np
import pytest

from litefoot.train.judge import Judge


def blocks(labels: np.ndarray) -> np.ndarray:
    """A white bar whose column is the class, on noise."""
    pictures = np.random.default_rng(len(labels)).uniform(-1.0, -0.8, (len(labels), 6, 6, 1)).astype(np.float32)
    pictures[np.arange(len(labels)), :, labels] = 1.0
    return pictures


@pytest.fixture(scope="module")
def judge() -> Judge:
    labels = np.arange(600) % 4
    return Judge(blocks(labels), labels)


def test_it_is_right_and_sure_of_what_it_was_shown(judge: Judge) -> None:
    labels = np.arange(100) % 4
    assert judge.accuracy(blocks(labels), labels) == 1.0
    judgement = judge.judge(blocks(labels))
    assert judgement.confidence > 0.9
    assert judgement.coverage == 1.0
    assert judgement.counts == (25, 25, 25, 25)


def test_a_generator_that_makes_one_thing_alone_is_seen(judge: Judge) -> None:
    judgement = judge.judge(blocks(np.full(50, 2)))
    assert judgement.coverage == 0.25
    assert judgement.counts == (0, 0, 50, 0)


def test_it_is_less_sure_of_noise(judge: Judge) -> None:
    noise = np.random.default_rng(0).uniform(-1, 1, (200, 6, 6, 1)).astype(np.float32)
    assert judge.judge(noise).confidence < judge.judge(blocks(np.arange(200) % 4)).confidence - 0.1


def test_another_judge_of_the_same_pictures_says_the_same(judge: Judge) -> None:
    labels = np.arange(600) % 4
    noise = np.random.default_rng(1).uniform(-1, 1, (50, 6, 6, 1)).astype(np.float32)
    assert Judge(blocks(labels), labels).judge(noise).counts == judge.judge(noise).counts
