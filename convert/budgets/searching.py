"""Convert a model in every way that was allowed, and deliver the conversion whose file fits the budgets."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from litefoot.runtime.errors import LitefootError, MissingDependency, UsageError
from litefoot.runtime.storage.bundle import Bundle
from litefoot.runtime.storage.codec import encode, read_document
from litefoot.runtime.storage.folder import check_free, new_folder, write_json
from litefoot.runtime.verification.verdict import OutputVerdict

from ..compress import Compression, TrainingData
from ..data import Given
from ..kept import Kept, is_whole
from ..pipeline import Conversion, convert
from ..progress import Progress
from ..report.bundling import file_records, write_manifest
from ..report.page import show_choice
from ..report.report import REPORT, Report
from .choosing import Attempt, Candidate, Choice, choose
from .compressing import hint, worth_trying
from .limits import Budgets

FineTuning = Callable[[], Given | TrainingData | None]


def convert_within(
    model: Any,
    *,
    budgets: Budgets,
    out: str | Path,
    compression: Compression | None = None,
    training: Given | TrainingData | None = None,
    fine_tuning: FineTuning | None = None,
    force: bool = False,
    progress: Progress | None = None,
    **options: Any,
) -> Conversion:
    """Convert a model to the file that fits budgets.

    The model is converted as it is, with every variant and the mixed ones where they are needed; and with `compression`
    once more, compressed. Where none was asked for and nothing fits, those that may help are tried, if there is
    something to fine-tune with, until a file fits. What is finished is kept in a folder beside `out` until the search
    ends, so that an interrupted search goes on where it was.

    Args:
        model: As for `convert`.
        budgets: What the file may cost; what it may lose is said by the promises' metric and tolerances.
        out: The bundle to write: the conversion that the chosen file is from.
        compression: As for `convert`; None to leave that to the search.
        training: As for `convert`, for `compression`.
        fine_tuning: Gives the training data for compressions that the search tries; None where there are none.
        force: Replace `out`.
        progress: As for `convert`, over all conversions.
        **options: As for `convert`.

    Returns:
        The conversion, its report with the choice, the chosen file first among those recommended.

    Raises:
        UsageError: As for `convert`, or a budget cannot be measured.
        UnreadableModel: As for `convert`.
        MissingDependency: As for `convert`.
        ConversionFailed: As for `convert`.
    """
    budgets.check()
    check_free(Path(out), force=force)
    with Kept(Path(out)) as kept:
        search = _Search(model, options, budgets, kept, progress)
        search.convert("", {}, ways=1 if compression is None else 2)
        attempts: tuple[Attempt, ...] = ()
        if compression is not None:
            search.convert(str(compression), {"compression": compression, "training": training}, ways=2)
        else:
            attempts = search.compress(fine_tuning)
        choice = replace(search.choice, attempts=attempts)
        if choice.picked is None and compression is None:
            choice = replace(choice, reason="; ".join(filter(None, (choice.reason, search.hint(fine_tuning)))))
        bundle, report = search.found[choice.picked.conversion if choice.picked is not None else ""]
        report = _deliver(bundle, report, choice, Path(out), force=force)
    return Conversion(Path(out), report)


@dataclass
class _Search:
    """The conversions of a model, by what was done to it before."""

    model: Any
    options: Mapping[str, Any]
    budgets: Budgets
    kept: Kept
    progress: Progress | None
    found: dict[str, tuple[Path, Report]] = field(default_factory=dict)

    @property
    def candidates(self) -> list[Candidate]:
        """The files of all conversions."""
        return [one for name, (_, report) in self.found.items() for one in _candidates(name, report, self.budgets)]

    @property
    def choice(self) -> Choice:
        """Which of them."""
        return choose(self.candidates, self.budgets)

    def convert(self, name: str, way: Mapping[str, Any], *, ways: int) -> None:
        """Convert in one way, or take what came of that before it was interrupted."""
        options = {**self.options, **way}
        bundle = self.kept.place({key: _content(value) for key, value in {"model": self.model, **options}.items()})
        told = _part(self.progress, len(self.found), ways, name)
        if not is_whole(bundle):
            convert(self.model, out=bundle, force=True, progress=told, **options)
        elif told is not None:
            told("converted before", 1, 1)
        self.found[name] = bundle, read_document(Report, bundle / REPORT)

    def compress(self, fine_tuning: FineTuning | None) -> tuple[Attempt, ...]:
        """Try compressions until a file fits, where one may."""
        rungs = worth_trying(self.candidates, self.budgets) if self.choice.picked is None and fine_tuning else ()
        attempts: list[Attempt] = []
        training: Any = None
        for compression in rungs:
            assert fine_tuning is not None
            begin, name = time.perf_counter(), str(compression)
            try:
                training = training or fine_tuning()
                self.convert(name, {"compression": compression, "training": training}, ways=1 + len(rungs))
                reason, end = self._missed(name), self.choice.picked is not None
            except LitefootError as error:
                reason = " ".join(str(error).split())
                end = isinstance(error, (UsageError, MissingDependency))  # which no other compression changes
            attempts.append(Attempt(name, reason, time.perf_counter() - begin))
            if end:
                break
        return tuple(attempts)

    def _missed(self, name: str) -> str:
        """Why none of a conversion's files fits; empty where one does."""
        alone = choose([one for one in self.candidates if one.conversion == name], self.budgets)
        return alone.reason if alone.picked is None else ""

    def hint(self, fine_tuning: object | None) -> str:
        """What is said where nothing fits."""
        rungs = worth_trying([one for one in self.candidates if not one.conversion], self.budgets)
        return hint(rungs, self.budgets) if fine_tuning is None or not rungs else ""


def _content(value: Any) -> Any:
    """Of a path its files, which decide what comes of it."""
    return Path(value) if isinstance(value, str) and Path(value).exists() else value


def _part(progress: Progress | None, number: int, ways: int, name: str) -> Progress | None:
    if progress is None:
        return None
    before = f"{name}: " if name else ""

    def tell(what: str, done: int, total: int) -> None:
        # Each conversion counts its own steps; what is to come is taken to have as many.
        progress(f"{before}{what}", number * total + done, ways * total)

    return tell


def _candidates(conversion: str, report: Report, budgets: Budgets) -> list[Candidate]:
    factor = budgets.latency_factor or 1.0
    return [
        Candidate(
            name=artifact.name,
            conversion=conversion,
            bytes=artifact.bytes,
            gzip_bytes=artifact.gzip_bytes,
            p50_ms=artifact.p50_ms,
            target_ms=artifact.p50_ms * factor if budgets.timed else None,
            sqnr_db=_sqnr_db(artifact.verdict.worst),
            drop=None if artifact.verdict.task is None else artifact.verdict.task.drop,
            status=artifact.status,
        )
        for artifact in report.artifacts
    ]


def _sqnr_db(worst: OutputVerdict) -> float | None:
    """Against the model before compression, where there was one: files of several conversions are compared."""
    drift = worst.from_original or worst.drift
    return None if drift is None else drift.sqnr_db


def _deliver(bundle: Path, report: Report, choice: Choice, out: Path, *, force: bool) -> Report:
    """Copy a conversion to its place, with the choice in its report and the chosen file recommended first."""
    first = () if choice.picked is None else (choice.picked.name,)
    recommended = (*first, *(name for name in report.recommended if name not in first))
    report = replace(report, recommended=recommended, choice=choice)
    with new_folder(out, force=force) as folder:
        shutil.copytree(bundle, folder, dirs_exist_ok=True)
        write_json(folder / REPORT, encode(report))
        manifest = Bundle(bundle).manifest
        show_choice(folder, report, manifest.contract)
        write_manifest(folder, replace(manifest, recommended=recommended, files=file_records(folder)))
    return report
