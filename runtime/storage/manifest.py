"""The content of a bundle's manifest, field by field. Format: docs/bundle_format.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ..contract import ModelContract
from ..tensors import TensorSpec
from ..verification.tolerance import Tolerance

Format = Literal["tflite", "onnx"]


@dataclass(frozen=True)
class Artifact:
    """One model file.

    Attributes:
        name: Its name, for example ``int8.tflite``.
        format: ``tflite`` or ``onnx``.
        precision: How its weights and activations are stored: fp32, fp16, dynamic, int8, int16x8, mixed.
        file: Its path in the bundle.
        sha256: Digest of the file.
        bytes: Its size.
        gzip_bytes: Its size after gzip, level 9.
        inputs: What the file takes, in its own types.
        outputs: What it returns, in its own types.
        output_steps: For an output's name, the size of one quantization step behind it, in real units.
        tolerances: For an output's name, how far it may be from the full-precision model.
    """

    name: str
    format: Format
    precision: str
    file: str
    sha256: str
    bytes: int
    gzip_bytes: int
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    output_steps: dict[str, float]
    tolerances: dict[str, Tolerance]


@dataclass(frozen=True)
class FileRecord:
    """A file of the bundle that is not a model, and its digest."""

    file: str
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """The content of ``manifest.json``.

    Attributes:
        format: Always ``litefoot-bundle``.
        version: Of the format.
        name: Of the model.
        contract: What the model promises.
        artifacts: The model files.
        recommended: Names of the artifacts that passed, the best first.
        files: Every other file.
        provenance: Where the model came from: versions, seed, digests; for people.
        sha256: Digest of this document without this field, as canonical JSON.
    """

    format: Literal["litefoot-bundle"]
    version: Literal[1]
    name: str
    contract: ModelContract
    artifacts: tuple[Artifact, ...]
    recommended: tuple[str, ...]
    files: tuple[FileRecord, ...]
    provenance: dict[str, Any]
    sha256: str = ""
