"""What a user's code raises is told in one message with the line it is in; what ours raises stays a bug."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from litefoot.runtime.errors import SampleError, UsageError
from litefoot.train import find_recipe
from litefoot.train.fitting.user_code import in_user_code, readable

OWN = """import json
from beside import divide
class Own:
    def load(self):
        return json.loads("{")
    def build(self):
        return divide(1)
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "own.py").write_text(OWN)
    (tmp_path / "beside.py").write_text("def divide(x):\n    return x / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    spec = importlib.util.spec_from_file_location("own", tmp_path / "own.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "own", module)
    monkeypatch.delitem(sys.modules, "beside", raising=False)
    spec.loader.exec_module(module)
    return module.Own()


def test_the_deepest_line_of_the_users_is_named(own, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused, readable(own, "in load()"):
        own.load()
    assert str(refused.value).splitlines()[:3] == [
        "The recipe stops with an error in load()",
        f"  where:    {tmp_path / 'own.py'}, line 5, in load",
        "  got:      JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
    ]


def test_modules_beside_the_recipe_are_the_users_too(own, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"beside\.py, line 2, in divide"), readable(own, "in build()"):
        own.build()


def test_an_error_of_litefoots_says_enough_already(own) -> None:
    with pytest.raises(SampleError, match=r"^too few$"), readable(own, "in load()"):
        raise SampleError("too few")


def test_what_a_recipe_of_litefoots_own_raises_is_a_bug() -> None:
    with pytest.raises(ZeroDivisionError), readable(find_recipe("digits"), "in load()"):
        1 / 0  # noqa: B018


TRACED = """in user code:

    File "{own}", line 12, in augment  *
        return tf.reshape(x, [3])

    ValueError: Cannot reshape a tensor with 2 elements to shape [3]
"""
GRAPH = """Graph execution error:

Detected at node sparse/loss defined at (most recent call last):
  File "{own}", line 40, in call

Received a label value of 12 which is outside the valid range of [0, 10).  Label values: 12 3
\t [[{{{{node sparse/loss}}}}]] [Op:__inference_train_function_123]"""


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [(TRACED, "line 12, in augment", "Cannot reshape a tensor"), (GRAPH, "line 40, in call", "a label value of 12")],
)
def test_tensorflow_puts_the_place_and_the_reason_into_its_message(
    tmp_path: Path, text: str, line: str, what: str
) -> None:
    own = tmp_path / "own.py"
    own.touch()
    told = str(in_user_code(ValueError(text.format(own=own)), own, "It stops"))
    assert f"{own}, {line}" in told
    assert what in told
    assert "Graph execution" not in told
    assert "in user code" not in told


def test_a_mistake_of_syntax_is_found_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text("a = 1\nb = = 2\n")
    with pytest.raises(UsageError) as refused:
        find_recipe(str(path))
    assert f"where:    {path}, line 2" in str(refused.value)


@pytest.mark.parametrize(("text", "got"), [("x = 1", "no RECIPE"), ("RECIPE = 7", "RECIPE is a int")])
def test_a_file_without_a_recipe_is_refused(tmp_path: Path, text: str, got: str) -> None:
    path = tmp_path / "none.py"
    path.write_text(text)
    with pytest.raises(UsageError, match=got):
        find_recipe(str(path))


def test_a_recipe_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(UsageError, match="no such recipe file"):
        find_recipe("missing.py")
    with pytest.raises(UsageError, match=r"one of .*digits"):
        find_recipe("digit")
