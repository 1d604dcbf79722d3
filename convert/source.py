"""What is to be converted: where the model lies and how to read it, and what a worker found when it did."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from litefoot.runtime.errors import UnreadableModel, UsageError
from litefoot.runtime.storage.trained import DOCUMENT
from litefoot.runtime.tensors import TensorSpec

Layout = Literal["keras", "hdf5", "saved_model"]

_HDF5 = b"\x89HDF\r\n\x1a\n"
_CONVERTED = (".tflite", ".onnx")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a model is to be read, where it leaves that open.

    Attributes:
        signature: The SavedModel's function to export; None for the only one.
        custom_objects: ``module:name`` of classes and functions of the user's that the model needs.
        allow_code: Whether code inside the file may run.
        shapes: For an input's name, its whole shape, batch first, where the model leaves dimensions free.
        batch: Samples that a TFLite file takes at once; None for the model's own, or one.
    """

    signature: str | None = None
    custom_objects: tuple[str, ...] = ()
    allow_code: bool = False
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    batch: int | None = None


@dataclass(frozen=True)
class CompressedForm:
    """What a compression made of a model: this is exported, and the model itself stays what is compared with.

    Attributes:
        folder: Where it is; see `litefoot.convert.compress.job`.
        one_scale: Whether weights in 8 bits have one scale for a whole layer.
        trained_tflite: Arguments of the task that makes an int8 TFLite file with the activation ranges that the model
            was trained with; None where it was trained with none.
        trained_onnx: Whether an int8 ONNX file takes them over.
    """

    folder: str
    one_scale: bool
    trained_tflite: dict[str, Any] | None
    trained_onnx: bool


@dataclass(frozen=True)
class Source(Reading):
    """A model to convert.

    Attributes:
        path: The file or folder.
        layout: ``keras``: a ``.keras`` archive; ``hdf5``: Keras's older file; ``saved_model``: TensorFlow's folder.
        compressed: What is exported in its place; None for the model itself.
    """

    path: str
    layout: Layout
    compressed: CompressedForm | None = None

    def read_as(self, reading: Reading) -> Source:
        """The same model, read in another way.

        Args:
            reading: The way; what may run here already still may.

        Returns:
            The model.
        """
        allowed = self.allow_code or reading.allow_code
        return Source(self.path, self.layout, **{**vars(reading), "allow_code": allowed})


@dataclass(frozen=True)
class Description:
    """What a worker found when it opened a source.

    Attributes:
        framework: What the model was made with, for example ``Keras 3.15.1``.
        name: The model's own.
        inputs: What it takes, batch first; None where the batch is free.
        outputs: What it returns.
        largest_tokens: For an input that an embedding reads, the largest number that it knows.
        parameters: Number of weights.
        compressible: Whether it exists as a Keras 2 model, which pruning, clustering and quantization-aware training
            need.
        bridge_error: Largest relative difference between the Keras 3 model and its Keras 2 form; None without bridge.
        notes: What a reader of the report should know about the export.
    """

    framework: str
    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    largest_tokens: dict[str, int]
    parameters: int
    compressible: bool
    bridge_error: float | None
    notes: tuple[str, ...]


def is_trained(path: Path) -> bool:
    """Whether a folder is what ``litefoot train`` wrote.

    Args:
        path: Any path.

    Returns:
        Whether the document of a TrainedModel lies in it.
    """
    return (path / DOCUMENT).is_file()


def find_layout(path: Path) -> Layout:
    """What kind of model lies at a path, by its content.

    Args:
        path: A file or folder.

    Returns:
        Its layout.

    Raises:
        UnreadableModel: There is nothing there, or nothing that can be converted.
    """
    if not path.exists():
        raise UnreadableModel("There is no such model", where=path)
    if path.is_dir():
        if (path / "saved_model.pb").is_file():
            return "saved_model"
        raise UnreadableModel(
            "This folder holds no model to convert",
            where=path,
            got=", ".join(sorted(entry.name for entry in path.iterdir())[:8]) or "nothing",
            expected=f"saved_model.pb of a SavedModel, or {DOCUMENT} that `litefoot train` writes",
        )
    if path.suffix.lower() in _CONVERTED:
        raise UnreadableModel(
            "This model is converted already",
            where=path,
            expected="a Keras model or a SavedModel",
            fix=f"litefoot inspect {path}",
        )
    with path.open("rb") as file:
        if file.read(len(_HDF5)) == _HDF5:
            return "hdf5"
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if "config.json" in archive.namelist():
                return "keras"
    raise UnreadableModel(
        "This is not a Keras model", where=path, expected="a .keras or .h5 file, a SavedModel, or a TrainedModel folder"
    )


def parse_shapes(texts: list[str]) -> dict[str, tuple[int, ...]]:
    """Read shapes as the command line gives them.

    Args:
        texts: Each ``NAME=1,128``, batch first.

    Returns:
        The shapes by input name.

    Raises:
        UsageError: One is not of that form.
    """
    shapes = {}
    for text in texts:
        name, _, sizes = text.rpartition("=")
        try:
            shape = tuple(int(size) for size in sizes.split(","))
        except ValueError:
            shape = ()
        if not name or not shape or min(shape) < 1:
            raise UsageError("A shape is an input's name and its dimensions", got=text, expected="NAME=1,128")
        shapes[name] = shape
    return shapes
