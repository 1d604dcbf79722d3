"""Texts with their labels, from a file of one sample a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.errors import SampleError

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class LabelledTexts:
    """Texts and what they are.

    Attributes:
        texts: One for each sample.
        labels: The names of the classes, the most frequent first, equal ones by name: of two classes the second is
            the one that is looked for.
        targets: (samples,) int64, the number of each sample's class.
    """

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    targets: Array

    @classmethod
    def of(cls, pairs: Sequence[tuple[str, str]]) -> LabelledTexts:
        """Number the labels.

        Args:
            pairs: Label and text of each sample.

        Returns:
            The texts in the same order.
        """
        counts = Counter(label for label, _ in pairs)
        labels = sorted(counts, key=lambda label: (-counts[label], label))
        numbers = {label: number for number, label in enumerate(labels)}
        targets = np.array([numbers[label] for label, _ in pairs], dtype=np.int64)
        return cls(tuple(text for _, text in pairs), tuple(labels), targets)


def read_labelled_texts(path: Path) -> LabelledTexts:
    """Read a file of ``label TAB text``, one sample a line, UTF-8; empty lines are passed over.

    Args:
        path: The file.

    Returns:
        The texts in the order of the file.

    Raises:
        SampleError: It is not such a file, or holds fewer than two labels.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SampleError("This file of texts cannot be read", where=path, got=error, expected="UTF-8 text") from error
    pairs = [_pair(line, path, number) for number, line in enumerate(lines, start=1) if line.strip()]
    samples = LabelledTexts.of(pairs)
    if len(samples.labels) < 2:
        raise SampleError(
            "A classification needs at least two labels",
            where=path,
            got=", ".join(samples.labels) or "no samples",
            expected="label TAB text on each line",
        )
    return samples


def _pair(line: str, path: Path, number: int) -> tuple[str, str]:
    label, tab, text = line.rstrip("\r").partition("\t")
    if not (label.strip() and tab and text.strip()):
        raise SampleError(
            "This line is not a label and a text",
            where=f"{path}, line {number}",
            got=repr(line[:60]),
            expected="label TAB text",
        )
    return label.strip(), text.strip()
