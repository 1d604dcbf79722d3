"""How good the pictures of the shipped generators are: by a classifier's confidence, and by which digits there are.

``python -m benchmarks.generation BUNDLE`` with ``LITEFOOT_DATA`` set; the classifier is fitted to the same real digits.
"""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.convert.latencies import latencies
from litefoot.runtime.model import load
from litefoot.runtime.storage.bundle import Bundle
from litefoot.train.judge import Judge
from litefoot.train.recipe import Request
from litefoot.train.recipes.gan import RECIPE

LATENCY_SECONDS = 1.0


def judge_samples(images: npt.NDArray[Any]) -> tuple[float, float]:
    """What a classifier of the real digits says of pictures.

    Args:
        images: (samples, 28, 28, 1), float32 in -1..1.

    Returns:
        The mean probability of each picture's most probable class, and the share of the ten classes that at least one
        picture in a hundred belongs to, both in 0..1.
    """
    judgement = real_judge().judge(images)
    return judgement.confidence, judgement.coverage


@functools.cache
def real_judge() -> Judge:
    """The classifier, fitted once to the real digits of ``LITEFOOT_DATA``; to scikit-learn's without.

    Returns:
        The classifier.
    """
    folder = os.environ.get("LITEFOOT_DATA")
    source = Path(folder) / "mnist" if folder else None
    data = RECIPE.load(Request(source, quick=source is None))
    assert isinstance(data.train.targets, np.ndarray)
    assert isinstance(data.test.targets, np.ndarray)
    judge = Judge(data.train.inputs["image"], data.train.targets)
    for name, images, labels in (("real pictures", data.test.inputs["image"], data.test.targets),):
        print(f"{name}: accuracy {judge.accuracy(images, labels):.4f}, confidence {judge.judge(images).confidence:.4f}")
    return judge


def main(folder: Path) -> int:
    """Print what is said of every file of a generator's bundle, with its size and its time.

    Args:
        folder: The bundle.

    Returns:
        0 when every file that passed makes every class.
    """
    bundle = Bundle(folder)
    golden = bundle.golden()
    (reference,) = golden.references.values()
    rows: list[tuple[str, npt.NDArray[Any], str]] = [("full precision", reference, "")]
    for artifact in bundle.artifacts:
        model = load(folder, artifact=artifact.name)
        images = model.predict(golden.inputs)
        one = {name: array[:1] for name, array in golden.inputs.items()}
        (p50_ms,) = latencies([model], one, seconds=LATENCY_SECONDS)
        assert isinstance(images, np.ndarray)
        rows.append((artifact.name, images, f"{artifact.bytes:,} bytes, {p50_ms:.3f} ms"))
    complete = True
    for name, images, cost in rows:
        confidence, coverage = judge_samples(images)
        print(f"{name:16} confidence {confidence:.4f}, coverage {coverage:.0%}  {cost}")
        complete &= coverage == 1.0
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
