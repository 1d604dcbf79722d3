"""Make a changed bundle consistent again, so that only what it computes can give the change away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from litefoot.convert.report.bundling import file_records, write_manifest
from litefoot.runtime.storage.bundle import Bundle
from litefoot.runtime.storage.files import sha256
from litefoot.runtime.storage.manifest import Artifact


def reseal(folder: Path, change: Callable[[Artifact], Artifact] = lambda artifact: artifact) -> None:
    """Write the digests of the files as they are now into the manifest, and what `change` makes of each artifact."""
    manifest = Bundle(folder).manifest
    artifacts = tuple(
        change(replace(artifact, sha256=sha256(folder / artifact.file))) for artifact in manifest.artifacts
    )
    write_manifest(folder, replace(manifest, artifacts=artifacts, files=file_records(folder)))
