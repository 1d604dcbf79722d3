"""What the user's own code gives: modules in the current directory, generators, data sets, and their mistakes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from litefoot.convert.data import read_data
from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import BadDocument, UsageError

Contracts = Callable[..., ModelContract]
ROW = np.array([1.0, 2.0], np.float32)


class Tensor:
    """As frameworks have them: not an array, with one inside."""

    def __init__(self, values: object) -> None:
        self._values = np.asarray(values)

    def numpy(self) -> np.ndarray:
        return self._values


class DataSet:
    """As tf.data has them: iterated anew each time, tensors inside."""

    def __init__(self, *items: object) -> None:
        self._items = items

    def __iter__(self) -> Iterator[object]:
        return iter(self._items)


class Sequence:
    """As Keras 2 has them: no more than places and a length."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, place: int) -> np.ndarray:
        if place >= len(self):
            raise IndexError
        return ROW * place


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Path]]:
    """Write the module ``its_samples`` into a new current directory."""
    monkeypatch.chdir(tmp_path)

    def write(content: str) -> Path:
        path = tmp_path / "its_samples.py"
        path.write_text(content)
        return path

    yield write
    for name in ("its_samples", "its_helper"):
        sys.modules.pop(name, None)


Write = Callable[[str], Path]


def refusal(given: Any, model: ModelContract, limit: int | None = None) -> str:
    with pytest.raises(UsageError) as refused:
        read_data(given, model, what="calibration", limit=limit)
    assert refused.value.exit_code == 2
    return str(refused.value)


def test_a_function_of_a_module_here_yields_dicts(contract: Contracts, module: Write) -> None:
    module(
        "def samples():\n"
        "    import its_helper\n"
        "    for n in range(3):\n"
        "        yield {'a': [n, its_helper.ONE], 'b': n, 'label': n % 2}\n"
    )
    Path("its_helper.py").write_text("ONE = 1.0\n")
    before = list(sys.path)
    data = read_data("its_samples:samples", contract(a=("float32", 2), b=("int32",)), what="evaluation")
    assert sys.path == before
    assert data.inputs["a"].tolist() == [[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]]
    assert (data.inputs["b"].tolist(), data.inputs["b"].dtype) == ([0, 1, 2], np.int32)
    assert data.targets is not None
    assert data.targets.tolist() == [0, 1, 0]
    assert data.source == "its_samples:samples"


def test_a_function_may_return_whole_arrays(contract: Contracts, module: Write) -> None:
    module("class Here:\n    @staticmethod\n    def samples():\n        return {'x': [[1, 2], [3, 4]]}, [0, 1]\n")
    data = read_data("its_samples:Here.samples", contract(x=("float32", 2)), what="evaluation")
    assert data.inputs["x"].tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert data.targets is not None


def test_no_more_is_asked_for_than_the_limit(contract: Contracts) -> None:
    asked: list[int] = []

    def endless() -> Iterator[np.ndarray]:
        for number in count():
            asked.append(number)
            yield ROW * number

    data = read_data(endless, contract(x=("float32", 2)), what="calibration", limit=3)
    assert data.inputs["x"].tolist() == [[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]]
    assert asked == [0, 1, 2]
    assert data.source == "endless"


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        ("def f():\n    yield 1\n    raise KeyError('gone')\n", "f", ["its_samples.py:3", "KeyError: 'gone'"]),
        ("def f():\n    import json\n    json.loads('{')\n", "f", ["its_samples.py:3", "JSONDecodeError"]),
        ("import nowhere_to_be_found\n", "f", ["its_samples.py:1", "ModuleNotFoundError"]),
        ("x = 1\ndef f(:\n", "f", ["its_samples.py:2", "SyntaxError"]),
        ("def f():\n    raise SystemExit(0)\n", "f", ["its_samples.py:2", "SystemExit: 0"]),
        ("def f():\n    raise ValueError\n", "f", ["its_samples.py:2", "got:      ValueError: ValueError"]),
        ("def f():\n    raise ValueError('one\\ntwo')\n", "f", ["got:      ValueError: one"]),
        ("def f(n):\n    yield n\n", "f", ["TypeError", "missing 1 required positional argument"]),
        ("def f():\n    pass\n", "f", ["no calibration samples", "got:      NoneType"]),
        ("f = 1\n", "f", ["no such function", "no function f in its_samples"]),
        ("", "a.b", ["no such function", "no function a.b in its_samples"]),
        ("def f():\n    return 'samples.npz'\n", "f", ["no calibration samples", "got:      str"]),
    ],
)
def test_mistakes_in_the_users_code_are_shown_with_their_place(
    contract: Contracts, module: Write, content: str, name: str, words: list[str]
) -> None:
    module(content)
    message = refusal(f"its_samples:{name}", contract(x=("float32",)))
    for word in ["its_samples", *words]:
        assert word in message
    assert "Traceback" not in message


def test_a_module_that_is_not_there_is_refused(contract: Contracts, module: Write) -> None:
    for name, got in {"its_sample:f": "its_sample", "its_sample.b:f": "its_sample"}.items():
        message = refusal(name, contract(x=("float32",)))
        for word in ("no such module", f"where:    {name}", f"got:      {got}", "fix:"):
            assert word in message
    assert "fix:      give its_samples:f" in refusal("its_samples.py:f", contract(x=("float32",)))


def test_a_file_of_such_a_name_is_a_file(contract: Contracts, module: Write) -> None:
    Path("its_samples:f").touch()
    assert "not known" in refusal("its_samples:f", contract(x=("float32",)))


def test_errors_of_litefoot_itself_stay_what_they_are(contract: Contracts) -> None:
    def broken() -> Iterator[object]:
        raise BadDocument("its own words")
        yield

    with pytest.raises(BadDocument, match="its own words"):
        read_data(broken, contract(x=("float32",)), what="calibration")


@pytest.mark.parametrize(
    "given",
    [
        [ROW, ROW * 2],
        (row for row in (ROW, ROW * 2)),
        [{"x": ROW}, {"x": ROW * 2}],
        [[1, 2], [2, 4]],
        DataSet(Tensor(ROW), Tensor(ROW * 2)),
        DataSet({"x": Tensor(ROW)}, {"x": Tensor(ROW * 2)}),
        Tensor([ROW, ROW * 2]),
        {"x": Tensor([ROW, ROW * 2])},
        lambda: iter([ROW, ROW * 2]),
        lambda: np.array([ROW, ROW * 2]),
        [(ROW,), (ROW * 2,)],
    ],
)
def test_every_shape_of_samples_in_memory_reads_the_same(contract: Contracts, given: Any) -> None:
    data = read_data(given, contract(x=("float32", 2)), what="calibration")
    np.testing.assert_array_equal(data.inputs["x"], np.array([ROW, ROW * 2]), strict=True)
    assert data.targets is None


@pytest.mark.parametrize(
    "given",
    [
        [(ROW, 0), (ROW, 2), (ROW, 1)],
        zip([ROW] * 3, [0, 2, 1], strict=True),
        DataSet(*((Tensor(ROW), Tensor(number)) for number in (0, 2, 1))),
        DataSet(*(({"x": Tensor(ROW)}, Tensor(number)) for number in (0, 2, 1))),
        [{"x": ROW, "y": number} for number in (0, 2, 1)],
        (Tensor([ROW] * 3), Tensor([0, 2, 1])),
    ],
)
def test_right_answers_come_along(contract: Contracts, given: Any) -> None:
    data = read_data(given, contract(x=("float32", 2)), what="evaluation")
    assert data.targets is not None
    assert data.targets.tolist() == [0, 2, 1]


def test_right_answers_may_be_class_names(contract: Contracts) -> None:
    data = read_data([(ROW, "dog"), (ROW, "cat")], contract(x=("float32", 2)), what="evaluation")
    assert data.targets is not None
    assert (data.targets.tolist(), data.labels) == ([1, 0], ("cat", "dog"))


def test_what_has_places_and_no_iterator_is_iterated(contract: Contracts) -> None:
    data = read_data(Sequence(), contract(x=("float32", 2)), what="calibration")
    assert data.inputs["x"].tolist() == [[0.0, 0.0], [1.0, 2.0]]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], ["too few", "got:      0"]),
        ([ROW, ROW[:1]], ["list, sample 1", "got:      [1]", "expected: [2]"]),
        ([ROW[np.newaxis]], ["sample 0", "got:      [1, 2]", "without a batch axis", ".unbatch()"]),
        ([[ROW[np.newaxis]]], ["sample 0", "got:      [1, 1, 2]", "without a batch axis"]),
        ([{"x": ROW, "z": ROW}], ["names differ", "sample 0", "got:      ['x', 'z']", "expected: ['x']"]),
        ([{"x": ROW, "y": 0}, {"x": ROW}], ["1 right answers for 2 samples"]),
        ([(ROW, 0), (ROW, [0, 1])], ["differ in shape", "got:      [(), (2,)]"]),
        ([(ROW, 0, 1.0)], ["tuple of too many", "got:      3", "(inputs, right answer)"]),
        ([({"x": ROW, "y": 0}, 0)], ["more than once"]),
        ([["a", "b"]], ["not numbers", "sample 0", "<U1"]),
        ([[[1.0], [1.0, 2.0]]], ["not an array", "sample 0, x", "got:      list"]),
        ([ROW * np.nan], ["not finite"]),
        (1, ["no calibration samples", "got:      int"]),
        (None, ["no calibration samples", "got:      NoneType"]),
    ],
)
def test_samples_that_do_not_fit_are_refused_by_their_number(contract: Contracts, given: Any, words: list[str]) -> None:
    message = refusal(given, contract(x=("float32", 2)))
    for word in words:
        assert word in message


def test_batches_without_a_channel_axis_are_recognised_too(contract: Contracts) -> None:
    message = refusal([np.zeros((5, 2, 3))], contract(x=("float32", 2, 3, 1)))
    for word in ("got:      [5, 2, 3]", "expected: [2, 3, 1]", "without a batch axis"):
        assert word in message


def test_a_plain_array_is_not_for_several_inputs(contract: Contracts) -> None:
    message = refusal([ROW], contract(a=("float32", 2), b=("float32", 2)))
    for word in ("to which input", "list, sample 0", "a, b"):
        assert word in message
