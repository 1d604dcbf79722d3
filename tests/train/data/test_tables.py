"""Labelled texts: read line by line, the labels numbered by how frequent they are, and refused where they are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from litefoot.runtime.errors import SampleError
from litefoot.train.data.sentences import generate_messages
from litefoot.train.data.tables import LabelledTexts, read_labelled_texts


def write(folder: Path, content: str) -> Path:
    path = folder / "messages.tsv"
    path.write_text(content, encoding="utf-8", newline="")
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_rare_label_is_the_one_that_is_looked_for(tmp_path: Path, end: str, mark: str) -> None:
    content = mark + end.join(["a\tBuy now", "b\tHi\tyou", "", "b\t Hé ", ""])
    samples = read_labelled_texts(write(tmp_path, content))
    assert samples.labels == ("b", "a")
    assert samples.texts == ("Buy now", "Hi\tyou", "Hé")
    assert samples.targets.tolist() == [1, 0, 0]


def test_labels_as_frequent_as_each_other_are_in_order() -> None:
    assert LabelledTexts.of([("z", "1"), ("a", "2")]).labels == ("a", "z")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a\tx\nno tab\n", "line 2"),
        ("a\tx\n\ttext\n", "line 2"),
        ("a\tx\nb\t\n", "line 2"),
        ("a\tx\na\ty\n", "two labels"),
        ("", "no samples"),
    ],
)
def test_what_is_no_file_of_labelled_texts_is_refused_with_its_line(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(SampleError, match=said):
        read_labelled_texts(write(tmp_path, content))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(b"a\t\xff\xfe")
    with pytest.raises(SampleError, match="UTF-8"):
        read_labelled_texts(tmp_path / "a.tsv")


def test_generated_messages_follow_the_seed_and_their_shares() -> None:
    first, again, other = generate_messages(400, 1), generate_messages(400, 1), generate_messages(400, 2)
    assert first == again != other
    assert 0.65 < sum(label == "friends" for label, _ in first) / 400 < 0.85
    assert not any("{" in text for _, text in first)
