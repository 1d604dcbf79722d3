"""Every error that litefoot raises on purpose, and the exit code of each.

    LitefootError
    ├── UsageError            2   the command or call cannot be carried out as given
    │   ├── OutputExists          the output folder is there already and --force was not given
    │   ├── SampleError           samples: names, shapes, dtypes, not finite, too few
    │   └── InputMismatch         model(x): name, shape or dtype differs from the file's
    ├── MissingDependency     3   an extra is not installed
    ├── UnreadableModel       4   not a model, damaged, or not readable by this engine
    │   ├── BadDocument           a JSON document breaks its format
    │   └── UntrustedBundle       a bundle's file differs from its manifest
    └── StageFailed           5   training or conversion did not finish
        ├── TrainingFailed
        └── ConversionFailed
            ├── ConversionCrashed     the converter's process died
            └── ConversionTimedOut    the converter's process took too long

Exit code 1 is not an error: it says that something was compared and is out of tolerance. Exit code 70
is a bug in litefoot and comes with a traceback. 130 is an interrupt.
"""

from __future__ import annotations

import importlib
from types import ModuleType


class LitefootError(Exception):
    """What went wrong, where, what was found against what was expected, and what to do next.

    Args:
        what: One sentence, without a final full stop.
        where: The file, tensor, layer or option that it is about.
        got: What was found there.
        expected: What should have been there.
        fix: What the reader can do about it.
    """

    exit_code = 70

    def __init__(
        self,
        what: str,
        *,
        where: object = None,
        got: object = None,
        expected: object = None,
        fix: str | None = None,
    ) -> None:
        facts = (("where", where), ("got", got), ("expected", expected), ("fix", fix))
        lines = [what, *(f"  {name + ':':<9} {fact}" for name, fact in facts if fact is not None)]
        super().__init__("\n".join(lines))
        self.what = what


class UsageError(LitefootError):
    """The command or call cannot be carried out as given."""

    exit_code = 2


class OutputExists(UsageError):
    """The output folder is there already and overwriting was not asked for."""


class SampleError(UsageError):
    """Calibration or evaluation samples do not fit the model."""


class InputMismatch(UsageError):
    """An input's name, shape or dtype differs from what the model file takes."""


class MissingDependency(LitefootError):
    """A package of an optional extra is not installed."""

    exit_code = 3


class UnreadableModel(LitefootError):
    """A model file or bundle is not a model, is damaged, or cannot be read by its engine."""

    exit_code = 4


class BadDocument(UnreadableModel):
    """A JSON document of a bundle or trained model breaks its format."""


class UntrustedBundle(UnreadableModel):
    """A file of a bundle differs from what its manifest promises."""


class StageFailed(LitefootError):
    """Training or conversion started and did not finish."""

    exit_code = 5


class TrainingFailed(StageFailed):
    """Training did not produce a usable model."""


class ConversionFailed(StageFailed):
    """A converter refused the model or stopped with an error."""


class ConversionCrashed(ConversionFailed):
    """A converter's process died (segmentation fault, abort, out of memory)."""


class ConversionTimedOut(ConversionFailed):
    """A converter's process did not finish in its time limit."""


def require(module: str, extra: str) -> ModuleType:
    """Import a module of an optional extra.

    Args:
        module: Its dotted name, for example ``ai_edge_litert.interpreter`` or ``litefoot.train``.
        extra: The extra of litefoot that installs it.

    Returns:
        The imported module.

    Raises:
        MissingDependency: It is not installed; the message holds the pip line.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as missing:
        if not f"{module}.".startswith(f"{missing.name}."):  # something that the module itself needs
            raise
        raise MissingDependency(f"{missing.name} is not installed", fix=f'pip install "litefoot[{extra}]"') from missing


def first_line(error: BaseException) -> str:
    """The first line of a third party's message, or its type where it has none.

    Args:
        error: Any exception.

    Returns:
        One line.
    """
    return str(error).strip().split("\n", 1)[0] or type(error).__name__
