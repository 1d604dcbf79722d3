"""Returns of a table of prices: by construction, by the column's heading, and of the last rows alone."""

from __future__ import annotations

import numpy as np
import pytest

from litefoot.runtime.decoding import Sample, Table
from litefoot.runtime.errors import SampleError
from litefoot.runtime.preprocessing import Returns, preprocess

DOUBLING = np.array([[1, 9], [2, 9], [4, 9], [8, 9]], np.float32)
TABLE = Table(("close", "volume"), DOUBLING)


@pytest.mark.parametrize("sample", [TABLE, DOUBLING[:, :1]], ids=["by heading", "the only column"])
def test_prices_that_double_have_the_logarithm_of_two_as_return(sample: Sample) -> None:
    returns = preprocess(sample, (Returns("close", 3),))
    assert (returns.shape, returns.dtype) == ((3, 1), np.float32)
    np.testing.assert_allclose(returns, np.log(2.0), rtol=1e-6)


def test_only_the_last_rows_count() -> None:
    changed = Table(TABLE.names, np.concatenate([np.ones((5, 2), np.float32), DOUBLING]))
    np.testing.assert_array_equal(
        preprocess(changed, (Returns("close", 3),)), preprocess(TABLE, (Returns("close", 3),))
    )


def test_a_constant_column_has_no_returns() -> None:
    np.testing.assert_array_equal(preprocess(TABLE, (Returns("volume", 2),)), np.zeros((2, 1)))


@pytest.mark.parametrize(
    ("sample", "step", "said"),
    [
        (TABLE, Returns("open", 2), "open"),
        (DOUBLING, Returns("close", 2), "columns without names"),
        (TABLE, Returns("close", 4), "at least 5 rows"),
        (Table(("close",), DOUBLING[:, :1] * 0), Returns("close", 2), "above zero"),
        (Table(("close",), DOUBLING[:, :1] * np.nan), Returns("close", 2), "above zero"),
        ("1,2,3", Returns("close", 2), "text"),
    ],
)
def test_what_is_no_series_of_prices_is_refused(sample: Sample, step: Returns, said: str) -> None:
    with pytest.raises(SampleError, match=said):
        preprocess(sample, (step,))
