"""From a model to a verified bundle: make the files, replay each on its engine, write verdict and bundle."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from litefoot.runtime.errors import ConversionFailed, UsageError
from litefoot.runtime.sequences import first_call
from litefoot.runtime.storage.codec import decode, encode
from litefoot.runtime.storage.files import read_arrays
from litefoot.runtime.storage.folder import check_free, new_folder, write_arrays, write_json
from litefoot.runtime.storage.golden import Golden
from litefoot.runtime.storage.manifest import Artifact, Manifest

from .audit import Audit, audit_files
from .audit.layer_names import layers_with_kernels
from .compress import Compression, CompressionReport, TrainingData, Working, take_training
from .compress.job import PLAIN
from .contracts import Promises, limited
from .data import Given
from .intake import Intake, take_in
from .jobs import COMPRESSED_REFERENCE, REFERENCE, Samples, answering, describing, making, opening, stepping
from .judging import Judging
from .kept import Kept
from .latencies import latencies
from .needed import import_ahead, require_converters
from .progress import Progress, Steps
from .references import References
from .report.bundling import file_records, limit_golden, write_manifest
from .report.gathering import gather
from .report.page import write_page
from .report.report import REPORT, Report, make_report
from .rescue import Patient, Rescued, rescue
from .scratch import hand_over
from .source import Description, Reading, Source
from .staging import Arrays, Staged, stage
from .variants import Skipped, Variant, choose_mixed, choose_variants
from .workers.pool import Outcome, Workers

LATENCY_SECONDS = 1.0

_PRELOAD = {
    "keras": ("tensorflow", "tf_keras", "litefoot.convert.model.opening"),
    "quantizer": ("litefoot.convert.export.describe", "ai_edge_quantizer.quantizer", "onnxruntime.quantization"),
}


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
    model: Any,
    *,
    out: str | Path,
    calibration: Given | None = None,
    evaluation: Given | None = None,
    promises: Promises | None = None,
    variants: Sequence[str] | None = None,
    reading: Reading | None = None,
    compression: Compression | None = None,
    training: Given | TrainingData | None = None,
    force: bool = False,
    time_limit: float = 600.0,
    progress: Progress | None = None,
) -> Conversion:
    """Convert a model to a verified bundle.

    Args:
        model: A path: ``.keras`` of Keras 3 or 2, ``.h5``, a SavedModel, a TrainedModel folder. Or a live Keras model.
        out: The bundle to write.
        calibration: Samples that decide activation ranges: see `read_data`; without, variants that need them are left
            out. A TrainedModel brings its own.
        evaluation: Samples that the files are judged on, with labels if a metric is to be measured; without, every
            fifth calibration sample is held back for it.
        promises: What the model does not say of itself.
        variants: Names of `VARIANTS`; None for all that can be made.
        reading: How the model is to be read, where it leaves that open.
        compression: How the weights are made smaller before they are exported; None to export them as they are.
        training: What a compressed model is fine-tuned with: labelled samples, see `read_data`, or `TrainingData`.
        force: Replace `out`.
        time_limit: For each conversion, in seconds.
        progress: Called as the work proceeds.

    Returns:
        The bundle and its report. Artifacts that missed their tolerance are in it, marked so; variants that could not
        be made, or were left out, are listed in the report.

    Raises:
        UsageError: The samples do not fit, a variant is not known, a choice is missing, or `out` cannot be written.
        UnreadableModel: The model cannot be read, or holds code that may not run.
        MissingDependency: The extra ``convert`` is not installed.
        ConversionFailed: The model itself could not be run, or no variant could be made.
    """
    begin = time.perf_counter()
    reading, promises = reading or Reading(), promises or Promises()
    _check_options(Path(out), reading, force=force, time_limit=time_limit)
    chosen = choose_variants(variants)
    with tempfile.TemporaryDirectory() as scratch:
        staged = _stage(model, Path(scratch), reading, promises)
        with Workers(time_limit, _PRELOAD) as workers:
            steps = Steps(progress, 3 * len(chosen) + 3)
            found = _open(workers, staged.source)
            steps.done("the model is open")
            intake = take_in(staged, found, promises, calibration, evaluation, chosen)
            _check_asked(intake, variants)
            steps.total = 3 * len(intake.variants) + 3
            work = _Work(staged, found, intake, Path(scratch), steps, variants, Kept(Path(out)))
            report = work.carry_out(workers, Path(out), begin, compression, training, force=force)
    return Conversion(Path(out), report)


def _check_options(out: Path, reading: Reading, *, force: bool, time_limit: float) -> None:
    if not time_limit > 0:
        raise UsageError("A time limit is a number of seconds above zero", got=time_limit)
    if reading.batch is not None and reading.batch < 1:
        raise UsageError("A batch is a number of samples above zero", got=reading.batch)
    check_free(out, force=force)
    require_converters()


def _stage(model: Any, scratch: Path, reading: Reading, promises: Promises) -> Staged:
    staged = stage(model, scratch)
    limited(promises.metric if staged.training is None else staged.training.contract.metric, promises.max_drop)
    return replace(staged, source=staged.source.read_as(reading))


def _open(workers: Workers, source: Source) -> Description:
    """Have the model opened, and meanwhile import what the verdict and the report need."""
    threading.Thread(target=import_ahead, daemon=True).start()
    return decode(Description, workers.ask(opening(source)), "description")


@dataclass(frozen=True)
class _Work:
    """A conversion whose input was checked."""

    staged: Staged
    found: Description
    intake: Intake
    scratch: Path
    steps: Steps
    asked: Sequence[str] | None
    kept: Kept
    compression: CompressionReport | None = None

    def carry_out(
        self,
        workers: Workers,
        out: Path,
        begin: float,
        compression: Compression | None,
        training: Given | TrainingData | None,
        *,
        force: bool,
    ) -> Report:
        """Compress the model where that is asked for, and write the bundle."""
        if compression is None:
            return self._write(workers, out, begin, force=force)
        data = take_training(training, self.intake.contract, self.found, compression.check())
        working = Working.of(out, self.staged.source, compression, data)
        source, done = working.carry_out(workers, self.staged.source, self.scratch, self.steps.within, force=force)
        found = replace(self.found, notes=(*self.found.notes, *done.notes))
        work = replace(self, staged=replace(self.staged, source=source), found=found, compression=done)
        report = work._write(workers, out, begin, force=force)
        working.remove()
        return report

    def _write(self, workers: Workers, out: Path, begin: float, *, force: bool) -> Report:
        with new_folder(out, force=force) as folder:
            report = self._fill(workers, folder, begin)
        self.kept.remove()
        return report

    def _fill(self, workers: Workers, folder: Path, begin: float) -> Report:
        """Make the files, and of them the bundle."""
        outcomes, references, compressed = self._make_files(workers, folder)
        golden = limit_golden(Golden(self.intake.evaluation, references, self.intake.targets, compressed))
        intake = _leave_out(self.intake, outcomes, folder)
        _check_asked(intake, self.asked)
        return replace(self, intake=intake)._fill_with(outcomes, golden, workers, folder, begin)

    def _fill_with(
        self, outcomes: Mapping[str, Outcome], golden: Golden, workers: Workers, folder: Path, begin: float
    ) -> Report:
        """Judge the files, and fill the bundle's folder."""
        failures = _failures(outcomes, self.intake.variants, folder)
        judging = Judging(folder, self._begin_bundle(folder, golden), golden)
        for artifact in self._artifacts(outcomes, failures):
            judging.judge(artifact, self.steps.done)
        rescued = self._rescue(workers, folder, judging)
        report = self._report(judging, golden, failures, rescued)
        report = replace(report, audit=self._audit(folder, report), seconds=time.perf_counter() - begin)
        write_json(folder / REPORT, encode(report))
        manifest, models = judging.manifest, list(judging.models.values())
        samples = self.scratch / "evaluation.npz"
        write_page(folder, gather(workers, folder, samples, report, manifest, golden, self.intake, models))
        write_manifest(folder, replace(manifest, recommended=report.recommended, files=file_records(folder)))
        self.steps.done("report")
        return report

    def _audit(self, folder: Path, report: Report) -> Audit | None:
        """Read what the files hold of what a compression asked for."""
        form, done = self.staged.source.compressed, self.compression
        if form is None or done is None:
            return None
        paths = [folder / "models" / artifact.name for artifact in report.artifacts]
        return audit_files(paths, done.recipe, done.left, layers_with_kernels(Path(form.folder) / PLAIN))

    def _make_files(self, workers: Workers, folder: Path) -> tuple[dict[str, Outcome], Arrays, Arrays]:
        """Have the model files made and the full-precision model run, and its compressed form where there is one."""
        models = folder / "models"
        models.mkdir()
        source, state = self.staged.source, self.intake.contract.state
        samples, answers = self._samples(workers), self.scratch / "references.npz"
        jobs = making(source, self.intake.variants, models, samples, state)
        kept = References(replace(source, compressed=None), self.intake.evaluation, state)
        if (references := kept.read()) is None:
            jobs.append(answering(source, samples.evaluation, state, answers))
        else:
            self.steps.done(REFERENCE)
        compressed = self.scratch / "compressed.npz"
        if source.compressed is not None:
            self.steps.total += 1
            jobs.append(answering(source, samples.evaluation, state, compressed, compressed=True))
        outcomes = workers.run(jobs, self.steps.done)
        if references is None:
            if (error := outcomes[REFERENCE].error) is not None:
                raise error
            references = read_arrays(answers)
            kept.keep(references)
        if source.compressed is None:
            return outcomes, references, {}
        if (error := outcomes[COMPRESSED_REFERENCE].error) is not None:
            raise error
        return outcomes, references, read_arrays(compressed)

    def _samples(self, workers: Workers) -> Samples:
        """Write the samples where workers find them; sequences to calibrate with become single steps."""
        evaluation, call = self.scratch / "evaluation.npz", self.scratch / "call.npz"
        contract, calibration = self.intake.contract, self.scratch / "calibration.npz"
        hand_over(evaluation, self.intake.evaluation)
        hand_over(call, first_call(contract.inputs, contract.state, self.intake.evaluation))
        if self.intake.calibration is None:
            return Samples(evaluation, call, None)
        hand_over(calibration, self.intake.calibration)
        if not contract.state:
            return Samples(evaluation, call, calibration)
        steps = self.scratch / "steps.npz"
        workers.ask(stepping(self.staged.source, contract.state, calibration, steps))
        return Samples(evaluation, call, steps)

    def _artifacts(
        self, outcomes: Mapping[str, Outcome], failures: Mapping[str, ConversionFailed]
    ) -> tuple[Artifact, ...]:
        """Describe every file that its engine runs."""
        artifacts = tuple(
            decode(Artifact, outcomes[describing(variant)].value, f"description of {variant.name}")
            for variant in self.intake.variants
            if variant.name not in failures
        )
        if not artifacts:
            raise ConversionFailed("No variant could be made", got=_told(failures.values()))
        return artifacts

    def _begin_bundle(self, folder: Path, golden: Golden) -> Manifest:
        """Write everything that verification needs, but for the model files."""
        contract = self.intake.contract
        write_arrays(folder / "golden.npz", golden.to_arrays())
        if contract.labels:
            (folder / "labels.txt").write_text("\n".join(contract.labels) + "\n", encoding="utf-8")
        return Manifest(
            format="litefoot-bundle",
            version=1,
            name=self.staged.name,
            contract=contract,
            artifacts=(),
            recommended=(),
            files=file_records(folder),
            provenance={"trained": self.intake.provenance},
        )

    def _rescue(self, workers: Workers, folder: Path, judging: Judging) -> Rescued:
        """Look for mixed files in the formats whose float file passed and whose int8 file did not."""
        passed = {name: verdict.passed for name, verdict in judging.verdicts.items()}
        failed = [
            variant
            for variant in choose_mixed(self.asked)
            if passed.get(f"fp32.{variant.format}") and not passed.get(variant.needs or "", True)
        ]
        if not failed or self.intake.calibration is None:
            return Rescued()
        patient = Patient(
            source=self.staged.source,
            contract=self.intake.contract,
            calibration=self.intake.calibration,
            models=folder / "models",
            call=self.scratch / "call.npz",
            kept=self.kept,
            judge=lambda artifact: judging.judge(artifact, self.steps.more).reason,
        )
        return rescue(patient, failed, workers, self.steps.more)

    def _report(
        self,
        judging: Judging,
        golden: Golden,
        failures: dict[str, ConversionFailed],
        rescued: Rescued,
    ) -> Report:
        """Time the files in turn, and put everything together."""
        batch = self.staged.source.batch or self.found.inputs[0].shape[0] or 1
        contract = self.intake.contract
        call = first_call(contract.inputs, contract.state, golden.inputs)
        sample = {name: array.repeat(batch, axis=0) for name, array in call.items()}
        p50_ms = latencies(list(judging.models.values()), sample, seconds=LATENCY_SECONDS)
        verdicts = list(judging.verdicts.values())
        report = make_report(judging.manifest, verdicts, p50_ms, failures, self.found, self.intake, len(golden))
        return replace(
            report,
            skipped=(*report.skipped, *rescued.skipped),
            rescues=rescued.rescues,
            trials=rescued.trials,
        )


def _failures(
    outcomes: Mapping[str, Outcome], variants: Sequence[Variant], folder: Path
) -> dict[str, ConversionFailed]:
    """What could not be made, and what was made and does not run."""
    failures = {}
    for variant in variants:
        made, described = outcomes[variant.name].error, outcomes[describing(variant)].error
        if made is not None:
            failures[variant.name] = made
        elif described is not None:
            failures[variant.name] = ConversionFailed(
                "The converter wrote a file that its engine does not run",
                where=f"variant {variant.name}",
                got=described,
            )
        if variant.name in failures:
            (folder / "models" / variant.name).unlink(missing_ok=True)
    return failures


def _told(failures: Iterable[ConversionFailed]) -> str:
    """Messages below one another; what follows the first line of each stands further right than that."""
    return "\n            ".join(str(failure).replace("\n", "\n" + 12 * " ") for failure in failures)


def _leave_out(intake: Intake, outcomes: Mapping[str, Outcome], folder: Path) -> Intake:
    """Take out the variants in whose files nothing is other than in the ones that they are made from."""
    needless = tuple(
        Skipped(variant.name, outcomes[variant.name].value)
        for variant in intake.variants
        if outcomes[variant.name].error is None and outcomes[variant.name].value is not None
    )
    names = {skip.name for skip in needless}
    for name in names:
        (folder / "models" / name).unlink()
    left = tuple(variant for variant in intake.variants if variant.name not in names)
    return replace(intake, variants=left, skipped=(*intake.skipped, *needless))


def _check_asked(intake: Intake, asked: Sequence[str] | None) -> None:
    """What was asked for by name is made or refused, never left out."""
    missing = [skip for skip in intake.skipped if skip.name in (asked or ())]
    if missing:
        raise UsageError(f"{missing[0].name} cannot be made", got=missing[0].reason)
    if not intake.variants:
        raise UsageError("No variant can be made", got=intake.skipped[0].reason)
