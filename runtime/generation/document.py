"""The document of a folder with several models that work together. Format: docs/bundle_format.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from ..contract import Metric, ModelContract
from ..errors import BadDocument, UnreadableModel, UntrustedBundle
from ..sequences import fed
from ..storage.codec import encode, read_document
from ..storage.files import document_digest, member, read_arrays, read_json, sha256
from ..storage.folder import write_json
from ..storage.golden import Golden
from ..storage.manifest import FileRecord
from ..tensors import TensorSpec

DOCUMENT = "pipeline.json"
GOLDEN = "golden.npz"
"""Of a converted folder: inputs, the tokens that the float artifact generated, and the right ones."""


@dataclass(frozen=True)
class Generation:
    """How the last part, the decoder, makes a sequence of tokens.

    Attributes:
        token: Its input that takes a token.
        scores: Its output with a score for each token that may come next.
        start: The tokens that it is given first, before those of a prompt.
        end: The token that ends a sequence; None where there is none.
        most: The largest number of tokens, the end token not counted.
        method: ``greedy``, ``beam`` or ``sample``; see `litefoot.runtime.generation`.
        width: Of the beam.
        length_penalty: Of the beam.
        temperature: Of the sample.
        top_k: Of the sample; None for all tokens.
        separator: Stands between the labels of the tokens where they become a text; for characters, nothing.
    """

    token: str
    scores: str
    start: tuple[int, ...]
    end: int | None
    most: int
    method: Literal["greedy", "beam", "sample"] = "greedy"
    width: int = 4
    length_penalty: float = 0.6
    temperature: float = 1.0
    top_k: int | None = None
    separator: str = " "


@dataclass(frozen=True)
class Pipeline:
    """The content of ``pipeline.json``. Each part is a folder of its name: a TrainedModel, or, converted, a bundle.

    Parts run once each, in order, but the last: it is the decoder, which takes one token a step and whose contract has
    state. An input that is neither linked nor state is an input of the whole; a token input of a decoder that stands
    alone takes a prompt.

    Attributes:
        name: Of the whole.
        task: What it does, for example ``translation``.
        parts: Their names, in order.
        generation: How tokens are made.
        links: For an input, as ``part/input``, the output of an earlier part that it is given, as ``part/output``.
        metric: How generated tokens are compared with the right ones, ``bleu`` or ``token_match``; None where they are
            not.
        recommended: Names of the artifacts, one of which each part has, that passed in all parts and as a whole, the
            best first; empty before conversion.
        mixtures: For an artifact of the whole that not every part has, each part's own: one part's 8 bits may do where
            another's had to be rescued.
        files: Digests of every other file of a converted folder; of a part, its manifest's.
        format: Always ``litefoot-pipeline``.
        version: Of the format.
        sha256: Digest of this document without this field, as canonical JSON.
    """

    name: str
    task: str
    parts: tuple[str, ...]
    generation: Generation
    links: dict[str, str] = field(default_factory=dict)
    metric: Metric | None = None
    recommended: tuple[str, ...] = ()
    mixtures: dict[str, dict[str, str]] = field(default_factory=dict)
    files: tuple[FileRecord, ...] = ()
    format: Literal["litefoot-pipeline"] = "litefoot-pipeline"
    version: Literal[1] = 1
    sha256: str = ""

    def inputs(self, contracts: Mapping[str, ModelContract]) -> tuple[TensorSpec, ...]:
        """What the whole takes.

        Args:
            contracts: Of each part.

        Returns:
            The parts' inputs that are neither linked nor state; those of the same name once.

        Raises:
            BadDocument: A link or the generation names what no part has, or the last part has no state.
        """
        self._check(contracts)
        found = [spec for part in self.parts for spec in self.free(part, contracts[part])]
        return tuple({spec.name: spec for spec in found}.values())

    def free(self, part: str, contract: ModelContract) -> tuple[TensorSpec, ...]:
        """What one part takes of the whole's inputs.

        Args:
            part: Its name.
            contract: Its contract.

        Returns:
            Its inputs that are neither linked nor state, nor the token that the search gives.
        """
        searched = self.generation.token if part == self.parts[-1] and len(self.parts) > 1 else None
        return tuple(
            spec
            for spec in fed(contract.inputs, contract.state)
            if f"{part}/{spec.name}" not in self.links and spec.name != searched
        )

    def own(self, part: str, artifact: str) -> str:
        """What a part runs for an artifact of the whole.

        Args:
            part: Its name.
            artifact: Of the whole.

        Returns:
            The name of the part's artifact.
        """
        return self.mixtures.get(artifact, {}).get(part, artifact)

    def _check(self, contracts: Mapping[str, ModelContract]) -> None:
        inputs = {f"{part}/{spec.name}" for part in self.parts for spec in contracts[part].inputs}
        outputs = {f"{part}/{spec.name}" for part in self.parts for spec in contracts[part].outputs}
        decoder = self.parts[-1]
        wanted = {*self.links, f"{decoder}/{self.generation.token}"}
        used = {*self.links.values(), f"{decoder}/{self.generation.scores}"}
        if wanted - inputs or used - outputs or not contracts[decoder].state:
            raise BadDocument(
                "The parts do not fit together as their document says",
                where=DOCUMENT,
                got=", ".join(sorted((wanted - inputs) | (used - outputs))) or f"{decoder} without state",
                expected=f"inputs {sorted(inputs)}, outputs {sorted(outputs)}, state in the last part",
            )

    def write(self, folder: Path) -> None:
        """Seal the document and write it, with the digests of what lies in the folder.

        Args:
            folder: With the parts, and whatever else belongs to them, in it.
        """
        names = [path for path in sorted(folder.iterdir()) if path.is_file() and path.name != DOCUMENT]
        names += [folder / part / "manifest.json" for part in self.parts if (folder / part / "manifest.json").is_file()]
        files = tuple(FileRecord(path.relative_to(folder).as_posix(), sha256(path)) for path in names)
        document = encode(replace(self, files=files))
        write_json(folder / DOCUMENT, {**document, "sha256": document_digest(document)})


def is_pipeline(folder: Path) -> bool:
    """Whether a folder holds models that work together.

    Args:
        folder: Any path.

    Returns:
        Whether their document lies in it.
    """
    return (folder / DOCUMENT).is_file()


def read_golden(folder: Path) -> Golden:
    """Read the samples of a converted folder, after `read_pipeline` has compared their digest.

    Args:
        folder: The folder.

    Returns:
        Inputs, tokens and targets.

    Raises:
        UnreadableModel: There are none: the folder is not converted.
    """
    if not (folder / GOLDEN).is_file():
        raise UnreadableModel("These models are not converted", where=folder, fix="litefoot convert FOLDER --out OTHER")
    return Golden.from_arrays(read_arrays(folder / GOLDEN), GOLDEN)


def read_pipeline(folder: Path) -> Pipeline:
    """Read the document of a folder, and compare the folder's files with their digests.

    Args:
        folder: What `Pipeline.write` was given.

    Returns:
        The document.

    Raises:
        UnreadableModel: There is none, or it breaks its format.
        UntrustedBundle: It, or a file that it lists, was changed after it was written.
    """
    if not is_pipeline(folder):
        raise UnreadableModel("This folder is no pipeline of models", where=folder, got=f"no {DOCUMENT} in it")
    document = read_document(Pipeline, folder / DOCUMENT)
    if document.sha256 != document_digest(read_json(folder / DOCUMENT)):
        raise UntrustedBundle("The document was changed after it was written", where=folder / DOCUMENT)
    for record in document.files:
        path = member(folder, record.file)
        if not path.is_file() or sha256(path) != record.sha256:
            raise UntrustedBundle("A file is missing or differs from the document", where=path)
    for part in document.parts:
        if "/" in part or not member(folder, part).is_dir():
            raise UnreadableModel("A part is missing", where=folder, got=part)
    return document
