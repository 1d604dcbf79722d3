"""A finished file, tried on its engine in a worker, since an engine may crash on what a converter wrote."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

from litefoot.runtime.engines import choose, start
from litefoot.runtime.graph import read_graph
from litefoot.runtime.sequences import check_wiring
from litefoot.runtime.storage.codec import decode, encode
from litefoot.runtime.storage.files import read_arrays, sha256
from litefoot.runtime.storage.manifest import Artifact
from litefoot.runtime.streaming import run_step

from ..variants import Variant


def describe(*, variant: dict[str, Any], path: str, samples: str, state: dict[str, str]) -> Any:
    """Run a file on one sample and read from it what the manifest says about it.

    Args:
        variant: What the file was made as, encoded.
        path: The file.
        samples: ``.npz``, by input name, (samples, ...), of what one call takes.

        state: Of the contract; a file whose state cannot be carried on does not run.

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
    check_wiring(engine.inputs, engine.outputs, state, made.name)
    outputs = run_step(engine, sample, made.name)
    if state:
        run_step(engine, sample | {into: outputs[outof] for into, outof in state.items()}, made.name)
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
