"""Sentence pairs: from a folder, from a file, made up, and word by word."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litefoot.runtime.errors import SampleError
from litefoot.train.data.pairs import made_up_pairs, read_pairs, split_pairs
from litefoot.train.data.word_by_word import most_probable_words


def folder_of_pairs(folder: Path, **changed: str) -> Path:
    for part in ("train", "val", "test_2016"):
        for language in ("en", "fr"):
            text = changed.get(f"{part}_{language}", f"{part} {language} 1\n\n{part} {language} 3\n")
            (folder / f"{part}.{language}.gz").write_bytes(gzip.compress(text.encode()))
    return folder


def test_a_folder_gives_its_own_parts_and_leaves_out_empty_sentences(tmp_path: Path) -> None:
    parts = read_pairs(folder_of_pairs(tmp_path), seed=0)
    assert parts["train"] == [("train en 1", "train fr 1"), ("train en 3", "train fr 3")]
    assert parts["validation"][0] == ("val en 1", "val fr 1")
    assert parts["test"][1] == ("test_2016 en 3", "test_2016 fr 3")


def test_the_two_languages_must_have_as_many_lines(tmp_path: Path) -> None:
    with pytest.raises(SampleError, match=r"1 in train.en.gz, 3 in train.fr.gz"):
        read_pairs(folder_of_pairs(tmp_path, train_en="only one"), seed=0)


def test_a_part_that_is_missing_is_named(tmp_path: Path) -> None:
    (folder_of_pairs(tmp_path) / "val.fr.gz").unlink()
    with pytest.raises(SampleError, match=r"val.XX and val.YY"):
        read_pairs(tmp_path, seed=0)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    (folder_of_pairs(tmp_path) / "val.fr.gz").write_bytes(b"\x1f\x8bbroken")
    with pytest.raises(SampleError, match="cannot be read"):
        read_pairs(tmp_path, seed=0)


def test_a_file_of_pairs_is_split_and_further_columns_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(f"one {i}\tun {i}\tCC BY\n" for i in range(100)), encoding="utf-8")
    parts = read_pairs(path, seed=0)
    assert {part: len(pairs) for part, pairs in parts.items()} == {"train": 90, "validation": 5, "test": 5}
    assert sorted(pair for pairs in parts.values() for pair in pairs) == sorted(
        (f"one {i}", f"un {i}") for i in range(100)
    )


def test_a_line_without_a_translation_is_named(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("one\tun\ntwo\n", encoding="utf-8")
    with pytest.raises(SampleError, match=r"pairs.tsv, line 2"):
        read_pairs(path, seed=0)


def test_all_translations_of_a_sentence_stay_in_one_part() -> None:
    parts = split_pairs([(f"{i % 40}", f"{i}") for i in range(400)], seed=0)
    sources = [{source for source, _ in pairs} for pairs in parts.values()]
    assert sum(map(len, sources)) == 40
    assert sum(map(len, parts.values())) == 400


def test_made_up_pairs_follow_the_seed() -> None:
    assert made_up_pairs(50, seed=1) == made_up_pairs(50, seed=1) != made_up_pairs(50, seed=2)
    assert all(one.endswith(".") and other.endswith(".") for one, other in made_up_pairs(50, seed=1))


@given(
    st.permutations(range(1, 9)), st.lists(st.lists(st.integers(0, 7), min_size=1, max_size=5, unique=True), min_size=1)
)
def test_words_that_always_come_together_translate_each_other(code: list[int], sentences: list[list[int]]) -> None:
    sentences += [[word] for word in range(8)]
    table = np.array(code)
    sources = [np.array(sentence) for sentence in sentences]
    found = most_probable_words(sources, [table[source][::-1] for source in sources], count=9)
    assert found.tolist() == [*code, 0]
