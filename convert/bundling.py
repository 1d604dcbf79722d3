"""What goes into a bundle beside the model files, and the description of each of them."""

from __future__ import annotations

import gzip
from pathlib import Path

from litefoot.runtime.casting import to_file
from litefoot.runtime.contract import ModelContract
from litefoot.runtime.engines import choose, start
from litefoot.runtime.graph import read_graph
from litefoot.runtime.storage.bundle import MANIFEST
from litefoot.runtime.storage.codec import encode
from litefoot.runtime.storage.files import sha256
from litefoot.runtime.storage.folder import write_json
from litefoot.runtime.storage.golden import Golden
from litefoot.runtime.storage.manifest import Artifact, FileRecord, Manifest
from litefoot.runtime.verification.tolerance import default_tolerance

from .variants import Variant

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
        )
    )


def describe_artifact(folder: Path, variant: Variant, contract: ModelContract, golden: Golden) -> Artifact:
    """Read from a finished file what the manifest says about it.

    Args:
        folder: The bundle.
        variant: What the file was made as.
        contract: What the model promises.
        golden: The reference outputs, whose span the tolerances follow.

    Returns:
        The artifact.

    Raises:
        UnreadableModel: The file does not load.
        UsageError: It does not run.
    """
    path = folder / "models" / variant.name
    engine = start(choose(path), path, threads=1)
    sample = {name: array[:1] for name, array in golden.inputs.items()}
    engine.run(to_file(engine.inputs, sample, raw=False, model=variant.name))
    content = path.read_bytes()
    return Artifact(
        name=variant.name,
        format=variant.format,
        precision=variant.precision,
        file=f"models/{variant.name}",
        sha256=sha256(path),
        bytes=len(content),
        gzip_bytes=len(gzip.compress(content, 9, mtime=0)),
        inputs=engine.inputs,
        outputs=engine.outputs,
        output_steps=read_graph(path).output_steps,
        tolerances={
            spec.name: default_tolerance(variant.precision, spec.kind, golden.references[spec.name])
            for spec in contract.outputs
        },
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
    write_json(folder / MANIFEST, encode(manifest.sealed()))
