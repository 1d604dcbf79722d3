"""A bundle: model files with the proof that they agree with the full-precision model. Format: docs/bundle_format.md."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import UnreadableModel, UntrustedBundle
from ..tensors import Quantization, TensorSpec
from .files import document_digest, member, read_arrays, read_json, sha256

if TYPE_CHECKING:
    from ..contract import ModelContract
    from .golden import Golden
    from .manifest import Artifact, Manifest

VERSION = 1
MANIFEST = "manifest.json"
GOLDEN = "golden.npz"


class Loadable(NamedTuple):
    """What loading needs to know of an artifact.

    Attributes:
        name: Its name, for example ``int8.tflite``.
        file: Its path in the bundle.
        sha256: Digest of the file.
        inputs: What the file takes, in its own types.
        outputs: What it returns, in its own types.
    """

    name: str
    file: str
    sha256: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    def compare(self, inputs: tuple[TensorSpec, ...], outputs: tuple[TensorSpec, ...], path: Path) -> None:
        """Refuse a file that takes or returns something else: the bundle's tolerances would mean nothing.

        Args:
            inputs: What the file takes, as its engine says.
            outputs: What it returns.
            path: The file, for the message.

        Raises:
            UntrustedBundle: They differ from the manifest.
        """
        if (inputs, outputs) != (self.inputs, self.outputs):
            raise UntrustedBundle(
                "The model file's inputs and outputs differ from the manifest",
                where=path,
                got=_described(inputs, outputs),
                expected=_described(self.inputs, self.outputs),
            )


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
        if not path.is_dir():
            what = "A bundle is a folder, and this is a file" if path.exists() else "There is no such folder"
            raise UnreadableModel(what, where=path)
        if not (path / MANIFEST).is_file():
            several = (path / "pipeline.json").is_file()
            fix = "give the folder of one part, or load_pipeline for the whole" if several else None
            raise UnreadableModel("This folder is not a bundle", where=path, got=f"no {MANIFEST} in it", fix=fix)
        self._document = read_json(path / MANIFEST)
        _check_version(self._document, path)
        if not isinstance(self._document, dict) or self._document.get("sha256") != document_digest(self._document):
            _ = self.manifest  # a broken format is called by its name
            raise UntrustedBundle("The manifest was changed after it was written", where=path / MANIFEST)

    @cached_property
    def manifest(self) -> Manifest:
        """The whole manifest, checked field by field; only loading a model does without that."""
        from .codec import decode
        from .manifest import Manifest

        return decode(Manifest, self._document, MANIFEST)

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

    def loadable(self, name: str) -> Loadable:
        """What loading needs to know of an artifact.

        Args:
            name: For example ``int8.tflite``.

        Returns:
            Its file and tensors.

        Raises:
            UnreadableModel: The bundle has none of this name.
            BadDocument: The manifest breaks the format.
        """
        found = [entry for entry in self._loadables if entry.name == name]
        if not found:
            self.artifact(name)  # says which there are
        return found[0]

    @property
    def recommended(self) -> tuple[str, ...]:
        """Names of the artifacts that passed, the smallest first."""
        names = self._document.get("recommended")
        known = {entry.name for entry in self._loadables}
        return tuple(names) if isinstance(names, list) and known.issuperset(names) else self.manifest.recommended

    @cached_property
    def _loadables(self) -> tuple[Loadable, ...]:
        """Straight from the document: a process that answers once has no time for its other fields."""
        try:
            return tuple(_loadable(entry) for entry in self._document["artifacts"])
        except (KeyError, TypeError, AttributeError):
            artifacts = self.manifest.artifacts  # says what is wrong with it
            return tuple(Loadable(a.name, a.file, a.sha256, a.inputs, a.outputs) for a in artifacts)

    def model_path(self, artifact: Artifact | Loadable) -> Path:
        """The path of an artifact's file, after its digest was compared.

        Args:
            artifact: One of this bundle's.

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
        from .golden import Golden

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


def _loadable(entry: Any) -> Loadable:
    name, file, digest = entry["name"], entry["file"], entry["sha256"]
    if not all(isinstance(text, str) for text in (name, file, digest)):
        raise TypeError
    return Loadable(name, file, digest, _specs(entry["inputs"]), _specs(entry["outputs"]))


def _specs(entries: Any) -> tuple[TensorSpec, ...]:
    specs = []
    for entry in entries:
        quantization = entry["quantization"] and Quantization(**entry["quantization"])
        specs.append(TensorSpec(**{**entry, "shape": tuple(entry["shape"]), "quantization": quantization}))
    return tuple(specs)


def _described(*sides: tuple[TensorSpec, ...]) -> str:
    """Inputs and outputs in one line, with their steps: the quantization is part of what a file stores."""
    tensors = [
        [f"{spec} / {spec.quantization.scale:g}" if spec.quantization else str(spec) for spec in side] for side in sides
    ]
    return " -> ".join(", ".join(side) for side in tensors)
