"""What the page shows beyond the report: measured when the verdicts stand, and little enough to cost no time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from litefoot.runtime.errors import LitefootError
from litefoot.runtime.model import Model
from litefoot.runtime.storage.codec import decode
from litefoot.runtime.storage.golden import Golden
from litefoot.runtime.storage.manifest import Artifact, Manifest

from ..explain import LayerError
from ..explain.artifact import EQUALISED, FLOAT, Explanation
from ..intake import Intake
from ..jobs import QUANTIZER
from ..workers.pool import Job, Workers
from .material import Material, worth_a_look
from .report import Report

_CALLS = ((0.5, 8), (3.0, 2), (10.0, 1))
"""Calls of a model to explain a file, where one takes up to so many milliseconds. It takes a run for each layer and
call on kernels ten times slower than usual; a few calls tell which layers are worst, and `litefoot explain` takes more.
"""


def gather(
    workers: Workers,
    folder: Path,
    samples: Path,
    report: Report,
    manifest: Manifest,
    golden: Golden,
    intake: Intake,
    models: Sequence[Model],
) -> Material:
    """Put together what the page is made of.

    Args:
        workers: Which explain a file.
        folder: The bundle.
        samples: The evaluation samples, ``.npz``.
        report: Every figure.
        manifest: Of the bundle.
        golden: What the files were judged on.
        intake: What went into the conversion.
        models: The files, loaded.

    Returns:
        The material.
    """
    explanations, unexplained = _explain(workers, folder, samples, report, manifest, len(golden))
    return Material(
        report=report,
        contract=manifest.contract,
        golden=golden,
        calibration=intake.calibration,
        answers={model.name: model.predict_by_name for model in models},
        explanations=explanations,
        digests={artifact.name: artifact.sha256 for artifact in manifest.artifacts}
        | {record.file: record.sha256 for record in manifest.files},
        unexplained=unexplained,
    )


def _explain(
    workers: Workers, folder: Path, samples: Path, report: Report, manifest: Manifest, count: int
) -> tuple[tuple[Explanation, ...], dict[str, str]]:
    """The files that are worth a look, and for the name of one that is left out, why."""
    explanations: list[Explanation] = []
    unexplained: dict[str, str] = {}
    artifacts = {artifact.name: artifact for artifact in manifest.artifacts}
    p50_ms = {artifact.name: artifact.p50_ms for artifact in report.artifacts}
    scaled = {
        rescue.name for rescue in report.rescues if any(remedy.startswith(EQUALISED) for remedy in rescue.remedies)
    }
    for found in worth_a_look(report):
        artifact = artifacts[found.name]
        partner = next((a for a in artifacts.values() if (a.format, a.precision) == (artifact.format, FLOAT)), None)
        if partner is None:
            continue
        if found.name in scaled:
            unexplained[found.name] = "left out, since its channels were scaled between its layers"
            continue
        calls = next((calls for most_ms, calls in _CALLS if p50_ms[partner.name] <= most_ms), None)
        if calls is None:
            unexplained[found.name] = f"left out, since this model is slow: litefoot explain --artifact {found.name}"
            continue
        try:
            value = workers.ask(_explaining(folder, partner, artifact, samples, manifest.contract.state, calls))
        except LitefootError as error:
            unexplained[found.name] = error.what
        else:
            layers = decode(tuple[LayerError, ...], value, "layers")
            evidence = f"the first of the {count} samples"
            explanations.append(Explanation(manifest.name, found.name, partner.name, evidence, layers))
    return tuple(explanations), unexplained


def _explaining(
    folder: Path, original: Artifact, quantized: Artifact, samples: Path, state: dict[str, str], calls: int
) -> Job:
    arguments = {
        "original": str(folder / original.file),
        "quantized": str(folder / quantized.file),
        "samples": str(samples),
        "state": state,
        "limit": calls,
    }
    return Job(f"the layers of {quantized.name}", "explain", arguments, lane=QUANTIZER)
