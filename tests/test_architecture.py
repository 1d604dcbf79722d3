"""The rules that every module keeps: who imports whom and how, how long things get, and what is documented."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("runtime", "train", "convert", "cli")
MAY_IMPORT = {
    "runtime": {"runtime"},
    "train": {"train", "runtime"},
    "convert": {"convert", "runtime"},
    "cli": {"cli", "train", "convert", "runtime"},
}
BUILT = tuple(f"{room}/build/" for room in ROOMS)  # the copies that `pip install ./convert` leaves there
MODULES = sorted(path.relative_to(ROOT).as_posix() for room in ROOMS for path in (ROOT / room).rglob("*.py"))
MODULES = [module for module in MODULES if not module.startswith(BUILT)]
MOST_LINES_OF_A_MODULE = 400
MOST_LINES_OF_A_FUNCTION = 60

Function = ast.FunctionDef | ast.AsyncFunctionDef


@pytest.fixture(params=MODULES)
def module(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def tree_of(module: str) -> ast.Module:
    return ast.parse((ROOT / module).read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The level (number of leading dots) and the dotted name of everything imported, inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.level, ".".join(filter(None, (node.module, alias.name)))) for alias in node.names)


def rooms_imported(tree: ast.Module) -> set[str]:
    return {name.split(".")[1] for level, name in imports(tree) if level == 0 and name.startswith("litefoot.")}


def functions(tree: ast.AST, owner: str = "") -> Iterator[tuple[str, Function, bool]]:
    """Functions and methods by qualified name, and whether a user may call them: not private, not inside another."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from functions(node, f"{owner}{node.name}.")
        elif isinstance(node, Function):
            name = f"{owner}{node.name}"
            yield name, node, not any(part.startswith("_") for part in name.split("."))
            yield from ((inner, function, False) for inner, function, _ in functions(node, f"{name}."))
        else:
            yield from functions(node, owner)


def parameters(function: Function) -> list[str]:
    given = function.args
    everything = [*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, (given.vararg, given.kwarg))]
    return [parameter.arg for parameter in everything if parameter.arg not in ("self", "cls")]


def test_the_rooms_are_found() -> None:
    assert len(MODULES) > 40


def test_inside_a_room_imports_are_relative_and_across_rooms_absolute(module: str) -> None:
    room, depth = module.split("/")[0], module.count("/")
    assert room not in rooms_imported(tree_of(module))
    for level, name in imports(tree_of(module)):
        assert level <= depth, f"{'.' * level}{name} leaves the room"
        assert name.split(".")[0] not in ROOMS or level > 0, f"{name} is not below litefoot"


def test_rooms_import_only_those_below_them(module: str) -> None:
    assert rooms_imported(tree_of(module)) <= MAY_IMPORT[module.split("/")[0]]


def test_a_module_is_short_enough_to_read(module: str) -> None:
    assert len((ROOT / module).read_text(encoding="utf-8").splitlines()) <= MOST_LINES_OF_A_MODULE


def test_a_function_is_short_enough_to_see(module: str) -> None:
    lengths = {name: (node.end_lineno or 0) - node.lineno + 1 for name, node, _ in functions(tree_of(module))}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES_OF_A_FUNCTION} == {}


def test_a_public_function_says_what_it_does_and_what_it_takes(module: str) -> None:
    """Every parameter is named in ``Args:``; a method may point to the protocol that it carries out instead."""
    lacking = []
    for name, node, public in functions(tree_of(module)):
        text = ast.get_docstring(node) or ""
        _, _, described = text.partition("Args:\n")
        documented = all(f"{parameter}:" in described for parameter in parameters(node)) or "; see `" in text
        if public and not (text and documented):
            lacking.append(name)
    assert lacking == []


def test_every_module_says_what_it_is_for(module: str) -> None:
    assert ast.get_docstring(tree_of(module))


def test_the_rules_see_what_breaks_them() -> None:
    tree = ast.parse(
        "def f():\n    import litefoot.train.data\nclass A:\n    def g(self, x): 'Do.'\n    def _h(self): pass"
    )
    assert rooms_imported(tree) == {"train"}
    assert [(name, parameters(node), public) for name, node, public in functions(tree)] == [
        ("f", [], True),
        ("A.g", ["x"], True),
        ("A._h", [], False),
    ]
