"""Names that every format takes as they are, each once."""

from __future__ import annotations

import pytest

from litefoot.convert.model.names import plain_names


@pytest.mark.parametrize(
    ("names", "plain"),
    [
        ([], []),
        (["x", "y"], ["x", "y"]),
        (["scores.1-a_b"], ["scores.1-a_b"]),
        (["model/dense:0"], ["model_dense_0"]),
        (["two words", "<b>"], ["two_words", "_b_"]),
        ([""], ["tensor"]),
        (["größe"], ["größe"]),
        (["x", "x", "x"], ["x", "x_repeat1", "x_repeat2"]),
        (["a/b", "a:b"], ["a_b", "a_b_repeat1"]),
        (["", ""], ["tensor", "tensor_repeat1"]),
        (["x", "xy", "x"], ["x", "xy", "x_repeat1"]),
    ],
)
def test_characters_that_a_format_would_change_are_replaced_and_repetitions_numbered(
    names: list[str], plain: list[str]
) -> None:
    assert plain_names(names) == plain


@pytest.mark.parametrize(
    "names", [["x_repeat1", "x", "x"], ["x", "x_repeat1", "x"], ["x", "x", "x_repeat1", "x_repeat1"]]
)
def test_every_name_is_another_even_where_one_looks_like_a_numbered_one(names: list[str]) -> None:
    assert len(set(plain_names(names))) == len(names)
