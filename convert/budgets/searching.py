"""Convert a model in every way that was allowed, and deliver the conversion whose file fits the budgets."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from litefoot.runtime.storage.bundle import Bundle
from litefoot.runtime.storage.codec import encode, read_document
from litefoot.runtime.storage.folder import check_free, new_folder, write_json

from ..compress import Compression
from ..kept import Kept, is_whole
from ..pipeline import Conversion, convert
from ..progress import Progress
from ..report.bundling import file_records, write_manifest
from ..report.page import show_choice
from ..report.report import REPORT, Report
from .choosing import Candidate, Choice, choose
from .limits import Budgets


def convert_within(
    model: Any,
    *,
    budgets: Budgets,
    out: str | Path,
    compression: Compression | None = None,
    force: bool = False,
    progress: Progress | None = None,
    **options: Any,
) -> Conversion:
    """Convert a model to the file that fits budgets.

    The model is converted as it is, with every variant and the mixed ones where they are needed; and with `compression`
    once more, compressed. What is finished is kept in a folder beside `out` until the search ends, so that an
    interrupted search goes on where it was.

    Args:
        model: As for `convert`.
        budgets: What the file may cost; what it may lose is said by the promises' metric and tolerances.
        out: The bundle to write: the conversion that the chosen file is from.
        compression: As for `convert`; None to convert the model as it is alone.
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
    kept = Kept(Path(out))
    ways: dict[str, dict[str, Any]] = {"": {}}
    if compression is not None:
        ways[" + ".join(compression.steps)] = {"compression": compression}
    reports: dict[str, tuple[Path, Report]] = {}
    for number, (name, way) in enumerate(ways.items()):
        told = _part(progress, number, len(ways), name)
        reports[name] = _converted(kept, model, {**_shared(options, way), **way}, told)
    candidates = [candidate for name, (_, report) in reports.items() for candidate in _candidates(name, report)]
    choice = choose(candidates, budgets)
    bundle, report = reports[choice.picked.conversion if choice.picked is not None else ""]
    report = _deliver(bundle, report, choice, Path(out), force=force)
    kept.remove()
    return Conversion(Path(out), report)


def _shared(options: Mapping[str, Any], way: Mapping[str, Any]) -> dict[str, Any]:
    """Training samples are for a compression alone."""
    return {name: value for name, value in options.items() if way or name != "training"}


def _converted(kept: Kept, model: Any, options: dict[str, Any], progress: Progress | None) -> tuple[Path, Report]:
    bundle = kept.place({name: _content(value) for name, value in {"model": model, **options}.items()})
    if not is_whole(bundle):
        convert(model, out=bundle, force=True, progress=progress, **options)
    elif progress is not None:
        progress("converted before", 1, 1)
    return bundle, read_document(Report, bundle / REPORT)


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


def _candidates(conversion: str, report: Report) -> list[Candidate]:
    return [
        Candidate(
            name=artifact.name,
            conversion=conversion,
            bytes=artifact.bytes,
            p50_ms=artifact.p50_ms,
            sqnr_db=None if artifact.verdict.worst.drift is None else artifact.verdict.worst.drift.sqnr_db,
            drop=None if artifact.verdict.task is None else artifact.verdict.task.drop,
            status=artifact.status,
        )
        for artifact in report.artifacts
    ]


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
