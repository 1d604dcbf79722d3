"""Models that work together: each converted by itself, then all of one name judged together on what they generate."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy.typing as npt

from litefoot.runtime.errors import ConversionFailed
from litefoot.runtime.generation.document import GOLDEN, Pipeline, read_pipeline
from litefoot.runtime.generation.generator import TOKENS, Generator, load_parts
from litefoot.runtime.storage.bundle import Bundle
from litefoot.runtime.storage.codec import encode
from litefoot.runtime.storage.files import read_arrays
from litefoot.runtime.storage.folder import check_free, new_folder, write_arrays, write_json
from litefoot.runtime.storage.golden import Golden
from litefoot.runtime.storage.trained import EVALUATION, read_trained
from litefoot.runtime.verification.task import Status
from litefoot.runtime.verification.verdict import Verdict

from .contracts import limited
from .data import check_samples
from .pipeline import convert
from .progress import Progress
from .report.recommending import Offer, recommended, why_first
from .report.report import REPORT, Report
from .report.whole_page import write_whole_page
from .source import Reading
from .variants import MIXED, VARIANTS, Skipped, Variant

Tokens = npt.NDArray[Any]


@dataclass(frozen=True)
class WholeArtifact:
    """Files of one name, one in each part, that run together.

    Attributes:
        name: For example ``int8.tflite``; of a mixed one, parts that needed no rescue run their int8 file.
        bytes: Their size together.
        status: failed where one of them failed by itself, or they did together; else undecided or passed.
        reason: Why it did not pass; empty when it did.
        verdict: On what they generate.
        runs: The artifact that each part runs.
    """

    name: str
    bytes: int
    status: Status
    reason: str
    verdict: Verdict
    runs: dict[str, str] = field(default_factory=dict)

    @property
    def mixture(self) -> str:
        """What the parts run, where it is not the same in all of them; empty where it is."""
        if len(set(self.runs.values())) < 2:
            return ""
        return f"{self.name} runs " + ", ".join(f"{own} in {part}" for part, own in self.runs.items())


@dataclass(frozen=True)
class WholeReport:
    """The content of the whole's ``report.json``; each part has its own.

    Attributes:
        name: Of the whole.
        task: What it does.
        parts: By the part's name, its own report.
        artifacts: What runs together, in the order in which it was made.
        reference: The float artifact whose tokens the others' are compared with. Its parts passed: each is within the
            float tolerance of the Keras model.
        samples: How many samples tokens were generated for.
        recommended: Names of the artifacts that passed, the smallest first, but behind them what takes more than one
            and a half times as long as the fastest float files, one call of each part.
        seconds: How long the conversion took.
        skipped: What the whole has not, for a part of it has not.
        format: Always ``litefoot-whole-report``.
        version: Of the format.
    """

    name: str
    task: str
    parts: dict[str, Report]
    artifacts: tuple[WholeArtifact, ...]
    reference: str
    samples: int
    recommended: tuple[str, ...]
    seconds: float
    skipped: tuple[Skipped, ...] = ()
    format: Literal["litefoot-whole-report"] = "litefoot-whole-report"
    version: Literal[1] = 1

    @property
    def why_recommended(self) -> str:
        """Why the first recommended artifact is that, for people; empty without one."""
        return why_first(_offers(self.artifacts, self.parts)) if self.recommended else ""


def convert_whole(
    folder: Path,
    *,
    out: Path,
    variants: Sequence[str] | None = None,
    max_drop: float | None = None,
    reading: Reading | None = None,
    force: bool = False,
    time_limit: float = 600.0,
    progress: Progress | None = None,
) -> WholeReport:
    """Convert a folder of models that work together.

    Args:
        folder: With a ``pipeline.json``, a TrainedModel folder for each part and an ``evaluation.npz``.
        out: The folder to write.
        variants: As for `convert`.
        max_drop: The largest loss of the whole's metric that passes, in its units; None for its own limit.
        reading: As for `convert`.
        force: Replace `out`.
        time_limit: For each conversion, in seconds.
        progress: Called as the work proceeds; counts begin anew for each part.

    Returns:
        What is also in the folder's ``report.json``.

    Raises:
        UsageError: The samples do not fit, or `out` cannot be written.
        UnreadableModel: The document or a model cannot be read, or they do not fit each other.
        MissingDependency: The extra ``convert`` is not installed.
        ConversionFailed: A part could not be converted, or no float artifact passed in all parts.
    """
    begin = time.perf_counter()
    check_free(out, force=force)
    document = read_pipeline(folder)
    document = replace(document, metric=limited(document.metric, max_drop))
    samples = Golden.from_arrays(read_arrays(folder / EVALUATION), EVALUATION)
    _check(document, folder, samples)
    with new_folder(out, force=force) as made:
        reports = {
            part: convert(
                folder / part,
                out=made / part,
                variants=variants,
                reading=reading,
                time_limit=time_limit,
                progress=_of_part(part, progress),
            ).report
            for part in document.parts
        }
        document = replace(document, mixtures=_mixtures(reports))
        report, golden, tokens = _judge(document, made, samples, reports, progress)
        report = replace(report, seconds=time.perf_counter() - begin)
        write_json(made / REPORT, encode(report))
        contracts = {part: Bundle(made / part).contract for part in document.parts}
        write_whole_page(made, report, document, golden, tokens, contracts)
        replace(document, recommended=report.recommended).write(made)
    return report


def _of_part(part: str, progress: Progress | None) -> Progress | None:
    return None if progress is None else lambda what, done, total: progress(f"{part}: {what}", done, total)


def _check(document: Pipeline, folder: Path, samples: Golden) -> None:
    """Find what does not fit before anything is converted."""
    contracts = {part: read_trained(folder / part)[0].contract for part in document.parts}
    free = [spec for spec in document.inputs(contracts) if spec.name != document.generation.token]
    prompts = [document.generation.token] if len(document.parts) == 1 else []
    plain = {name: array for name, array in samples.inputs.items() if name not in prompts}
    if free:
        check_samples(plain, tuple(free), what="evaluation", at_least=1)


def _judge(
    document: Pipeline, folder: Path, samples: Golden, reports: dict[str, Report], progress: Progress | None
) -> tuple[WholeReport, Golden, dict[str, Tokens]]:
    """Generate the samples' tokens by everything that each part has, and compare."""
    names = [artifact.name for artifact in next(iter(reports.values())).artifacts]
    passed = {
        name: all(_status(report, document.own(part, name)) == "passed" for part, report in reports.items())
        for name in dict.fromkeys((*names, *document.mixtures))
        if all(_status(report, document.own(part, name)) is not None for part, report in reports.items())
    }
    reference = next((name for name, every in passed.items() if every and name.startswith("fp32")), None)
    if reference is None:
        raise ConversionFailed(
            "No float artifact passed in all parts, so there is nothing to compare with",
            got=", ".join(f"{name} {'passed' if every else 'not passed'}" for name, every in passed.items()),
            expected="fp32.tflite or fp32.onnx in each part",
        )
    first = _generator(document, folder, reference)
    golden = Golden(samples.inputs, {TOKENS: first.predict(samples.inputs)}, samples.targets)
    write_arrays(folder / GOLDEN, golden.to_arrays())
    artifacts, tokens = [], {}
    for done, (name, every) in enumerate(passed.items()):
        generator = first if name == reference else _generator(document, folder, name)
        verdict = generator.selftest(golden)
        tokens[name] = generator.predict(golden.inputs)
        reason = verdict.reason if every else "a part of it did not pass by itself"
        status: Status = verdict.status if every else "failed"
        runs = {part: document.own(part, name) for part in document.parts}
        artifacts.append(WholeArtifact(name, _bytes(folder, runs), status, reason, verdict, runs))
        if progress is not None:
            progress(f"generate by {name}", done + 1, len(passed))
    order = recommended(_offers(artifacts, reports))
    report = WholeReport(
        document.name,
        document.task,
        reports,
        tuple(artifacts),
        reference,
        len(golden),
        order,
        seconds=0.0,
        skipped=_left_out(reports, passed),
    )
    return report, golden, tokens


class _Once(Generator):
    """Generates the tokens of the same samples once, however often they are asked for: it takes long."""

    _tokens: Tokens | None = None

    def predict(self, given: Mapping[str, Tokens], *, progress: Callable[[int, int], None] | None = None) -> Tokens:
        """Make the tokens of many samples, always the same ones; see `Generator.predict`."""
        if self._tokens is None:
            self._tokens = super().predict(given, progress=progress)
        return self._tokens


def _generator(document: Pipeline, folder: Path, name: str) -> Generator:
    return _Once(document, load_parts(document, folder, artifact=name), name)


def _mixtures(reports: Mapping[str, Report]) -> dict[str, dict[str, str]]:
    """What not every part has: each part's own, or where that is left out or no rescue was needed, what it is made of.

    So mixed files run beside the int8 files of the parts that had not to be rescued, and fewer bits beside the float
    files of those whose weights are too small for that.
    """
    found = {}
    for variant in (*VARIANTS, *MIXED):
        own = {part: _own(report, variant) for part, report in reports.items()}
        if len(set(own.values())) > 1 and all(_status(reports[part], name) for part, name in own.items()):
            found[variant.name] = own
    return found


def _own(report: Report, variant: Variant) -> str:
    left_out = variant in MIXED or variant.name in (skip.name for skip in report.skipped)
    return variant.needs if left_out and variant.needs and not _status(report, variant.name) else variant.name


def _left_out(reports: Mapping[str, Report], made: Collection[str]) -> tuple[Skipped, ...]:
    """What some part has, or was to have, and the whole has not: in which part it is missing, and why."""
    reasons: dict[str, list[str]] = {}
    for part, report in reports.items():
        for skip in report.skipped:
            reasons.setdefault(skip.name, []).append(f"{part}: {skip.reason}")
        for failure in report.failures:
            reasons.setdefault(failure.name, []).append(f"{part}: it could not be made")
    return tuple(Skipped(name, "; ".join(why)) for name, why in reasons.items() if name not in made)


def _offers(artifacts: Sequence[WholeArtifact], parts: Mapping[str, Report]) -> list[Offer]:
    times = {part: {artifact.name: artifact.p50_ms for artifact in report.artifacts} for part, report in parts.items()}
    return [
        Offer(
            artifact.name,
            artifact.bytes,
            sum(times[part][own] for part, own in artifact.runs.items()),
            artifact.status == "passed",
        )
        for artifact in artifacts
    ]


def _status(report: Report, name: str) -> Status | None:
    """How an artifact of one part was judged; None where the part has no such artifact."""
    return next((artifact.status for artifact in report.artifacts if artifact.name == name), None)


def _bytes(folder: Path, runs: dict[str, str]) -> int:
    return sum(Bundle(folder / part).artifact(own).bytes for part, own in runs.items())
