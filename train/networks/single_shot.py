"""What a single-shot detector is fitted to: anchors matched with boxes, and the two losses over them.

Liu et al., "SSD: Single Shot MultiBox Detector", arXiv:1512.02325, section 2.2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.postprocessing import Detections
from litefoot.runtime.postprocessing.detections import overlap

Array = npt.NDArray[Any]

_ENOUGH = 0.5
_NEGATIVES_PER_POSITIVE = 3


def match(detections: Detections, boxes: Array) -> dict[str, Array]:
    """Match anchors with the boxes of scenes: each box takes the anchor nearest to it, and all above one half.

    Args:
        detections: Whose anchors.
        boxes: (scenes, most, 5) float32: class, top, left, bottom, right in 0..1; class -1 where there is no box.

    Returns:
        ``boxes``, (scenes, anchors, 5) float32: the offsets of Liu et al., equation 2, and 1 where the anchor is
        matched, else 0; ``scores``, (scenes, anchors) int64: the class of each anchor, counted from 1, 0 for none.
    """
    anchors = detections.anchors()
    halves = anchors[:, 2:] / 2.0
    corners = np.concatenate([anchors[:, :2] - halves, anchors[:, :2] + halves], axis=1)
    matched = [_match_one(anchors, corners, scene[scene[:, 0] >= 0].astype(np.float64)) for scene in boxes]
    offsets, classes = zip(*matched, strict=True)
    return {"boxes": np.stack(offsets).astype(np.float32), "scores": np.stack(classes)}


def _match_one(anchors: Array, corners: Array, boxes: Array) -> tuple[Array, Array]:
    if not len(boxes):
        return np.zeros((len(anchors), 5)), np.zeros(len(anchors), np.int64)
    shared = overlap(boxes[:, 1:], corners)
    shared[np.arange(len(boxes)), shared.argmax(axis=1)] = 2.0  # the nearest anchor is taken in any case
    owner = shared.argmax(axis=0)
    taken = shared.max(axis=0) >= _ENOUGH
    own = boxes[owner]
    centres = (own[:, 1:3] + own[:, 3:5]) / 2.0
    sizes = own[:, 3:5] - own[:, 1:3]
    offsets = np.concatenate(
        [(centres - anchors[:, :2]) / anchors[:, 2:], np.log(sizes / anchors[:, 2:]), taken[:, np.newaxis]], axis=1
    )
    return offsets * taken[:, np.newaxis], np.where(taken, own[:, 0] + 1.0, 0.0).astype(np.int64)


def box_loss(targets: Any, offsets: Any) -> Any:
    """Smooth L1 over the matched anchors, a mean over them; Liu et al., equation 2, and Girshick, arXiv:1504.08083.

    Args:
        targets: (batch, anchors, 5), as `match` makes them.
        offsets: (batch, anchors, 4).

    Returns:
        (batch,).
    """
    import tensorflow as tf

    distance = tf.abs(tf.cast(offsets, tf.float32) - targets[..., :4])
    smooth = tf.where(distance < 1.0, 0.5 * distance * distance, distance - 0.5)
    taken = targets[..., 4]
    return tf.reduce_sum(smooth * taken[..., tf.newaxis], [1, 2]) / tf.maximum(tf.reduce_sum(taken, 1), 1.0)


def score_loss(targets: Any, probabilities: Any) -> Any:
    """Cross-entropy over the matched anchors and the three times as many unmatched ones that are the most wrong.

    Liu et al., equation 3, and "hard negative mining" in section 2.2.

    Args:
        targets: (batch, anchors), integers: classes from 1, 0 for the background.
        probabilities: (batch, anchors, 1 + classes).

    Returns:
        (batch,), a sum over the anchors for each matched one.
    """
    import tensorflow as tf

    right = tf.gather(tf.cast(probabilities, tf.float32), targets, batch_dims=2)
    loss = -tf.math.log(right + 1e-7)
    taken = tf.cast(targets > 0, tf.float32)
    count = tf.maximum(tf.reduce_sum(taken, 1), 1.0)
    hardest = tf.sort(loss * (1.0 - taken), axis=1, direction="DESCENDING")
    rank = tf.range(tf.shape(loss)[1], dtype=tf.float32)
    kept = tf.cast(rank < _NEGATIVES_PER_POSITIVE * count[:, tf.newaxis], tf.float32)
    return (tf.reduce_sum(loss * taken, 1) + tf.reduce_sum(hardest * kept, 1)) / count
