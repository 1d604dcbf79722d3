"""Arrays by name: from .npz and .npy files and from memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from litefoot.convert.data import TARGET_NAMES, read_data
from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import SampleError, UsageError

Contracts = Callable[..., ModelContract]
PAIRS = np.arange(6, dtype=np.float32).reshape(3, 2)


def save(path: Path, **given_: np.ndarray) -> Path:
    np.savez(path, **given_)
    return path


def refusal(given_: object, model: ModelContract) -> str:
    with pytest.raises(UsageError) as refused:
        read_data(given_, model, what="calibration")
    assert refused.value.exit_code == 2
    return str(refused.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    arrays.arrays("float32", (4, 3), elements=st.floats(width=32, allow_nan=False, allow_infinity=False)),
    arrays.arrays("int32", (4,)),
    arrays.arrays("int64", (4,)),
)
def test_what_is_stored_comes_back(
    contract: Contracts, tmp_path: Path, a: np.ndarray, b: np.ndarray, y: np.ndarray
) -> None:
    path = save(tmp_path / "samples.npz", a=a, b=b, y=y)
    data = read_data(path, contract(a=("float32", 3), b=("int32",)), what="evaluation")
    np.testing.assert_array_equal(data.inputs["a"], a, strict=True)
    np.testing.assert_array_equal(data.inputs["b"], b, strict=True)
    assert data.targets is not None
    np.testing.assert_array_equal(data.targets, y, strict=True)
    assert (len(data), data.labels, data.source) == (4, (), str(path))


@pytest.mark.parametrize("name", [*TARGET_NAMES, "Labels", "Y"])
def test_right_answers_go_by_many_names(contract: Contracts, tmp_path: Path, name: str) -> None:
    path = save(tmp_path / "samples.npz", x=PAIRS, **{name: np.array([1, 0, 2])})
    data = read_data(str(path), contract(x=("float32", 2)), what="evaluation")
    assert data.targets is not None
    assert data.targets.tolist() == [1, 0, 2]


def test_an_input_of_such_a_name_is_an_input(contract: Contracts) -> None:
    data = read_data({"y": PAIRS}, contract(y=("float32", 2)), what="evaluation")
    assert data.targets is None
    np.testing.assert_array_equal(data.inputs["y"], PAIRS)


def test_the_evaluation_of_a_trained_model_is_understood(contract: Contracts, tmp_path: Path) -> None:
    path = save(tmp_path / "evaluation.npz", **{"input/a": PAIRS, "input/b": PAIRS[:, :1], "target": np.arange(3)})
    data = read_data(path, contract(a=("float32", 2), b=("float32", 1)), what="evaluation")
    assert {name: array.shape for name, array in data.inputs.items()} == {"a": (3, 2), "b": (3, 1)}
    assert data.targets is not None
    assert data.targets.tolist() == [0, 1, 2]


def test_the_only_array_is_that_of_the_only_input(contract: Contracts, tmp_path: Path) -> None:
    path = save(tmp_path / "samples.npz", arr_0=PAIRS, y=np.arange(3))
    np.testing.assert_array_equal(read_data(path, contract(x=("float32", 2)), what="e").inputs["x"], PAIRS)


def test_of_several_arrays_none_is_guessed(contract: Contracts, tmp_path: Path) -> None:
    path = save(tmp_path / "samples.npz", x_train=PAIRS, x_test=PAIRS)
    message = refusal(path, contract(x=("float32", 2)))
    for word in ("names differ", "got:      ['x_test', 'x_train']", "expected: ['x']"):
        assert word in message


def test_a_wrong_name_among_several_shows_both_sides(contract: Contracts) -> None:
    message = refusal({"a": PAIRS, "c": PAIRS}, contract(a=("float32", 2), b=("float32", 2)))
    for word in ("calibration", "got:      ['a', 'c']", "expected: ['a', 'b']"):
        assert word in message


def test_right_answers_are_there_once(contract: Contracts, tmp_path: Path) -> None:
    path = save(tmp_path / "samples.npz", x=PAIRS, y=np.arange(3), label=np.arange(3))
    message = refusal(path, contract(x=("float32", 2)))
    for word in ("more than once", f"where:    {path}", "got:      y, label"):
        assert word in message
    assert "more than once" in refusal(({"x": PAIRS, "y": np.arange(3)}, np.arange(3)), contract(x=("float32", 2)))


def test_npy_is_the_array_of_the_only_input(contract: Contracts, tmp_path: Path) -> None:
    path = tmp_path / "samples.npy"
    np.save(path, PAIRS.astype(np.float64))
    data = read_data(path, contract(x=("float32", 2, 1)), what="calibration")
    np.testing.assert_array_equal(data.inputs["x"], PAIRS[..., np.newaxis], strict=True)
    message = refusal(path, contract(a=("float32", 2), b=("float32", 2)))
    for word in ("to which input", f"where:    {path}", "expected: samples by input name: a, b", "fix:"):
        assert word in message


@pytest.mark.parametrize("suffix", [".npz", ".npy"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not really", b"\x93NUMPY\x01\x00\xff\xff"])
def test_damaged_files_are_refused_by_name(contract: Contracts, tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"samples{suffix}"
    path.write_bytes(content)
    assert str(path) in refusal(path, contract(x=("float32", 2)))


@pytest.mark.parametrize("suffix", [".npz", ".npy"])
def test_nothing_is_unpickled(contract: Contracts, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"samples{suffix}"
    (np.save if suffix == ".npy" else np.savez)(path, np.array([print]), allow_pickle=True)
    assert str(path) in refusal(path, contract(x=("float32", 2)))


def test_an_array_and_a_pair_and_lists_are_taken(contract: Contracts) -> None:
    model = contract(x=("float32", 2))
    for given_ in (PAIRS, {"x": PAIRS}, {"x": PAIRS.tolist()}, (PAIRS, [0, 1, 2]), ({"x": PAIRS}, np.arange(3))):
        data = read_data(given_, model, what="evaluation")
        np.testing.assert_array_equal(data.inputs["x"], PAIRS, strict=True)
        assert (data.targets is not None) == isinstance(given_, tuple)


def test_right_answers_that_are_too_few_are_refused(contract: Contracts) -> None:
    with pytest.raises(SampleError, match="The calibration labels do not fit the samples"):
        read_data((PAIRS, np.arange(2)), contract(x=("float32", 2)), what="calibration")


def test_what_is_no_array_is_refused(contract: Contracts) -> None:
    message = refusal({"x": [[1.0], [1.0, 2.0]]}, contract(x=("float32", 2)))
    for word in ("not an array of numbers", "where:    arrays in memory, x", "got:      list"):
        assert word in message
