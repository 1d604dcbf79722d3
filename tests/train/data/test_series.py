"""Windows of a series look back only: whatever the future holds, the past is the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litefoot.runtime.decoding import Table
from litefoot.runtime.errors import SampleError
from litefoot.train.data.series import Series, generate_walk, read_series

LENGTH = 4


def series(prices: list[float]) -> Series:
    return Series(Table(("close",), np.array(prices, np.float32)[:, np.newaxis]), "close")


def test_a_window_ends_where_its_target_begins() -> None:
    windows, returns, last = series([float(2**i) for i in range(15)] + [float(2**14)]).windows(LENGTH)
    assert windows.shape == (11, LENGTH, 1)
    np.testing.assert_allclose(windows, np.log(2), rtol=1e-6)
    np.testing.assert_allclose(returns, [*[np.log(2)] * 10, 0.0], rtol=1e-6)
    assert last.tolist() == [2.0**i for i in range(4, 15)]


@given(st.integers(LENGTH + 1, 38), st.integers(0, 1000))
def test_the_future_changes_no_window_of_the_past(today: int, seed: int) -> None:
    walk = generate_walk(40, 7, "close").table.values[:, 0]
    other = np.where(np.arange(40) <= today, walk, generate_walk(40, seed, "close").table.values[:, 0] * 3)
    (windows, returns, last), (changed, other_returns, other_last) = (
        series(list(prices)).windows(LENGTH) for prices in (walk, other)
    )
    known = today - LENGTH + 1
    np.testing.assert_array_equal(windows[:known], changed[:known])
    np.testing.assert_array_equal(last[:known], other_last[:known])
    np.testing.assert_array_equal(returns[: known - 1], other_returns[: known - 1])


def test_a_table_is_read_by_its_heading(tmp_path: Path) -> None:
    rows = "".join(f"2020-01-{i + 1:02},{i + 1},{2 * (i + 1)}\n" for i in range(20))
    (tmp_path / "a.csv").write_text("date,open,close\n" + rows)
    _, _, last = read_series(tmp_path / "a.csv", "close").windows(LENGTH)
    assert last.tolist() == [2.0 * i for i in range(5, 20)]


@pytest.mark.parametrize(("content", "said"), [("open,high\n1,2\n", "columns open, high"), ("1,2\n", "no headings")])
def test_a_table_without_the_column_is_refused(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(SampleError, match=said):
        read_series(tmp_path / "a.csv", "close")


def test_a_series_that_is_too_short_is_refused() -> None:
    with pytest.raises(SampleError, match="more than 15 rows"):
        series([1.0] * 14).windows(LENGTH)


def test_a_walk_follows_its_seed_and_drifts_up() -> None:
    first, again = generate_walk(20_000, 3, "close"), generate_walk(20_000, 3, "close")
    np.testing.assert_array_equal(first.table.values, again.table.values)
    returns = np.diff(np.log(first.table.values[:, 0].astype(np.float64)))
    assert returns.mean() == pytest.approx(3e-4, abs=3e-4)
    assert returns.std() == pytest.approx(1e-2, rel=0.05)
