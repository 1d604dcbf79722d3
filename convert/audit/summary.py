"""The audit of all files of a conversion, and the few lines that it comes to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from litefoot.runtime.machine.fresh import sample_inputs
from litefoot.runtime.model import load

from ..compress.recipe import Compression
from .kept import Kept, asked_by, compare
from .sparse_kernels import SparseKernels, measure
from .weights import FileAudit, audit_file

TIMED = ("fp32.tflite", "int8.tflite")


@dataclass(frozen=True)
class Audit:
    """What compressed files hold, and what they gained.

    Attributes:
        files: The weights of each file.
        kept: For each file and layer what was asked of it and what it holds.
        sparse_kernels: Files timed against their dense twins; only where pruning was asked for.
    """

    files: tuple[FileAudit, ...]
    kept: tuple[Kept, ...]
    sparse_kernels: tuple[SparseKernels, ...]

    @property
    def lost(self) -> tuple[Kept, ...]:
        """What was asked for and is not there."""
        return tuple(kept for kept in self.kept if not kept.kept)


def audit_files(
    paths: Sequence[Path],
    compression: Compression,
    left: Mapping[str, Collection[str]],
    layers: Collection[str] = (),
) -> Audit:
    """Audit the files of a conversion with compression.

    Args:
        paths: The files.
        compression: What was asked for.
        left: For a step's name, the layers that it left alone.
        layers: The names of the model's layers, where they are known.

    Returns:
        The audit.

    Raises:
        UnreadableModel: A file is damaged.
        MissingDependency: A format's package is not installed.
    """
    files = tuple(audit_file(path, layers) for path in paths)
    timed = []
    if compression.prune is not None:
        for path, audit in zip(paths, files, strict=True):
            if audit.name in TIMED:
                timed.append(measure(path, audit, sample_inputs(load(path).inputs)))
    return Audit(files, compare(asked_by(compression), left, files), tuple(timed))


def told(audit: Audit) -> list[str]:
    """The audit in a few lines.

    Args:
        audit: The audit.

    Returns:
        A line for each file, one for each loss that several layers share, and one for each file timed.
    """
    lines = [
        f"{file.name} holds {file.zeros:.1%} zeros, {file.quantized:.0%} of its weights in integers,"
        f" at most {max((weight.values for weight in file.weights), default=0):,} values in a layer"
        for file in audit.files
    ]
    return [*lines, *losses(audit), *map(timed, audit.sparse_kernels)]


def losses(audit: Audit) -> list[str]:
    """What was asked for and is not there.

    Args:
        audit: The audit.

    Returns:
        A line for each cause in each file.
    """
    causes: dict[tuple[str, str, str], list[Kept]] = {}
    for lost in audit.lost:
        causes.setdefault((lost.file, lost.step, lost.reason.partition(":")[0]), []).append(lost)
    lines = []
    for (file, step, _), several in causes.items():
        first = several[0]
        others = f" and {len(several) - 1} more" if len(several) > 1 else ""
        lines.append(f"{file} lost what {step} made in {first.layer}{others}: {first.found}; {first.reason}")
    return lines


def timed(kernels: SparseKernels) -> str:
    """What the clock said of a file, in a line.

    Args:
        kernels: The times.

    Returns:
        The line.
    """
    verdict = "its zeros make it faster here" if kernels.engaged else "its zeros make it no faster here"
    figures = f"{kernels.p50_ms:.4f} ms against {kernels.dense_p50_ms:.4f} ms with the zeros filled"
    needed = f"XNNPACK's sparse kernels also need {', '.join(kernels.missing)}"
    eligible = "XNNPACK's sparse kernels may take it" if not kernels.missing else needed
    return f"{kernels.name}: {verdict}, {figures}; {eligible}"
