"""One file per engine, the same names inside. A new engine is a new file and a line in `ENGINES`."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ..errors import MissingDependency, UnreadableModel, UsageError
from ..tensors import TensorSpec

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]


class Engine(Protocol):
    """A loaded model file, in the file's own types. Not for several threads at once; `Model` sees to that.

    Attributes:
        name: The engine and its version, for reports.
        inputs: What the file takes.
        outputs: What it returns.
    """

    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    def __init__(self, path: Path, threads: int, batch: int | None = None) -> None:
        """Load a file.

        Args:
            path: The file.
            threads: Threads inside one inference.
            batch: Resize the first dimension of every input to this; None leaves the file as it is.

        Raises:
            UnreadableModel: The engine refuses the file, or the file cannot be resized.
        """

    def run(self, arrays: Sequence[Array]) -> list[Array]:
        """Run one inference, from the state in which the last one ended.

        Args:
            arrays: One for each of `inputs`, in their order, of their shape and dtype.

        Returns:
            One for each of `outputs`, in their order; the caller's own.
        """

    def run_into(self, arrays: Sequence[Array], out: Sequence[Array]) -> None:
        """The same, with the outputs written into the caller's arrays.

        Args:
            arrays: As for `run`.
            out: One for each of `outputs`, of its shape and dtype, contiguous.
        """

    def reset(self) -> None:
        """Set the state that the file keeps between inferences to zero, if it keeps any."""

    def shortcut(self) -> Callable[[Array], Array]:
        """The shortest way through a file with one input and one output, from a zero state.

        Returns:
            A function from the input to the output. What it raises for an input that does not fit is the engine's own.
        """


class EngineChoice(NamedTuple):
    """An engine that can be asked for by name.

    Attributes:
        name: The name to ask for it.
        suffix: The files that it reads.
        package: The importable package that it needs.
        extra: The extra of litefoot that installs that package.
        module: Its file in this folder.
        type: Its class in that file.
    """

    name: str
    suffix: str
    package: str
    extra: str
    module: str
    type: str

    @property
    def installed(self) -> bool:
        """Whether its package can be found, without importing it."""
        return importlib.util.find_spec(self.package) is not None


ENGINES = (
    EngineChoice("litert", ".tflite", "ai_edge_litert", "tflite", ".litert", "LiteRT"),
    EngineChoice("tflite-runtime", ".tflite", "tflite_runtime", "tflite-runtime", ".tflite_runtime", "TFLiteRuntime"),
    EngineChoice("onnxruntime", ".onnx", "onnxruntime", "onnx", ".onnxruntime", "OnnxRuntime"),
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
    asked = [choice for choice in fitting if engine in (None, choice.name)]
    for choice in asked:
        if choice.installed:
            return choice
    raise MissingDependency(
        f"{asked[0].package} is not installed", where=path, fix=f'pip install "litefoot[{asked[0].extra}]"'
    )


def start(choice: EngineChoice, path: Path, threads: int, batch: int | None = None) -> Engine:
    """Load a file into an engine.

    Args:
        choice: What `choose` returned.
        path: The file.
        threads: Threads inside one inference.
        batch: Resize the first dimension of every input to this; None leaves the file as it is.

    Returns:
        The engine, ready to run.

    Raises:
        UnreadableModel: The engine refuses the file, or the file cannot be resized.
    """
    module = importlib.import_module(choice.module, __package__)
    engine: Engine = getattr(module, choice.type)(path, threads, batch)
    return engine
