"""One file per engine, the same names inside. A new engine is a new file and a line in `ENGINES`."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy.typing as npt

from ..contract import TensorSpec
from ..errors import MissingDependency, UnreadableModel, UsageError

Array = npt.NDArray[Any]


class Engine(Protocol):
    """A loaded model file, in the file's own types.

    Attributes:
        name: The engine and its version, for reports.
        inputs: What the file takes.
        outputs: What it returns.
    """

    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    def __init__(self, path: Path, threads: int) -> None:
        """Load a file."""

    def run(self, arrays: Sequence[Array]) -> list[Array]:
        """Run one inference, from a fresh state.

        Args:
            arrays: One for each of `inputs`, in their order, of their shape and dtype.

        Returns:
            One for each of `outputs`, in their order; the caller's own.
        """


@dataclass(frozen=True)
class EngineChoice:
    """An engine that can be asked for by name.

    Attributes:
        name: The name to ask for it.
        suffix: The files that it reads.
        package: The importable package that it needs.
        extra: The extra of litefoot that installs that package.
    """

    name: str
    suffix: str
    package: str
    extra: str

    @property
    def installed(self) -> bool:
        """Whether its package can be found, without importing it."""
        return importlib.util.find_spec(self.package) is not None


ENGINES = (
    EngineChoice("litert", ".tflite", "ai_edge_litert", "tflite"),
    EngineChoice("onnxruntime", ".onnx", "onnxruntime", "onnx"),
)


def choose(path: Path, engine: str | None = None) -> EngineChoice:
    """Choose the engine of a file.

    Args:
        path: A ``.tflite`` or ``.onnx`` file.
        engine: The name of an engine; None for the first that reads such files and is installed.

    Returns:
        The choice.

    Raises:
        UsageError: There is no engine of that name, or it does not read such files.
        UnreadableModel: No engine reads such files.
        MissingDependency: None that reads such files is installed.
    """
    fitting = [choice for choice in ENGINES if choice.suffix == path.suffix.lower()]
    if engine is not None and engine not in [choice.name for choice in fitting]:
        raise UsageError(
            "This engine cannot run this file",
            where=path,
            got=engine,
            expected=" or ".join(choice.name for choice in fitting) or "a .tflite or .onnx file",
        )
    if not fitting:
        raise UnreadableModel("No engine reads this file", where=path, expected="a bundle folder, .tflite or .onnx")
    for choice in fitting:
        if choice.installed and engine in (None, choice.name):
            return choice
    raise MissingDependency(
        f"{fitting[0].package} is not installed",
        where=path,
        fix=f'pip install "litefoot[{fitting[0].extra}]"',
    )


def start(choice: EngineChoice, path: Path, threads: int) -> Engine:
    """Load a file into an engine.

    Args:
        choice: What `choose` returned.
        path: The file.
        threads: Threads inside one inference.

    Returns:
        The engine, ready to run.

    Raises:
        UnreadableModel: The engine refuses the file.
    """
    if choice.name == "litert":
        from .litert import LiteRT

        return LiteRT(path, threads)
    from .onnxruntime import OnnxRuntime

    return OnnxRuntime(path, threads)
