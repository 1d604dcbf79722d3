"""What was given is recognised, and what comes out is ready for the model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litefoot.convert.data import Data, check_samples, read_data
from litefoot.convert.data.samples import spread
from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.errors import UsageError

Contracts = Callable[..., ModelContract]


def refusal(given_: object, model: ModelContract, limit: int | None = None) -> str:
    with pytest.raises(UsageError) as refused:
        read_data(given_, model, what="calibration", limit=limit)
    assert refused.value.exit_code == 2
    return str(refused.value)


@pytest.mark.parametrize("name", ["gone.npz", "gone", "gone/deeper:function", "2:3"])
def test_a_path_that_is_not_there_is_refused(contract: Contracts, tmp_path: Path, name: str) -> None:
    message = refusal(str(tmp_path / name), contract(x=("float32",)))
    for word in ("no such calibration samples", f"where:    {tmp_path / name}"):
        assert word in message


@pytest.mark.parametrize(("name", "got"), [("a.parquet", ".parquet"), ("a.png", ".png"), ("a", "no suffix")])
def test_an_unknown_kind_is_refused_with_the_known_ones(
    contract: Contracts, tmp_path: Path, name: str, got: str
) -> None:
    (tmp_path / name).touch()
    message = refusal(tmp_path / name, contract(x=("float32",)))
    for word in (name, f"got:      {got}", ".npz, .npy, .csv, a folder of pictures or recordings, or module:function"):
        assert word in message


def test_the_suffix_is_read_in_any_case(contract: Contracts, tmp_path: Path) -> None:
    (tmp_path / "A.CSV").write_text("1\n2\n")
    assert len(read_data(tmp_path / "A.CSV", contract(x=("float32", 1)), what="calibration")) == 2


def test_what_comes_out_passes_the_checks(contract: Contracts) -> None:
    model = contract({"metric": Metric("accuracy", 0.01)}, image=("float32", 2, 2, 1), tokens=("int32", 3))
    given_ = {"image": np.ones((4, 2, 2), np.uint8), "tokens": np.ones((4, 3), np.int64), "y": np.eye(4)}
    data = read_data(given_, model, what="evaluation")
    check_samples(data.inputs, model.inputs, what="evaluation", at_least=4)
    assert data.targets is not None
    assert data.targets.tolist() == [0, 1, 2, 3]


def test_data_read_before_is_read_again_as_it_is(contract: Contracts) -> None:
    given_ = Data({"x": np.arange(4.0)}, np.arange(4), ("a", "b", "c", "d"), "before")
    data = read_data(given_, contract(x=("float32", 1)), what="evaluation", limit=2)
    assert (data.inputs["x"].dtype, data.inputs["x"].tolist()) == (np.float32, [[0.0], [2.0]])
    assert data.targets is not None
    assert (data.targets.tolist(), data.labels, data.source) == ([0, 2], given_.labels, "before")
    assert len(given_) == 4
    assert len(Data({})) == 0


def test_a_conversion_that_would_change_a_value_is_refused_by_its_input(contract: Contracts) -> None:
    message = refusal({"a": [1], "b": [0.5]}, contract(a=("int32",), b=("int32",)))
    for word in ("would change", "where:    arrays in memory, input b", "got:      0.5 in float64", "expected: int32"):
        assert word in message


@pytest.mark.parametrize("given_", [np.float32(1), np.zeros((0, 2)), np.zeros((2, 3)), {"x": [[1.0, np.inf]]}])
def test_what_is_no_set_of_samples_is_refused(contract: Contracts, given_: object) -> None:
    assert "calibration" in refusal(given_, contract(x=("float32", 2)))


def test_a_limit_below_one_is_refused(contract: Contracts) -> None:
    assert "got:      0" in refusal([1.0], contract(x=("float32",)), limit=0)


@given(st.integers(0, 200), st.none() | st.integers(1, 200))
def test_a_spread_is_even_and_repeats_nothing(count: int, limit: int | None) -> None:
    places = spread(count, limit)
    assert len(places) == min(count, limit or count)
    assert places == sorted(set(places))
    steps = np.diff([*places, count])
    assert not places or (places[0] == 0 and steps.max() - steps.min() <= 1)
