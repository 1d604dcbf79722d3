"""A finished file, tried on its engine in a worker, since an engine may crash on what a converter wrote."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

from litefoot.runtime.casting import to_file
from litefoot.runtime.engines import choose, start
from litefoot.runtime.graph import read_graph
from litefoot.runtime.storage.codec import decode, encode
from litefoot.runtime.storage.files import read_arrays, sha256
from litefoot.runtime.storage.manifest import Artifact

from ..variants import Variant


def describe(*, variant: dict[str, Any], path: str, samples: str) -> Any:
    """Run a file on one sample and read from it what the manifest says about it.

    Args:
        variant: What the file was made as, encoded.
        path: The file.
        samples: ``.npz``, by input name, (samples, ...), of what one call takes.

    Returns:
        Its `Artifact`, encoded, without tolerances.

    Raises:
        UnreadableModel: The file does not load.
        UsageError: It does not run.
    """
    made = decode(Variant, variant, "variant")
    file = Path(path)
    engine = start(choose(file), file, threads=1)
    batch = engine.inputs[0].shape[0] or 1
    sample = {name: array[:1].repeat(batch, axis=0) for name, array in read_arrays(Path(samples)).items()}
    engine.run(to_file(engine.inputs, sample, raw=False, model=made.name))
    artifact = Artifact(
        name=made.name,
        format=made.format,
        precision=made.precision,
        file=f"models/{made.name}",
        sha256=sha256(file),
        bytes=file.stat().st_size,
        gzip_bytes=len(gzip.compress(file.read_bytes(), 9, mtime=0)),
        inputs=engine.inputs,
        outputs=engine.outputs,
        output_steps=read_graph(file).output_steps,
        tolerances={},
    )
    return encode(artifact)
