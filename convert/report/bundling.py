"""What goes into a bundle beside the model files, and the description of each of them."""

from __future__ import annotations

from pathlib import Path

from litefoot.runtime.storage.bundle import MANIFEST
from litefoot.runtime.storage.codec import encode
from litefoot.runtime.storage.files import document_digest, sha256
from litefoot.runtime.storage.folder import write_json
from litefoot.runtime.storage.golden import Golden
from litefoot.runtime.storage.manifest import FileRecord, Manifest

MAX_GOLDEN_BYTES = 64 * 1024 * 1024
"""Of inputs and references together, before compression: a bundle is carried to small boards."""


def limit_golden(golden: Golden) -> Golden:
    """Keep as many of the first samples as `MAX_GOLDEN_BYTES` allow, at least one.

    Args:
        golden: Inputs, references and targets of all evaluation samples.

    Returns:
        The same, or its first part.
    """
    each = sum(array.nbytes for array in golden.to_arrays().values()) / max(len(golden), 1)
    keep = max(int(MAX_GOLDEN_BYTES / each), 1)
    return (
        golden
        if keep >= len(golden)
        else Golden(
            {name: array[:keep] for name, array in golden.inputs.items()},
            {name: array[:keep] for name, array in golden.references.items()},
            None if golden.targets is None else golden.targets[:keep],
            {name: array[:keep] for name, array in golden.compressed.items()},
        )
    )


def file_records(folder: Path) -> tuple[FileRecord, ...]:
    """Digests of every file of a bundle but its models and its manifest.

    Args:
        folder: The bundle.

    Returns:
        The records, by name.
    """
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != MANIFEST)
    return tuple(FileRecord(path.name, sha256(path)) for path in files)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Seal a manifest and write it.

    Args:
        folder: The bundle.
        manifest: Its content.
    """
    document = encode(manifest)
    write_json(folder / MANIFEST, {**document, "sha256": document_digest(document)})
