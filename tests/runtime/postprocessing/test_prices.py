"""A forecast return and the last price give the next price."""

from __future__ import annotations

import math

import numpy as np
import pytest

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.decoding import Table
from litefoot.runtime.errors import SampleError, UsageError
from litefoot.runtime.postprocessing import NextPrice, postprocess
from litefoot.runtime.postprocessing.prices import Forecast
from litefoot.runtime.storage.codec import decode, encode
from litefoot.runtime.tensors import TensorSpec

TABLE = Table(("open", "close"), np.array([[1, 100], [1, 200]], np.float32))
READING = NextPrice("close", scale=0.5, offset=math.log(2.0))


def contract(kind: str = "regression") -> ModelContract:
    return ModelContract(
        inputs=(TensorSpec("returns", (None, 1, 1), "float32"),),
        outputs=(TensorSpec("forecast", (None, 1), "float32", kind=kind),),  # type: ignore[arg-type]
        task="price forecasting",
        postprocessing=READING,
    )


@pytest.mark.parametrize(("value", "price"), [(0.0, 400.0), (2 * math.log(2.0), 800.0), (-2 * math.log(2.0), 200.0)])
def test_the_next_price_follows_from_the_last(value: float, price: float) -> None:
    answer = postprocess({"forecast": np.array([value], np.float32)}, contract(), TABLE)
    assert isinstance(answer, Forecast)
    assert answer.price == pytest.approx(price, rel=1e-6)
    assert answer.last == 200.0


def test_the_answer_says_price_and_change() -> None:
    assert str(Forecast(price=202.0, last=200.0)) == "next 202.00, +1.000% from 200.00"


def test_without_the_table_there_is_no_price() -> None:
    with pytest.raises(SampleError, match="close"):
        postprocess({"forecast": np.zeros(1, np.float32)}, contract(), None)


def test_an_output_of_another_kind_is_refused() -> None:
    with pytest.raises(UsageError, match="regression"):
        postprocess({"forecast": np.zeros(1, np.float32)}, contract("logits"), TABLE)


def test_the_contract_carries_it() -> None:
    assert decode(ModelContract, encode(contract()), "again") == contract()
