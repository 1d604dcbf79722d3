"""The tree in the docstring is the tree in the code, and a message holds all that it was given."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest

from litefoot.runtime import errors
from litefoot.runtime.errors import LitefootError, MissingDependency, first_line, require

BRANCH = re.compile(r"^ {4}((?:[│ ] {3})*)(?:[├└]── )?([A-Z]\w+)(?: +(\d+))?")


def documented_tree() -> dict[str, tuple[str | None, int]]:
    """By class name, its parent and its exit code, as the module's docstring draws them."""
    tree: dict[str, tuple[str | None, int]] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = BRANCH.match(line)
        if not found:
            continue
        indent, name, code = found.groups()
        depth = len(indent) // 4 + ("── " in line)
        above = [*above[:depth], name]
        parent = above[depth - 1] if depth else None
        tree[name] = (parent, int(code) if code else tree[parent][1] if parent else 70)
    return tree


def classes() -> dict[str, type[LitefootError]]:
    return {
        name: thing
        for name, thing in vars(errors).items()
        if isinstance(thing, type) and thing.__module__ == errors.__name__
    }


def test_every_class_is_drawn_and_every_drawn_class_exists() -> None:
    assert documented_tree().keys() == classes().keys()
    assert len(classes()) > 10


@pytest.mark.parametrize("name", sorted(classes()))
def test_parent_and_exit_code_are_as_drawn(name: str) -> None:
    parent, code = documented_tree()[name]
    kind = classes()[name]
    assert kind.exit_code == code
    assert kind.__bases__ == ((classes()[parent],) if parent else (Exception,))


def test_the_message_holds_what_where_got_expected_and_fix() -> None:
    error = LitefootError("It broke", where="here", got=0, expected=[1, 2], fix="mend it")
    assert error.what == "It broke"
    assert str(error).splitlines() == [
        "It broke",
        "  where:    here",
        "  got:      0",
        "  expected: [1, 2]",
        "  fix:      mend it",
    ]


def test_the_message_leaves_out_what_was_not_given() -> None:
    assert str(LitefootError("It broke", got="this")).splitlines() == ["It broke", "  got:      this"]


def test_require_imports_what_is_installed() -> None:
    assert require("json.decoder", "any") is sys.modules["json.decoder"]


def test_require_names_the_pip_line_of_what_is_not() -> None:
    with pytest.raises(MissingDependency) as missing:
        require("not_there_at_all.inside", "tflite")
    assert "not_there_at_all is not installed" in str(missing.value)
    assert 'pip install "litefoot[tflite]"' in str(missing.value)


def test_require_names_what_is_missing_inside_a_package_that_is_there() -> None:
    with pytest.raises(MissingDependency, match=r"^litefoot\.not_there is not installed\n"):
        require("litefoot.not_there", "convert")


def test_require_does_not_blame_the_extra_for_what_the_package_itself_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "half_installed.py").write_text("import something_it_needs\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    with pytest.raises(ModuleNotFoundError, match="something_it_needs"):
        require("half_installed", "onnx")


@pytest.mark.parametrize(
    ("error", "line"),
    [(ValueError("one\ntwo"), "one"), (ValueError("\n  spaced \n"), "spaced"), (KeyError(), "KeyError")],
)
def test_first_line(error: Exception, line: str) -> None:
    assert first_line(error) == line
