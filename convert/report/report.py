"""The report of a conversion, as data: what ``report.json`` holds and what the table shows."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from litefoot.runtime.errors import ConversionFailed
from litefoot.runtime.machine.board import cpu_name
from litefoot.runtime.storage.manifest import Manifest
from litefoot.runtime.verification.task import Status
from litefoot.runtime.verification.verdict import Verdict

from ..audit import Audit
from ..budgets.choosing import Choice
from ..intake import Intake
from ..rescue.trials import Rescue, Trial
from ..source import Description
from ..variants import Skipped
from .recommending import Offer, recommended, why_first

REPORT = "report.json"
BASELINE = "fp32.tflite"

_PACKAGES = (
    "tensorflow", "keras", "tf-keras", "tf2onnx", "onnx", "onnxruntime", "ai-edge-litert", "ai-edge-quantizer", "numpy",
)  # fmt: skip


@dataclass(frozen=True)
class ArtifactReport:
    """One artifact: what it weighs, how fast it is here, how far it drifts.

    Attributes:
        name: The artifact's name.
        bytes: Size of its file.
        gzip_bytes: Size after gzip.
        p50_ms: Median inference on this machine, one thread, called through litefoot.
        p50_ratio: That, divided by the one of ``fp32.tflite``; None without it.
        status: passed, failed or undecided.
        reason: Why it did not pass; empty when it did.
        verdict: Every check.
    """

    name: str
    bytes: int
    gzip_bytes: int
    p50_ms: float
    p50_ratio: float | None
    status: Status
    reason: str
    verdict: Verdict


@dataclass(frozen=True)
class Failure:
    """A variant that could not be made.

    Attributes:
        name: Of the variant.
        error: The type of the error, for example ``ConversionCrashed``.
        message: The whole message.
    """

    name: str
    error: str
    message: str


@dataclass(frozen=True)
class SourceReport:
    """The model that was converted.

    Attributes:
        framework: What it was made with.
        parameters: Number of weights.
        compressible: Whether pruning, clustering and quantization-aware training can be applied to it.
        bridge_error: Largest relative difference between a Keras 3 model and the Keras 2 form that was exported; None
            where the model itself was.
        notes: What a reader should know about the export.
    """

    framework: str
    parameters: int
    compressible: bool
    bridge_error: float | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """The content of ``report.json``.

    Attributes:
        format: Always ``litefoot-report``.
        version: Of the format.
        name: Of the model.
        status: failed if an artifact or a variant failed, undecided if an artifact is, else passed.
        source: The model.
        metric_value: The task's metric of the full-precision model on those samples; None without a metric.
        samples: Number of samples replayed.
        evidence: Where those samples are from.
        warnings: What looks odd about the samples.
        artifacts: In the order in which they were made.
        failures: Variants that could not be made.
        skipped: Variants that were left out.
        recommended: Names of the artifacts that passed, the smallest first, but behind them what takes more than one
            and a half times as long as the fastest float file.
        trained: Where the model came from.
        machine: Processor and package versions.
        rescues: How each mixed variant came about, and what it costs.
        trials: What was tried for them, in order.
        choice: The file that fits the budgets; None where none were given.
        audit: What the files of a compressed model hold; None without a compression.
        seconds: How long the conversion took, verification included.
    """

    format: Literal["litefoot-report"]
    version: Literal[1]
    name: str
    status: Status
    source: SourceReport
    metric_value: float | None
    samples: int
    evidence: str
    warnings: tuple[str, ...]
    artifacts: tuple[ArtifactReport, ...]
    failures: tuple[Failure, ...]
    skipped: tuple[Skipped, ...]
    recommended: tuple[str, ...]
    trained: dict[str, Any]
    machine: dict[str, Any]
    rescues: tuple[Rescue, ...] = ()
    trials: tuple[Trial, ...] = ()
    choice: Choice | None = None
    audit: Audit | None = None
    seconds: float = 0.0

    @property
    def why_recommended(self) -> str:
        """Why the first recommended artifact is that, for people; empty without one."""
        return why_first(_offers(self.artifacts)) if self.recommended else ""


def make_report(
    manifest: Manifest,
    verdicts: Sequence[Verdict],
    p50_ms: Sequence[float],
    failures: Mapping[str, ConversionFailed],
    found: Description,
    intake: Intake,
    samples: int,
) -> Report:
    """Put a conversion's figures together.

    Args:
        manifest: The bundle's, with its artifacts.
        verdicts: One for each artifact.
        p50_ms: One for each artifact, in milliseconds.
        failures: The error of each variant that could not be made.
        found: The model, as a worker found it.
        intake: What went into the conversion.
        samples: Number of samples replayed.

    Returns:
        The report.
    """
    artifacts = _artifacts(manifest, verdicts, p50_ms)
    return Report(
        format="litefoot-report",
        version=1,
        name=manifest.name,
        status=overall([artifact.status for artifact in artifacts] + ["failed" for _ in failures]),
        source=SourceReport(
            found.framework, found.parameters, found.compressible, found.bridge_error, (*found.notes, *intake.notes)
        ),
        metric_value=next((verdict.task.reference for verdict in verdicts if verdict.task is not None), None),
        samples=samples,
        evidence=intake.evidence,
        warnings=intake.warnings,
        artifacts=artifacts,
        failures=tuple(Failure(name, type(error).__name__, str(error)) for name, error in failures.items()),
        skipped=intake.skipped,
        recommended=recommended(_offers(artifacts)),
        trained=intake.provenance,
        machine={
            "cpu": cpu_name(),
            "python": platform.python_version(),
            "packages": {package: importlib.metadata.version(package) for package in _PACKAGES},
        },
    )


def _offers(artifacts: Sequence[ArtifactReport]) -> list[Offer]:
    return [Offer(each.name, each.bytes, each.p50_ms, each.status == "passed") for each in artifacts]


def _artifacts(manifest: Manifest, verdicts: Sequence[Verdict], p50_ms: Sequence[float]) -> tuple[ArtifactReport, ...]:
    times = dict(zip((artifact.name for artifact in manifest.artifacts), p50_ms, strict=True))
    baseline = times.get(BASELINE)
    return tuple(
        ArtifactReport(
            name=artifact.name,
            bytes=artifact.bytes,
            gzip_bytes=artifact.gzip_bytes,
            p50_ms=times[artifact.name],
            p50_ratio=times[artifact.name] / baseline if baseline else None,
            status=verdict.status,
            reason=verdict.reason,
            verdict=verdict,
        )
        for artifact, verdict in zip(manifest.artifacts, verdicts, strict=True)
    )


def overall(statuses: Sequence[Status]) -> Status:
    """One status over several: the worst; nothing to judge has failed.

    Args:
        statuses: Of each.

    Returns:
        failed, undecided or passed.
    """
    if not statuses or "failed" in statuses:
        return "failed"
    return "undecided" if "undecided" in statuses else "passed"
