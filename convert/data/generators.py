"""Samples that the user's own code yields: a function of a module, a generator, a data set that is iterated."""

from __future__ import annotations

import importlib
import re
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from litefoot.runtime.errors import LitefootError, SampleError, UsageError, first_line

from .fitting import Stack, fit_axis
from .samples import Array, Data, Wanted, plain, sort_out

_NAME = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_END = object()


def is_function_name(text: str) -> bool:
    """Whether this is written as ``module:function``.

    Args:
        text: What the user gave.

    Returns:
        Whether it is.
    """
    return _NAME.fullmatch(text) is not None


def find_function(name: str) -> Callable[[], Any]:
    """Import a function.

    Args:
        name: ``module:function``, found as Python finds modules.

    Returns:
        The function.

    Raises:
        UsageError: There is no such module or function, or importing it failed.
    """
    module_name, _, path = name.partition(":")
    if module_name.endswith(".py"):
        raise UsageError("This is a file, not a module", got=module_name, fix=f"give {module_name[:-3]}:{path}")
    importlib.invalidate_caches()
    found: Any = None
    with user_code(name):
        try:
            found = importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
                raise
            raise UsageError(
                "There is no such module", where=name, got=error.name, fix="run in the folder that holds it"
            ) from error
    for part in path.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        raise UsageError("There is no such function", where=name, got=f"no function {path} in {module_name}")
    return found  # type: ignore[no-any-return]  # a user's function can return anything


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Let modules of a folder be imported, also by code that runs later in the block.

    Args:
        folder: The folder.

    Yields:
        Nothing.
    """
    entry = str(folder)
    sys.path.insert(0, entry)
    try:
        yield
    finally:
        if entry in sys.path:
            sys.path.remove(entry)


@contextmanager
def user_code(source: str) -> Iterator[None]:
    """Turn whatever the user's code raises into a message that says where.

    Args:
        source: What is being read.

    Yields:
        Nothing.

    Raises:
        SampleError: The code in the block raised, or asked the interpreter to exit.
    """
    try:
        yield
    except LitefootError:
        raise
    except (Exception, SystemExit) as error:
        raise SampleError(
            f"The code that gives the samples failed: {source}",
            where=_place(error),
            got=f"{type(error).__name__}: {first_line(error)}",
        ) from error


def _place(error: BaseException) -> str | None:
    """File and line: the innermost of the user's own code, else of a package."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    packages = tuple(sysconfig.get_path(kind) for kind in ("stdlib", "purelib", "platlib"))
    here = str(Path(__file__).parent)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(here)]
    own = [frame for frame in frames if not frame.filename.startswith((*packages, "<frozen"))]
    return next((f"{frame.filename}:{frame.lineno}" for frame in reversed(own or frames)), None)


def from_samples(given: Iterable[Any], wanted: Wanted, source: str) -> Data:
    """Collect samples one by one.

    Args:
        given: What yields samples: an array for a model with one input; a dict of arrays by input name, also with a
            right answer under one of `TARGET_NAMES`; or a tuple of such inputs and their right answer. All of them
            without a batch axis; tensors with ``.numpy()`` are arrays.
        wanted: By which model; no more samples than its limit are asked for.
        source: What it was read from.

    Returns:
        The samples in the model's dtype.

    Raises:
        UsageError: Arrays without names were given for several inputs.
        SampleError: The code of the user raised, or a sample does not fit.
    """
    stacks: dict[str, Stack] = {}
    answers: list[Array | None] = []
    for number, item in enumerate(islice(_items(given, source), wanted.limit)):
        where = f"{source}, sample {number}"
        inputs, answer = _sample(item, wanted, where)
        _check_names(inputs, wanted, where)
        stacks = stacks or _stacks({name: sample[np.newaxis] for name, sample in inputs.items()}, wanted)
        for name, sample in inputs.items():
            stacks[name].add(sample, where, _fix(sample, wanted, name))
        answers.append(answer)
    arrays = {name: stack.array() for name, stack in (stacks or _stacks({}, wanted)).items()}
    return Data(arrays, _stack_answers(answers, source), source=source)


def _stacks(first: Mapping[str, Array], wanted: Wanted) -> dict[str, Stack]:
    return {name: Stack(spec, wanted.what) for name, spec in wanted.specs_of(first).items()}


def _items(given: Iterable[Any], source: str) -> Iterator[Any]:
    with user_code(source):
        iterator = iter(given)
    while True:
        with user_code(source):
            item = next(iterator, _END)
        if item is _END:
            return
        yield item


def _sample(item: object, wanted: Wanted, where: str) -> tuple[dict[str, Array], Array | None]:
    """The inputs by name, and the right answer if there is one."""
    given, *rest = item if isinstance(item, tuple) else (item,)
    if len(rest) > 1:
        raise SampleError(
            "This sample is a tuple of too many", where=where, got=len(rest) + 1, expected="(inputs, right answer)"
        )
    named = given if isinstance(given, Mapping) else {wanted.only_input(where).name: given}
    arrays = {str(name): plain(value, f"{where}, {name}") for name, value in named.items()}
    inputs, answer = sort_out(arrays, wanted, where)
    if rest and answer is not None:
        raise SampleError("This sample holds the right answer more than once", where=where)
    return inputs, plain(rest[0], f"{where}, right answer") if rest else answer


def _check_names(inputs: Mapping[str, Array], wanted: Wanted, where: str) -> None:
    if inputs.keys() != wanted.specs.keys():
        raise SampleError(
            f"This {wanted.what} sample's input names differ from the model's",
            where=where,
            got=sorted(inputs),
            expected=sorted(wanted.specs),
        )


def _fix(sample: Array, wanted: Wanted, name: str) -> str | None:
    """What to do about batches."""
    spec = wanted.specs[name]
    batched = sample.ndim >= len(spec.shape) or spec.accepts(fit_axis(sample, spec).shape)
    return "give one sample at a time, without a batch axis; of a tf.data.Dataset, .unbatch()" if batched else None


def _stack_answers(answers: list[Array | None], source: str) -> Array | None:
    present = [answer for answer in answers if answer is not None]
    if not present:
        return None
    if len(present) < len(answers):
        raise SampleError(
            "Some samples have a right answer and some have not",
            where=source,
            got=f"{len(present)} right answers for {len(answers)} samples",
        )
    shapes = {answer.shape for answer in present}
    if len(shapes) > 1:
        raise SampleError("The right answers differ in shape", where=source, got=sorted(shapes))
    return np.stack(present)
