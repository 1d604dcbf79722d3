"""From a trained model to a verified bundle: make the files, replay each on its engine, write verdict and bundle."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy.typing as npt

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import ConversionFailed, UnreadableModel, UsageError, require
from litefoot.runtime.machine.bench import latencies
from litefoot.runtime.model import Model, load
from litefoot.runtime.storage.bundle import Bundle
from litefoot.runtime.storage.codec import encode
from litefoot.runtime.storage.files import read_arrays
from litefoot.runtime.storage.folder import check_free, new_folder, write_arrays, write_json
from litefoot.runtime.storage.golden import Golden
from litefoot.runtime.storage.manifest import Artifact, Manifest
from litefoot.runtime.storage.trained import CALIBRATION, MODEL, TrainedModel, read_trained
from litefoot.runtime.verification.tolerance import CLASS_KINDS
from litefoot.runtime.verification.verdict import Verdict

from .bundling import describe_artifact, file_records, limit_golden, write_manifest
from .isolation import Job, Workers
from .report import REPORT, Report, make_report
from .report_page import write_page
from .samples import check_samples, check_targets
from .variants import Variant, choose_variants

Arrays = dict[str, npt.NDArray[Any]]
Progress = Callable[[str, int, int], None]
"""Called with what was just done, the steps done, and all steps."""

REFERENCE = "reference"
MIN_CALIBRATION_SAMPLES = 10
LATENCY_SECONDS = 2.0

_NEEDED = ("tensorflow", "tf_keras", "tf2onnx", "onnx", "onnxruntime", "ai_edge_litert", "jinja2", "matplotlib")


@dataclass(frozen=True)
class Conversion:
    """What a conversion ended with.

    Attributes:
        bundle: The folder.
        report: What is also in its ``report.json``.
    """

    bundle: Path
    report: Report


def convert(
    source: str | Path,
    *,
    out: str | Path,
    variants: Sequence[str] | None = None,
    force: bool = False,
    time_limit: float = 600.0,
    progress: Progress | None = None,
) -> Conversion:
    """Convert a trained model to a verified bundle.

    Args:
        source: A TrainedModel folder.
        out: The bundle to write.
        variants: Names of `VARIANTS`; None for all.
        force: Replace `out`.
        time_limit: For each conversion, in seconds.
        progress: Called as the work proceeds.

    Returns:
        The bundle and its report. Artifacts that missed their tolerance are in it, marked so; variants that could not
        be made are listed in the report.

    Raises:
        UsageError: The source's samples do not fit, a variant is not known, or `out` cannot be written.
        UnreadableModel: The source is not a TrainedModel folder.
        MissingDependency: The extra ``convert`` is not installed.
        ConversionFailed: The model itself could not be run, or no variant could be made.
    """
    begin = time.perf_counter()
    source, out = Path(source), Path(out)
    chosen = choose_variants(variants)
    if not time_limit > 0:
        raise UsageError("A time limit is a number of seconds above zero", got=time_limit)
    check_free(out, force=force)
    document, calibration, evaluation, targets = read_trained(source)
    _check(document, calibration, evaluation, targets)
    _require_converters()
    steps = _Steps(progress, len(chosen) * 2 + 2)
    with new_folder(out, force=force) as folder, tempfile.TemporaryDirectory() as scratch:
        failures = _make_files(source, document, evaluation, chosen, folder, Path(scratch), time_limit, steps)
        references = read_arrays(Path(scratch) / "references.npz")
        golden = limit_golden(Golden(evaluation, references, targets))
        made = [variant for variant in chosen if variant.name not in failures]
        artifacts = _describe(folder, made, document.contract, golden, failures)
        manifest = _write_bundle(folder, document, artifacts, golden)
        report = _verify(folder, golden, document, failures, steps)
        report = replace(report, seconds=time.perf_counter() - begin)
        _finish(folder, manifest, report)
        steps.done("report")
    return Conversion(out, report)


class _Steps:
    """Counts the steps done, from several threads, and tells whoever watches."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._count = 0
        self._total = total
        self._lock = threading.Lock()

    def done(self, what: str) -> None:
        with self._lock:
            self._count += 1
            if self._progress is not None:
                self._progress(what, self._count, self._total)


def _check(document: TrainedModel, calibration: Arrays, evaluation: Arrays, targets: npt.NDArray[Any] | None) -> None:
    contract = document.contract
    check_samples(calibration, contract.inputs, what="calibration", at_least=MIN_CALIBRATION_SAMPLES)
    check_samples(evaluation, contract.inputs, what="evaluation", at_least=1)
    scores = next((spec for spec in contract.outputs if spec.kind in CLASS_KINDS), None)
    if contract.metric is not None and scores is None:
        raise UsageError(
            "The contract's metric needs an output of classes",
            got=", ".join(f"{spec.name}: {spec.kind}" for spec in contract.outputs),
            expected=f"one of the kind {' or '.join(CLASS_KINDS)}",
        )
    if targets is not None:
        classes = scores.shape[-1] if scores is not None and contract.metric is not None else None
        check_targets(targets, min(len(array) for array in evaluation.values()), classes)


def _require_converters() -> None:
    """Say at once what is missing, without importing TensorFlow into this process."""
    from importlib.util import find_spec

    for module in _NEEDED:
        if find_spec(module) is None:
            require(module, "convert")


def _make_files(
    source: Path,
    document: TrainedModel,
    evaluation: Arrays,
    variants: Sequence[Variant],
    folder: Path,
    scratch: Path,
    time_limit: float,
    steps: _Steps,
) -> dict[str, ConversionFailed]:
    """Make the model files and the reference outputs in workers; what failed, by variant."""
    models = folder / "models"
    models.mkdir()
    samples = scratch / "evaluation.npz"
    write_arrays(samples, evaluation)
    common = {"model": str(source / MODEL), "contract": encode(document.contract)}
    reference = Job(REFERENCE, "reference", {**common, "samples": str(samples), "out": str(scratch / "references.npz")})
    jobs = [_job(variant, common, str(source / CALIBRATION), models) for variant in variants]
    lanes = [
        [job for job in jobs if job.task == "tflite"],
        [reference, *(job for job in jobs if job.task != "tflite")],
    ]
    with Workers(time_limit) as workers:
        results = workers.run([lane for lane in lanes if lane], steps.done)
    failures = {name: error for name, error in results.items() if error is not None}
    if REFERENCE in failures:
        raise failures[REFERENCE]
    return failures


def _job(variant: Variant, common: dict[str, Any], calibration: str, models: Path) -> Job:
    out = str(models / variant.name)
    if variant.format == "tflite":
        arguments = {
            "precision": variant.precision,
            "integer_io": variant.integer_io,
            "calibration": calibration,
        }
        return Job(variant.name, "tflite", {**common, **arguments, "out": out})
    if variant.needs is None:
        return Job(variant.name, "onnx-fp32", {**common, "out": out})
    arguments = {"source": str(models / variant.needs), "calibration": calibration, "out": out}
    return Job(variant.name, "onnx-int8", arguments, needs=variant.needs)


def _describe(
    folder: Path,
    made: Sequence[Variant],
    contract: ModelContract,
    golden: Golden,
    failures: dict[str, ConversionFailed],
) -> tuple[Artifact, ...]:
    """Describe every file that its engine runs; the others join the failures."""
    artifacts = []
    for variant in made:
        try:
            artifacts.append(describe_artifact(folder, variant, contract, golden))
        except (UnreadableModel, UsageError) as error:
            (folder / "models" / variant.name).unlink()
            failures[variant.name] = ConversionFailed(
                "The converter wrote a file that its engine does not run", where=f"variant {variant.name}", got=error
            )
    if not artifacts:
        reasons = "\n".join(str(error) for error in failures.values())
        raise ConversionFailed("No variant could be made", got=f"\n{reasons}")
    return tuple(artifacts)


def _write_bundle(folder: Path, document: TrainedModel, artifacts: tuple[Artifact, ...], golden: Golden) -> Manifest:
    """Write everything that verification needs; nothing is recommended yet."""
    write_arrays(folder / "golden.npz", golden.to_arrays())
    if document.contract.labels:
        (folder / "labels.txt").write_text("\n".join(document.contract.labels) + "\n", encoding="utf-8")
    manifest = Manifest(
        format="litefoot-bundle",
        version=1,
        name=document.name,
        contract=document.contract,
        artifacts=artifacts,
        recommended=(),
        files=file_records(folder),
        provenance={"trained": document.provenance},
    )
    write_manifest(folder, manifest)
    return manifest


def _verify(
    folder: Path, golden: Golden, document: TrainedModel, failures: dict[str, ConversionFailed], steps: _Steps
) -> Report:
    """Replay every artifact as a board would: through the bundle, by its own engine."""
    bundle = Bundle(folder)
    models: list[Model] = []
    verdicts: list[Verdict] = []
    for artifact in bundle.artifacts:
        models.append(load(folder, artifact=artifact.name))
        verdicts.append(models[-1].selftest(golden))
        steps.done(f"verify {artifact.name}")
    sample = {name: array[:1] for name, array in golden.inputs.items()}
    return make_report(
        bundle.manifest,
        verdicts,
        latencies(models, sample, seconds=LATENCY_SECONDS),
        failures,
        document,
        len(golden),
    )


def _finish(folder: Path, manifest: Manifest, report: Report) -> None:
    """Write the report and seal the bundle with what passed."""
    write_json(folder / REPORT, encode(report))
    write_page(folder, report, manifest.contract)
    write_manifest(folder, replace(manifest, recommended=report.recommended, files=file_records(folder)))
