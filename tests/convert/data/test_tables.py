"""Tables of known cells: with and without a heading, with class names, for one input and for several."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from litefoot.convert.data import Data, read_data
from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import UsageError

Contracts = Callable[..., ModelContract]


@pytest.fixture
def table(tmp_path: Path) -> Callable[[str], Path]:
    def write(content: str) -> Path:
        path = tmp_path / "samples.csv"
        path.write_text(content, encoding="utf-8")
        return path

    return write


Write = Callable[[str], Path]


def refusal(path: Path, model: ModelContract) -> str:
    with pytest.raises(UsageError) as refused:
        read_data(path, model, what="calibration")
    assert refused.value.exit_code == 2
    return str(refused.value)


def targets_of(data: Data) -> list[float]:
    assert data.targets is not None
    values: list[float] = data.targets.tolist()
    return values


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    arrays.arrays("float32", (3, 4), elements=st.floats(width=32, allow_nan=False, allow_infinity=False)),
    arrays.arrays("int64", (3,)),
)
def test_what_is_written_comes_back(contract: Contracts, tmp_path: Path, x: np.ndarray, y: np.ndarray) -> None:
    path = tmp_path / "samples.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(
            [["a", "b", "label", "c", "d"], *([*r[:2], t, *r[2:]] for r, t in zip(x, y, strict=True))]
        )
    data = read_data(path, contract(x=("float32", 2, 2)), what="evaluation")
    np.testing.assert_array_equal(data.inputs["x"], x.reshape(3, 2, 2), strict=True)
    assert targets_of(data) == y.tolist()
    assert data.source == str(path)


@pytest.mark.parametrize(
    "content",
    [
        "1,2\n3,4\n",
        "a,b\n1,2\n3,4\n",
        '"a" , "b"\r\n\r\n1, 2\r\n 3,4\r\n,\r\n',
        "\ufeffa,b\n1.0,2e0\n3,4",
        "x.1,x.0\n2,1\n4,3\n",
    ],
)
def test_a_heading_is_not_required_and_white_space_is_nothing(contract: Contracts, table: Write, content: str) -> None:
    data = read_data(table(content), contract(x=("float32", 2)), what="calibration")
    assert data.inputs["x"].tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert data.targets is None


def test_columns_that_are_counted_from_zero_are_a_heading(contract: Contracts, table: Write) -> None:
    data = read_data(table("0,1,2,3\n5,6,7,8\n"), contract(x=("float32", 4)), what="calibration")
    assert data.inputs["x"].tolist() == [[5.0, 6.0, 7.0, 8.0]]
    data = read_data(table("0,1,label\n5,6,1\n"), contract(x=("float32", 2)), what="calibration")
    assert data.inputs["x"].tolist() == [[5.0, 6.0]]


@pytest.mark.parametrize("name", ["class", "Class", "target", "y_true", "LABEL"])
def test_a_column_of_right_answers_is_known_by_its_name(contract: Contracts, table: Write, name: str) -> None:
    data = read_data(table(f"a,{name},b\n1,2,3\n4,0,5\n"), contract(x=("float32", 2)), what="evaluation")
    assert data.inputs["x"].tolist() == [[1.0, 3.0], [4.0, 5.0]]
    assert targets_of(data) == [2, 0]
    assert data.targets is not None
    assert data.targets.dtype == np.int64


@pytest.mark.parametrize(
    ("known", "labels", "numbers"),
    [((), ("cat", "dog"), [1, 0, 1]), (("dog", "emu", "cat"), ("dog", "emu", "cat"), [0, 2, 0])],
)
def test_class_names_become_numbers(
    contract: Contracts, table: Write, known: tuple[str, ...], labels: tuple[str, ...], numbers: list[int]
) -> None:
    path = table("a,class\n1,dog\n2, cat\n3,dog\n")
    data = read_data(path, contract({"labels": known}, x=("float32", 1)), what="evaluation")
    assert (targets_of(data), data.labels) == (numbers, labels)


def test_several_inputs_are_told_apart_by_name(contract: Contracts, table: Write) -> None:
    path = table("b,a.1,y,a.0\n7,2,0,1\n8,4,1,3\n")
    data = read_data(path, contract(a=("float32", 2), b=("int32",)), what="evaluation")
    assert data.inputs["a"].tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert (data.inputs["b"].tolist(), data.inputs["b"].dtype) == ([7, 8], np.int32)
    assert targets_of(data) == [0, 1]


def test_a_free_dimension_takes_what_is_left(contract: Contracts, table: Write) -> None:
    data = read_data(table("1,2,3,4\n5,6,7,8\n"), contract(x=("float32", None, 2)), what="calibration")
    assert data.inputs["x"].tolist() == [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]


def test_a_limit_is_spread_over_the_rows(contract: Contracts, table: Write) -> None:
    path = table("v,y\n" + "".join(f"{row},{row}\n" for row in range(10)))
    data = read_data(path, contract(x=("float32", 1)), what="calibration", limit=4)
    assert data.inputs["x"].reshape(-1).tolist() == targets_of(data) == [0, 2, 5, 7]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", ["no rows"]),
        ("\n , \n", ["no rows"]),
        ("a,b\n", ["too few", "got:      0"]),
        ("a,b\n1,2\n3\n", ["differ in length", "line 3", "got:      1 cells", "expected: 2"]),
        ("a,b\n1,2\n3,x\n", ["not a number", "line 3, column b", "got:      x", "class names class"]),
        ("1,2\n3,\n", ["is empty", "line 2, column 2"]),
        ("a,b,y\n1,2,\n", ["is empty", "line 2, column y"]),
        ("a,b\n1,nan\n", ["not finite"]),
        ("a,b,c\n1,2,3\n", ["do not fit", "3 columns: a, b, c", "expected: 2 for x float32[?, 2]", "class or target"]),
        ("a;b\n1;2\n", ["do not fit", "fix:      separate the columns by commas"]),
        (",a,b\n0,1,2\n", ["do not fit", "index=False"]),
        ("y\n1\n", ["do not fit", "got:      0 columns"]),
        ("a,b,y,label\n1,2,3,4\n", ["more than once", "got:      y, label"]),
        ("x.0,x.2\n1,2\n", ["is missing", "got:      x.0, x.2", "x.0 to x.1"]),
        ("x.0,x.0\n1,2\n", ["there twice", "got:      x.0"]),
        ('a,b\n1,"2\n3,4\n', ["is not a number", "column b"]),
    ],
)
def test_what_does_not_fit_is_refused_by_its_place(
    contract: Contracts, table: Write, content: str, words: list[str]
) -> None:
    path = table(content)
    message = refusal(path, contract(x=("float32", 2)))
    for word in words:
        assert word in message
    assert str(path) in message or "finite" in message or "too few" in message


@pytest.mark.parametrize(
    ("content", "got"), [("a,c\n1,2\n", "got:      a, c"), ("1,2\n", "got:      2 columns without a heading")]
)
def test_columns_that_no_input_owns_are_refused(contract: Contracts, table: Write, content: str, got: str) -> None:
    message = refusal(table(content), contract(a=("float32",), b=("float32",)))
    for word in ("not named by the model's inputs", got, "expected: for each of a, b: INPUT, or INPUT.0"):
        assert word in message


def test_fractions_are_no_integers(contract: Contracts, table: Write) -> None:
    message = refusal(table("a,b\n1,2\n3,4.5\n"), contract(x=("int32", 2)))
    for word in ("would change", "line 3", "got:      4.5 in float64"):
        assert word in message


@pytest.mark.parametrize("content", [b"\xff\xfe1\x00", b'a,b\n1,"' + b"2" * 200_000])
def test_what_is_no_text_is_refused_by_name(contract: Contracts, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "samples.csv"
    path.write_bytes(content)
    message = refusal(path, contract(x=("float32", 2)))
    assert "cannot be read" in message
    assert str(path) in message
