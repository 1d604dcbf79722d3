"""What the code of a user's recipe raises, as a message with its place instead of a traceback through Keras."""

from __future__ import annotations

import inspect
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from litefoot.runtime.errors import LitefootError, UsageError

_TRACED = re.compile(r'File "([^"]+)", line (\d+), in (\w+)')
_OURS = "litefoot."


@contextmanager
def readable(recipe: object, doing: str) -> Iterator[None]:
    """Turn what a recipe of the user's raises into a message; what one of litefoot's own raises is a bug and stays.

    Args:
        recipe: Whose code runs in the block.
        doing: What it is doing there.

    Yields:
        Nothing.

    Raises:
        UsageError: The user's code raised something else than an error of litefoot's.
    """
    try:
        yield
    except LitefootError:
        raise
    except Exception as error:
        if type(recipe).__module__.startswith(_OURS):
            raise
        raise in_user_code(
            error, Path(inspect.getfile(type(recipe))), f"The recipe stops with an error {doing}"
        ) from error


def in_user_code(error: Exception, file: Path, what: str) -> UsageError:
    """What was raised, and where in the user's code.

    Args:
        error: What was raised.
        file: The user's; modules beside it are theirs too.
        what: What went wrong.

    Returns:
        The message.
    """
    return UsageError(what, where=_place(error, file), got=f"{type(error).__name__}: {_essence(error)}")


def _place(error: Exception, file: Path) -> str:
    """The deepest line of the user's; TensorFlow runs copies of what it traces and names the originals in messages."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}, line {error.lineno}"
    frames = [(frame.filename, frame.lineno, frame.name) for frame in traceback.extract_tb(error.__traceback__)]
    frames += [(name, int(line), function) for name, line, function in _TRACED.findall(str(error))]
    folder = str(file.resolve().parent)
    own = [
        frame
        for frame in frames
        if str(Path(frame[0]).resolve()).startswith(folder) and "/site-packages/" not in frame[0]
    ]
    if not own:
        return str(file)
    name, line, function = own[-1]
    return f"{name}, line {line}" + (f", in {function}" if function != "<module>" else "")


def _essence(error: Exception) -> str:
    """The line that says it: the first, or the last where TensorFlow puts the traceback into the message."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip() and not line.lstrip().startswith("[[")]
    if not lines:
        return "no message"
    chosen = lines[-1] if lines[0].startswith(("in user code", "Graph execution error")) else lines[0]
    return chosen.removeprefix(f"{type(error).__name__}: ")
