"""Anchors are matched so that decoding gives the boxes back; the losses are those of the paper, by hand."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from litefoot.runtime.postprocessing import Detections, Grid
from litefoot.runtime.postprocessing.detections import overlap
from litefoot.train.data.handwriting import scikit_learn_digits
from litefoot.train.data.scenes import compose
from litefoot.train.networks.single_shot import match

DETECTIONS = Detections((Grid(16, 16, ((0.30, 0.13), (0.30, 0.22))), Grid(8, 8, ((0.42, 0.19), (0.42, 0.30)))))

LOSSES = """
import json
import tensorflow as tf
from litefoot.train.networks.single_shot import box_loss, score_loss
boxes = tf.constant([[[0.5, 0.0, 0.0, -2.0, 1.0], [9.0, 9.0, 9.0, 9.0, 0.0]], [[0.0] * 5] * 2])
right = tf.constant([[2] + [0] * 5])
wrong = [0.5, 0.1, 0.2, 0.05, 0.4]
scores = tf.constant([[[0.1, 0.2, 0.7]] + [[1.0 - p, p, 0.0] for p in wrong]])
print(json.dumps([box_loss(boxes, tf.zeros((2, 2, 4))).numpy().tolist(), score_loss(right, scores).numpy().tolist()]))
"""


def test_decoding_what_is_matched_gives_the_boxes_back() -> None:
    boxes = compose(*scikit_learn_digits(), 20, seed=0).boxes
    targets = match(DETECTIONS, boxes)
    decoded = DETECTIONS.decode(targets["boxes"][..., :4])
    for scene in range(20):
        taken = targets["boxes"][scene, :, 4] > 0
        np.testing.assert_array_equal(taken, targets["scores"][scene] > 0)
        right = boxes[scene][boxes[scene, :, 0] >= 0]
        shared = overlap(decoded[scene, taken], right[:, 1:].astype(np.float64))
        assert (shared.max(axis=1) > 0.999).all()
        assert set(shared.argmax(axis=1)) == set(range(len(right)))
        labels = right[shared.argmax(axis=1), 0] + 1
        np.testing.assert_array_equal(labels, targets["scores"][scene, taken])


def test_an_anchor_is_matched_above_one_half_and_the_nearest_in_any_case() -> None:
    detections = Detections((Grid(1, 2, ((1.0, 0.5),)),))
    half, small = [3, 0.0, 0.0, 1.0, 0.26], [4, 0.4, 0.6, 0.5, 0.7]
    none = [-1, 0.0, 0.0, 0.0, 0.0]
    targets = match(detections, np.array([[half, none], [half, small], [none, none]], np.float32))
    assert targets["scores"].tolist() == [[4, 0], [4, 5], [0, 0]]
    assert targets["boxes"][0, 0].tolist() == pytest.approx([0.0, -0.24, 0.0, np.log(0.52), 1.0])
    assert targets["boxes"][2].tolist() == [[0.0] * 5] * 2


@pytest.mark.slow
def test_the_losses_are_those_of_the_paper() -> None:
    done = subprocess.run([sys.executable, "-c", LOSSES], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    of_boxes, of_scores = json.loads(done.stdout)
    # One matched anchor: 0.5 * 0.5^2, and |-2| - 0.5; the unmatched one and the empty scene count nothing.
    assert of_boxes == pytest.approx([0.125 + 1.5, 0.0])
    # One matched anchor, and the three unmatched ones that are the most wrong: 0.5, 0.4 and 0.2.
    expected = -np.log(0.7) - np.log(0.5) - np.log(0.6) - np.log(0.8)
    assert of_scores == [pytest.approx(expected, rel=1e-5)]
