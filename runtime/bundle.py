"""A bundle: model files with the proof that they agree with the full-precision model. Format: docs/bundle_format.md."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .codec import decode, encode, read_json
from .contract import ModelContract
from .errors import BadDocument, UnreadableModel, UntrustedBundle
from .files import member, new_sha256, read_arrays, sha256
from .tensors import TensorSpec
from .verification.tolerance import Tolerance

if TYPE_CHECKING:
    import numpy.typing as npt

FORMAT = "litefoot-bundle"
VERSION = 1
MANIFEST = "manifest.json"
GOLDEN = "golden.npz"

Format = Literal["tflite", "onnx"]


@dataclass(frozen=True)
class Artifact:
    """One model file.

    Attributes:
        name: Its name, for example ``int8.tflite``.
        format: ``tflite`` or ``onnx``.
        precision: How its weights and activations are stored: fp32, fp16, dynamic, int8.
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
        recommended: Names of the artifacts that passed, the smallest first.
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

    def sealed(self) -> Manifest:
        """The same manifest with the digest of its content."""
        return replace(self, sha256=_digest(encode(self)))


@dataclass(frozen=True)
class Golden:
    """Samples and what the full-precision model answers to them.

    Attributes:
        inputs: By input name, float32 or integer, (samples, ...).
        references: By output name, the full-precision model's answer, (samples, ...).
        targets: The right answer for each sample, (samples,) for classes; None without labels.
    """

    inputs: dict[str, npt.NDArray[Any]]
    references: dict[str, npt.NDArray[Any]]
    targets: npt.NDArray[Any] | None = None

    def __len__(self) -> int:
        return min((len(array) for array in (*self.inputs.values(), *self.references.values())), default=0)

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays of ``golden.npz`` by their names there."""
        arrays = {f"input/{name}": array for name, array in self.inputs.items()}
        arrays |= {f"reference/{name}": array for name, array in self.references.items()}
        return arrays if self.targets is None else {**arrays, "target": self.targets}

    @classmethod
    def from_arrays(cls, arrays: dict[str, npt.NDArray[Any]], where: str) -> Golden:
        """Read what `to_arrays` gave.

        Args:
            arrays: By name.
            where: The file, for messages.

        Returns:
            The golden samples.

        Raises:
            BadDocument: A name is unknown, or the arrays hold different numbers of samples.
        """
        parts: dict[str, dict[str, npt.NDArray[Any]]] = {"input": {}, "reference": {}, "target": {}}
        for name, array in arrays.items():
            part, _, rest = name.partition("/")
            if part not in parts or array.ndim == 0 or (part == "target") != (rest == ""):
                raise BadDocument("Golden samples break their format", where=where, got=name)
            parts[part][rest] = array
        counts = {name: len(array) for name, array in arrays.items()}
        if len(set(counts.values())) > 1:
            raise BadDocument("Golden arrays hold different numbers of samples", where=where, got=counts)
        return cls(parts["input"], parts["reference"], parts["target"].get(""))


class Bundle:
    """A bundle on disk. What it hands out has been compared with its digest.

    Args:
        path: The folder.

    Raises:
        UnreadableModel: There is no bundle there, or its manifest breaks the format.
        UntrustedBundle: The manifest was changed after it was written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not (path / MANIFEST).is_file():
            raise UnreadableModel("This folder is not a bundle", where=path, got=f"no {MANIFEST} in it")
        document = read_json(path / MANIFEST)
        _check_version(document, path)
        self.manifest = decode(Manifest, document, MANIFEST)
        if self.manifest.sha256 != _digest(document):
            raise UntrustedBundle("The manifest was changed after it was written", where=path / MANIFEST)

    @property
    def contract(self) -> ModelContract:
        """What the model promises."""
        return self.manifest.contract

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """The model files, in the order in which they were made."""
        return self.manifest.artifacts

    def artifact(self, name: str) -> Artifact:
        """The artifact of this name.

        Args:
            name: For example ``int8.tflite``.

        Returns:
            The artifact.

        Raises:
            UnreadableModel: The bundle has none of this name.
        """
        for artifact in self.artifacts:
            if artifact.name == name:
                return artifact
        raise UnreadableModel(
            "This bundle has no such artifact",
            where=self.path,
            got=name,
            expected=f"one of {', '.join(artifact.name for artifact in self.artifacts)}",
        )

    def model_path(self, artifact: Artifact) -> Path:
        """The path of an artifact's file, after its digest was compared.

        Args:
            artifact: One of `artifacts`.

        Returns:
            The file.

        Raises:
            UntrustedBundle: The file is missing or differs from the manifest.
        """
        return self._checked(artifact.file, artifact.sha256)

    def golden(self) -> Golden:
        """The golden samples, after their digest was compared.

        Returns:
            Inputs, reference outputs and targets.

        Raises:
            UntrustedBundle: The file is missing or differs from the manifest.
            UnreadableModel: It is not a file of arrays.
        """
        path = self.file(GOLDEN)
        return Golden.from_arrays(read_arrays(path), GOLDEN)

    def file(self, name: str) -> Path:
        """The path of any other file of the bundle, after its digest was compared.

        Args:
            name: As the manifest names it, for example ``report.json``.

        Returns:
            The file.

        Raises:
            UntrustedBundle: It is not listed, missing, or differs from the manifest.
        """
        for record in self.manifest.files:
            if record.file == name:
                return self._checked(name, record.sha256)
        raise UntrustedBundle("The manifest does not list this file", where=self.path, got=name)

    def check(self) -> None:
        """Compare every file with its digest.

        Raises:
            UntrustedBundle: A file is missing or differs from the manifest.
        """
        for artifact in self.artifacts:
            self.model_path(artifact)
        for record in self.manifest.files:
            self._checked(record.file, record.sha256)

    def _checked(self, name: str, expected: str) -> Path:
        path = member(self.path, name)
        if not path.is_file():
            raise UntrustedBundle("A file of the bundle is missing", where=path)
        if (got := sha256(path)) != expected:
            raise UntrustedBundle(
                "A file of the bundle was changed after it was written",
                where=path,
                got=f"sha256 {got[:16]}...",
                expected=f"sha256 {expected[:16]}...",
                fix="copy the bundle again, or convert again",
            )
        return path


def _check_version(document: Any, path: Path) -> None:
    """Say plainly that a bundle is newer than this litefoot, before its new fields are found to be unknown."""
    version = document.get("version") if isinstance(document, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise UnreadableModel(
            "This bundle was written by a newer litefoot",
            where=path,
            got=f"format version {version}",
            expected=f"at most {VERSION}",
            fix="pip install --upgrade litefoot",
        )


def _digest(document: dict[str, Any]) -> str:
    content = {key: value for key, value in document.items() if key != "sha256"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    digest = new_sha256()
    digest.update(text.encode())
    return str(digest.hexdigest())
