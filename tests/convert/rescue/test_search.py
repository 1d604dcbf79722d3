"""The smallest number that passes, in few questions."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litefoot.convert.rescue.search import fewest


@given(st.integers(1, 500), st.integers(1, 600))
def test_it_finds_the_first_number_that_passes_in_a_logarithm_of_questions(most: int, first: int) -> None:
    asked: list[int] = []

    def passes(count: int) -> bool:
        asked.append(count)
        return count >= first

    assert fewest(most, passes) == (first if first <= most else None)
    assert len(asked) == len(set(asked)) <= 2 * math.log2(most) + 2
    assert all(1 <= count <= most for count in asked)


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_what_it_returns_has_passed_even_where_more_is_not_better(verdicts: list[bool]) -> None:
    found = fewest(len(verdicts), lambda count: verdicts[count - 1])
    assert found is None or verdicts[found - 1]


@pytest.mark.parametrize("most", [0, -1])
def test_with_nothing_to_give_back_nothing_is_tried(most: int) -> None:
    def never(count: int) -> bool:
        raise AssertionError(count)

    assert fewest(most, never) is None
